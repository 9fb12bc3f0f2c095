import { type Loss, mayOnly } from '../../../core/loss.ts'
import { withoutStop } from '../../../core/sentence.ts'
import { MigratorError } from '../../../errors.ts'
import type { AskedLoss, Losses } from '../../../ports/kept-data.ts'
import type { Row, SqlSession } from '../session/sql-session.ts'
import { type Affected, type AffectedData, findLost } from './find.ts'
import { type Counted, countPlainDrops } from './together.ts'

/** A locked table is not waited for: whoever wanted it behind us would have to wait as well. */
const LOCK_TIMEOUT_MS = 50

export const losses: Losses = {
  async measure(on: SqlSession, asked: readonly AskedLoss[], timeoutMs: number): Promise<readonly Loss[]> {
    const until = performance.now() + timeoutMs
    const found: { migration: string; path: AskedLoss['effects']; finding: Affected; count?: number }[] = []
    const together = await countTogether(on, asked, timeoutMs / 2)
    for (const [place, { migration, effects }] of asked.entries()) {
      const plain = together.get(place)
      if (plain) {
        found.push(...plain.map(({ found: finding, count }) => ({ migration, path: [], finding, count })))
        continue
      }
      const path = effects.filter(({ kind }) => kind === 'path')
      const findings = await findOrSay(on, effects)
      found.push(...findings.map((finding) => ({ migration, path, finding })))
    }
    const losses: Loss[] = []
    for (const { migration, path, finding, count } of withoutRepeats(found)) {
      if (count !== undefined && finding.how !== 'unknown') losses.push({ migration, ...lossOf(finding, count) })
      else if (finding.how === 'unknown') losses.push({ migration, how: 'unknown', estimated: false, why: finding.why })
      else losses.push({ migration, ...(await measured(on, finding, path, until)) })
    }
    return losses
  },
}

/** Empty where one of the tables is locked, takes long, or may not be read: each is then looked at separately. */
async function countTogether(
  on: SqlSession,
  asked: readonly AskedLoss[],
  timeoutMs: number,
): Promise<ReadonlyMap<number, readonly Counted[]>> {
  try {
    return await reading(on, Math.max(1, Math.floor(timeoutMs)), () => countPlainDrops(on, asked))
  } catch (error) {
    if (!(error instanceof MigratorError) || error.code === 'CONNECTION_LOST') throw error
    return new Map()
  }
}

function lossOf({ how, schema, table }: AffectedData, rows: number): Omit<Loss, 'migration'> {
  return { how, table: `${schema}.${table}`, rows, estimated: false }
}

/** The catalog is read quickly or not at all; that it could not be read stops no rollback, but is said. */
async function findOrSay(on: SqlSession, effects: AskedLoss['effects']): Promise<readonly Affected[]> {
  try {
    return await reading(on, CATALOG_TIMEOUT_MS, () => findLost(on, effects))
  } catch (error) {
    if (!(error instanceof MigratorError) || error.code === 'CONNECTION_LOST') throw error
    return [{ how: 'unknown', why: `the catalog could not be read: ${withoutStop(error.message)}` }]
  }
}

const CATALOG_TIMEOUT_MS = 5_000

/** What an earlier step of the rollback destroys already is not lost again. */
function withoutRepeats<T extends { readonly finding: Affected }>(all: readonly T[]): readonly T[] {
  return all.filter(({ finding }, index) => {
    if (finding.how === 'unknown') return true
    return !all.slice(0, index).some(({ finding: before }) => {
      if (before.how === 'unknown' || mayOnly(before.how) || before.oid !== finding.oid) return false
      return before.whole && (before.column === undefined || before.column === finding.column)
    })
  })
}

async function measured(
  on: SqlSession,
  found: AffectedData,
  path: AskedLoss['effects'],
  until: number,
): Promise<Omit<Loss, 'migration'>> {
  const { how, schema, table, column } = found
  const name = { how, table: `${schema}.${table}`, ...(column === undefined ? {} : { column }) }
  const as = (count: number | undefined) => (column === undefined ? { rows: count } : { values: count })
  const left = Math.floor(until - performance.now())
  if (left >= 1) {
    try {
      return { ...name, ...as(await reading(on, left, () => counted(on, found, path))), estimated: false }
    } catch (error) {
      if (!(error instanceof MigratorError) || error.code === 'CONNECTION_LOST') throw error
      if (error.code !== 'STATEMENT_TIMEOUT' && error.code !== 'LOCK_TIMEOUT')
        return { ...name, estimated: true, why: `not counted: ${withoutStop(error.message)}` }
    }
  }
  return { ...name, ...as(await reading(on, CATALOG_TIMEOUT_MS, () => estimated(on, found))), estimated: true }
}

async function counted(
  on: SqlSession,
  { from, alias, column }: AffectedData,
  path: AskedLoss['effects'],
): Promise<number> {
  await findLost(on, path)
  const what = column === undefined ? '*' : `${alias}."${column.replaceAll('"', '""')}"`
  const [row] = await on.query(`SELECT count(${what})::text AS count FROM ${from}`)
  return Number(row?.count)
}

/** From statistics only, which nobody can lock. Nothing is known of a part of a table, or of a table never looked at. */
async function estimated(on: SqlSession, { oid, column, whole }: AffectedData): Promise<number | undefined> {
  if (!whole) return undefined
  const [row] = await on.query(`
    WITH RECURSIVE below(oid) AS (SELECT ${oid}::oid UNION SELECT i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid)
    SELECT sum(greatest(c.reltuples, pg_catalog.pg_stat_get_live_tuples(c.oid)))::bigint::text AS rows,
           bool_and(c.reltuples < 0 AND pg_catalog.pg_stat_get_live_tuples(c.oid) = 0)::text AS unknown,
           ${column === undefined ? '0' : nullFraction(column)} AS nulls
      FROM below b JOIN pg_catalog.pg_class c ON c.oid = b.oid WHERE c.relkind = 'r'`)
  return estimateIn(row)
}

function nullFraction(column: string): string {
  return `(SELECT max(s.null_frac)::text FROM pg_catalog.pg_stats s JOIN pg_catalog.pg_namespace n ON n.nspname = s.schemaname
            JOIN pg_catalog.pg_class t ON t.relnamespace = n.oid AND t.relname = s.tablename
           WHERE t.oid IN (SELECT oid FROM below) AND s.attname = '${column.replaceAll("'", "''")}')`
}

function estimateIn(row: Row | undefined): number | undefined {
  if (row?.rows === undefined || row.rows === null || row.unknown === 'true') return undefined
  return Math.round(Number(row.rows) * (1 - Number(row.nulls ?? 0)))
}

/** A transaction of its own that can only read, and is undone. */
async function reading<T>(on: SqlSession, statementTimeoutMs: number, work: () => Promise<T>): Promise<T> {
  await on.begin({ lockTimeoutMs: LOCK_TIMEOUT_MS, statementTimeoutMs })
  try {
    await on.execute('SET TRANSACTION READ ONLY')
    return await work()
  } finally {
    await on.abort()
  }
}
