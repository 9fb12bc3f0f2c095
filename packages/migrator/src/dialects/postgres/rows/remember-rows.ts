import type { PutBack } from '../../../ports/rehearsal.ts'
import { quoted, type TableName } from '../history/table-name.ts'
import { identifier, literal } from '../script/literal.ts'
import { asSql, type SqlSession } from '../session/sql-session.ts'
import { jsonRows } from './json-rows.ts'
import { rememberSequences } from './sequences.ts'
import { relations, source, type Tables } from './shape-queries.ts'
import { attempt } from './value-trials.ts'

/** What a row is called: no column's name, which would go before it. */
const WHOLE = '"# row"'

/** A table with more rows than that is not remembered: a copy of the database is cheaper. */
const MOST_ROWS = 1000

/**
 * Remembers all rows of the tables that are read, and where the sequences stand. What is answered puts them back once the
 * schema is the same again, on the same session; it tells whether nothing else was changed: tables that are left out, as
 * the server's statistics count it, and materialized views. Undefined where that can't be done: before PostgreSQL 15, for a
 * role that may not switch triggers off (or where some fire nevertheless), with rows that are hidden from it or too many.
 * Both want a session outside a transaction.
 */
export async function rememberRows(on: SqlSession, which: Tables): Promise<PutBack | undefined> {
  const [[able], tables, restarts] = await Promise.all([
    on.query(ABILITY),
    jsonRows<Remembered>(on, describedQuery(which)),
    rememberSequences(on, which),
  ])
  if (able?.able !== 'true' || tables.some(({ hidesRows }) => hidesRows)) return undefined
  const [rows, elsewhere] = await Promise.all([attempt(rowsOf(on, tables)), changesOf(on, which)])
  if (rows === undefined || rows.some((each) => each.length > MOST_ROWS)) return undefined
  return async (asked) => {
    const session = asSql(asked)
    if ((await changesOf(session, which)) !== elsewhere) return false
    const statements = [
      'BEGIN',
      'SET LOCAL session_replication_role = replica',
      ...tables.flatMap((table, at) => putBack(table, rows[at] ?? [])),
      ...(await restarts()),
      'COMMIT',
    ]
    // A type whose own text is no input for it is no reason to give up more than the database.
    const done = await attempt(session.execute(statements.join(';\n')).then(() => true))
    if (!done) await session.abort()
    return done ?? false
  }
}

/** https://www.postgresql.org/docs/current/monitoring-stats.html: pg_stat_force_next_flush came with 15. */
const ABILITY = `
  SELECT (pg_catalog.current_setting('server_version_num')::int >= 150000
          AND (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER)
          AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger WHERE tgenabled IN ('A', 'R')))::text AS able`

interface Remembered extends TableName {
  readonly partitioned: boolean
  readonly hidesRows: boolean
  /** Those that a row can be given. */
  readonly columns: readonly string[] | null
}

function describedQuery(which: Tables): string {
  return `
  SELECT rel.schema, rel.name AS "table", rel.relkind = 'p' AS partitioned, pg_catalog.row_security_active(rel.oid) AS "hidesRows",
         (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
    FROM (${relations(which)}) AS rel`
}

async function rowsOf(on: SqlSession, tables: readonly Remembered[]): Promise<readonly (readonly string[])[]> {
  const found = tables.map((): string[] => [])
  if (tables.length === 0) return found
  const parts = tables.map(
    (table, at) =>
      `(SELECT ${at} AS at, ${WHOLE}::text AS row FROM ${source(table)} AS ${WHOLE} LIMIT ${MOST_ROWS + 1})`,
  )
  for (const { at, row } of await on.query(parts.join('\nUNION ALL '))) found[Number(at)]?.push(row ?? '')
  return found
}

function putBack(table: Remembered, rows: readonly string[]): readonly string[] {
  const removal = `DELETE FROM ${source(table)}`
  const columns = (table.columns ?? []).map(identifier)
  if (rows.length === 0) return [removal]
  const values = rows.map((row) => `(${literal(row)}::${quoted(table)})`).join(', ')
  const fields = columns.map((column) => `(v.r).${column}`).join(', ')
  return [
    removal,
    `INSERT INTO ${quoted(table)} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${fields} FROM (VALUES ${values}) AS v(r)`,
  ]
}

/** What was written into tables that are left out, and into materialized views, since there are statistics. */
async function changesOf(on: SqlSession, { leftOut = new Map() }: Tables): Promise<string> {
  // A statement of its own: it asks for what is due at the end of a transaction.
  await on.query('SELECT pg_catalog.pg_stat_force_next_flush()')
  const counts = ['inserted', 'updated', 'deleted'].map((what) => `pg_catalog.pg_stat_get_tuples_${what}(c.oid)`)
  const [tables, views] = await on.queryAll([
    `SELECT pg_catalog.sum(${counts.join(' + ')})::text AS changes FROM pg_catalog.pg_class c
      WHERE c.oid IN (${['0', ...leftOut.keys()].join(', ')})`,
    // REFRESH writes a new file, or with CONCURRENTLY the rows that differ.
    `SELECT c.oid || ' ' || c.relfilenode || ' ' || (${counts.join(' + ')}) AS changes FROM pg_catalog.pg_class c
      WHERE c.relkind = 'm' ORDER BY c.oid`,
  ])
  return [...(tables ?? []), ...(views ?? [])].map(({ changes }) => changes ?? '').join('\n')
}
