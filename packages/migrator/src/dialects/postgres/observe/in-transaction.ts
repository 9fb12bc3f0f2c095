import { compareLockModes, type LockMode, lockModeOf } from '../../../core/lock-mode.ts'
import { compareText } from '../../../core/migration.ts'
import type { LockTaken, StatementFacts, TableScan } from '../../../core/statement-facts.ts'
import type { ObservedWay, Observer } from '../../../ports/rehearsal.ts'
import { changesRows } from '../script/hints-in.ts'
import { loadParser, parseStatements } from '../script/statements.ts'
import type { Row, SqlSession } from '../session/sql-session.ts'
import { isIndex, type KnownRelation, RELATIONS, relationsOf } from './relations.ts'

/**
 * Looks, after each statement, at the locks that its own backend holds: they stay until the transaction ends. Names come
 * from a catalog that was read before, because those of dropped relations are gone; what was not there then is nobody
 * else's to wait for, and left out.
 */
export async function observeInTransaction(
  on: SqlSession,
  { direction }: Pick<ObservedWay, 'direction'>,
): Promise<Observer> {
  const known = relationsOf(await on.query(RELATIONS))
  const open: { sql: string; parameters: readonly unknown[]; startedMs: number; facts?: StatementFacts }[] = []
  const seen = nothingSeen(known)
  const touched = new Set<string>()
  const look = async () => {
    const rows = await on.query(LOOK)
    for (const { oid } of rows) touched.add(oid ?? '')
    return rows
  }
  return {
    touched,
    beforeCommit: async () => void (await look()),
    watch: {
      async beforeStatement(sql, parameters = []) {
        open.push({ sql, parameters, startedMs: performance.now() })
        return 'run'
      },
      async afterStatement(sql) {
        // A module may have several under way; the server takes them in order.
        const statement = open.find((each) => !each.facts && each.sql === sql)
        if (!statement) return
        const durationMs = performance.now() - statement.startedMs
        const { parameters } = statement
        statement.facts = { direction, sql, parameters, ...NOTHING, durationMs }
        // Refused where a statement sent behind this one has failed already; then the failure is what counts.
        const rows = await look().catch(() => [])
        statement.facts = { direction, sql, parameters, ...factsIn(rows, known, seen), durationMs }
      },
    },
    async end() {
      await loadParser()
      return open.map(({ sql, parameters, startedMs, facts }) =>
        facts
          ? withoutFound(facts, known)
          : { direction, sql, parameters, ...NOTHING, durationMs: performance.now() - startedMs },
      )
    },
  }
}

/** Only of an UPDATE or DELETE it says anything, and only of tables that were there before. */
export function withoutFound(facts: StatementFacts, known: ReadonlyMap<string, KnownRelation>): StatementFacts {
  const { foundRows, ...rest } = facts
  if (foundRows === undefined || !/\b(?:update|delete|merge)\b/i.test(facts.sql)) return rest
  const parsed = parseStatements(facts.sql)
  const statements = parsed.ok ? parsed.statements : []
  const names = new Set([...known.values()].map(({ name }) => name.slice(name.lastIndexOf('.') + 1)))
  return statements.some((each) => changesRows(each, names)) ? facts : rest
}

const NOTHING = { locks: [], rewrites: [], scans: [] } as const

/** What was there after the statement before. */
export interface Seen {
  readonly locks: Set<string>
  readonly files: Map<string, string>
  readonly rows: Map<string, number>
  /** Rows that were updated or deleted. */
  readonly changes: Map<string, number>
}

export function nothingSeen(known: ReadonlyMap<string, KnownRelation>): Seen {
  const files = new Map([...known].map(([oid, { file }]) => [oid, file]))
  const rows = new Map([...known].map(([oid, { rows: read }]) => [oid, read]))
  const changes = new Map([...known].map(([oid, relation]) => [oid, relation.changes]))
  return { locks: new Set(), files, rows, changes }
}

/** The counter of rows read is the transaction's own: the server's statistics get to know of them only later. */
export const LOOK = `
  SELECT l.relation::text AS oid, l.mode, c.relfilenode::text AS file, pg_catalog.pg_stat_get_xact_tuples_returned(l.relation)::text AS rows,
         (pg_catalog.pg_stat_get_xact_tuples_updated(l.relation) + pg_catalog.pg_stat_get_xact_tuples_deleted(l.relation))::text AS changes
    FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
   WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.relation >= 16384 AND l.granted`

/** Notes in `seen` what is reported, so that the next statement reports only what is new. */
export function factsIn(
  rows: readonly Row[],
  known: ReadonlyMap<string, KnownRelation>,
  seen: Seen,
): Pick<StatementFacts, 'locks' | 'rewrites' | 'scans' | 'foundRows'> {
  const locks: (LockTaken & { readonly index: boolean })[] = []
  const rewrites = new Set<string>()
  const scans: TableScan[] = []
  let foundRows = false
  for (const { oid, mode, file, rows: read, changes } of rows) {
    if (Number(changes) > (seen.changes.get(oid ?? '') ?? 0)) foundRows = true
    seen.changes.set(oid ?? '', Number(changes))
    const relation = known.get(oid ?? '')
    if (!relation || oid === null || oid === undefined) continue
    const lock = lockModeOf(mode ?? '')
    if (lock && !seen.locks.has(`${oid} ${mode}`)) {
      seen.locks.add(`${oid} ${mode}`)
      locks.push({ relation: relation.name, mode: lock, index: isIndex(relation) })
    }
    if (file && file !== '0' && seen.files.get(oid) !== file) {
      seen.files.set(oid, file)
      rewrites.add(relation.name)
    }
    const more = Number(read) - (seen.rows.get(oid) ?? 0)
    if (more > 0 && !isIndex(relation)) scans.push({ relation: relation.name, rows: more })
    seen.rows.set(oid, Number(read))
  }
  scans.sort((a, b) => compareText(a.relation, b.relation))
  return { locks: strongest(locks), rewrites: [...rewrites].sort(), scans, foundRows }
}

/** One lock a relation. Those on indexes tell something only where no table is held against everybody. */
export function strongest(locks: readonly (LockTaken & { readonly index: boolean })[]): readonly LockTaken[] {
  const exclusive = locks.some(({ mode, index }) => !index && mode === 'ACCESS EXCLUSIVE')
  const modes = new Map<string, LockMode>()
  for (const { relation, mode, index } of locks) {
    if (index && (exclusive || mode !== 'ACCESS EXCLUSIVE')) continue
    const held = modes.get(relation)
    if (!held || compareLockModes(held, mode) < 0) modes.set(relation, mode)
  }
  return [...modes]
    .map(([relation, mode]) => ({ relation, mode }))
    .sort((a, b) => compareLockModes(b.mode, a.mode) || compareText(a.relation, b.relation))
}
