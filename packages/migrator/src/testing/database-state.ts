import type { CatalogSnapshot } from '../core/catalog.ts'
import type { HistoryEntry } from '../core/history.ts'
import { type CatalogDiff, diffCatalogs, explainDifferences } from '../core/schema-diff.ts'
import { asSql, type SqlSession } from '../dialects/postgres/session/sql-session.ts'
import { digestRows, type RowDigests } from '../dialects/postgres/testing/rows.ts'
import type { Database } from '../ports/database.ts'
import type { HistoryStore } from '../ports/history-store.ts'

/** Everything about a database that a reverted run must leave alone. */
export interface DatabaseState {
  readonly catalog: CatalogSnapshot
  readonly history: readonly HistoryEntry[]
  readonly rows: RowDigests
}

/** What one state has that another has not. */
export interface Leftovers {
  readonly catalog: CatalogDiff
  /** A line each. */
  readonly history: readonly string[]
  readonly rows: readonly ChangedRows[]
}

export interface ChangedRows {
  readonly table: string
  readonly before: number
  readonly after: number
}

/** So long a look waits for a lock; whoever looks while a run is under way must not wait for it for ever. */
const LOOK_LIMITS = { lockTimeoutMs: 10_000, statementTimeoutMs: 0 }

/** Reads only. Takes a session of its own. */
export async function lookAt(database: Database, store: HistoryStore): Promise<DatabaseState> {
  return withSession(database, async (session) => {
    await session.settle(LOOK_LIMITS)
    const history = await store.read(session)
    const catalog = await database.catalog.snapshot(session)
    return { catalog, history, rows: await digestRows(session, catalog) }
  })
}

export async function withSession<T>(database: Database, work: (session: SqlSession) => Promise<T>): Promise<T> {
  const session = asSql(await database.connect({ modules: false }))
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

export function leftoversIn(before: DatabaseState, after: DatabaseState): Leftovers {
  return {
    catalog: diffCatalogs(before.catalog, after.catalog),
    history: historyChanges(before.history, after.history),
    rows: rowChanges(before.rows, after.rows),
  }
}

export function isClean({ catalog, history, rows }: Leftovers): boolean {
  return catalog.verdict !== 'differs' && history.length === 0 && rows.length === 0
}

/** Lines for people. */
export function explainLeftovers({ catalog, history, rows }: Leftovers): readonly string[] {
  return [
    ...(catalog.verdict === 'differs' ? explainDifferences(catalog.differences) : []),
    ...history,
    ...rows.map(({ table, before, after }) => `rows of ${table} changed (${before} before, ${after} after)`),
  ]
}

function historyChanges(before: readonly HistoryEntry[], after: readonly HistoryEntry[]): readonly string[] {
  const old = new Map(before.map((entry) => [entry.id, entry]))
  const left = new Set(after.map(({ id }) => id))
  return [
    ...after.flatMap((entry) => changeOf(old.get(entry.id), entry)),
    ...before.flatMap(({ id }) => (left.has(id) ? [] : [`the record of ${id} is gone from the history`])),
  ]
}

function changeOf(before: HistoryEntry | undefined, after: HistoryEntry): readonly string[] {
  if (!before) return [after.dirty ? `${after.id} is dirty in the history` : `${after.id} is applied in the history`]
  return recordOf(before) === recordOf(after) ? [] : [`the record of ${after.id} differs`]
}

/** The fingerprint says what the newest one left behind: it is written anew whenever another one becomes the newest. */
function recordOf({ schemaFingerprint: _, ...entry }: HistoryEntry): string {
  return JSON.stringify(entry)
}

/** Where columns came or went, the catalog tells it. */
function rowChanges(before: RowDigests, after: RowDigests): readonly ChangedRows[] {
  return [...before].flatMap(([table, old]) => {
    const now = after.get(table)
    if (!now || now.digest === old.digest) return []
    if (now.rows === old.rows && now.columns.join() !== old.columns.join()) return []
    return [{ table, before: old.rows, after: now.rows }]
  })
}
