import type { ColumnData, DataSnapshot, RowData, TableData } from '../../../core/data/data-snapshot.ts'
import { nameOf } from '../../../core/data/table-shape.ts'
import type { TableName } from '../history/table-name.ts'
import { identifier } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { jsonRows, type ReadingPlace, reading } from './json-rows.ts'
import { relations, source, type Tables } from './shape-queries.ts'

/** Up to so many rows of a table are kept one by one; of more, a part that is chosen by their keys, and totals of all. */
const MOST_ROWS = 2000

/** So many tables are read by one query: each query of its own costs more than its rows do. */
const TABLES_AT_ONCE = 50

/** Every value's text is the same whoever reads, and a name in it (regclass) is whole. */
const PINNED = `SET LOCAL search_path = ''; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601';
  SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'; SET LOCAL lc_monetary = 'C'; SET LOCAL jit = off`

/**
 * Hashes the rows of every table, inside the server: values never leave it. What the server computes from other columns
 * is left out. Reads in a transaction of its own, or within an open one, which keeps the reader's settings until it ends.
 */
export async function takeSnapshot(on: SqlSession, which: Tables, place?: ReadingPlace): Promise<DataSnapshot> {
  return reading(
    on,
    PINNED,
    async () => {
      const tables = await jsonRows<Described>(on, descriptionQuery(which))
      const sized = await sizesOf(on, tables)
      const read = await Promise.all(chunked(sized).map((chunk) => readTables(on, chunk)))
      return { tables: new Map(read.flat()) }
    },
    place,
  )
}

interface Described extends TableName {
  readonly partitioned: boolean
  readonly hidesRows: boolean
  readonly columns: readonly { readonly name: string; readonly type: string }[] | null
  readonly key: readonly string[] | null
}

function descriptionQuery(which: Tables): string {
  return `
  SELECT rel.schema, rel.name AS "table", rel.relkind = 'p' AS partitioned, pg_catalog.row_security_active(rel.oid) AS "hidesRows",
         (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod)) ORDER BY a.attname COLLATE "C")
            FROM pg_catalog.pg_attribute a WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
         (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attname COLLATE "C") FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = rel.oid AND i.indisprimary) AS key
    FROM (${relations(which)}) AS rel ORDER BY rel.schema COLLATE "C", rel.name COLLATE "C"`
}

interface Sized extends Described {
  readonly rows: number
  readonly oneOf: number
}

async function sizesOf(on: SqlSession, tables: readonly Described[]): Promise<readonly Sized[]> {
  const counts = tables.map((table, at) => `SELECT ${at} AS at, count(*)::text AS rows FROM ${source(table)} AS t`)
  const sizes = counts.length === 0 ? [] : await on.query(`${counts.join('\nUNION ALL ')} ORDER BY at`)
  return tables.map((table, at) => {
    const rows = Number(sizes[at]?.rows ?? 0)
    return { ...table, rows, oneOf: 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, rows) / MOST_ROWS))) }
  })
}

function chunked(tables: readonly Sized[]): readonly (readonly Sized[])[] {
  const count = Math.ceil(tables.length / TABLES_AT_ONCE)
  return Array.from({ length: count }, (_, at) => tables.slice(at * TABLES_AT_ONCE, (at + 1) * TABLES_AT_ONCE))
}

async function readTables(
  on: SqlSession,
  tables: readonly Sized[],
): Promise<readonly (readonly [string, TableData])[]> {
  const large = tables.map(async (table) => (table.oneOf > 1 ? (await on.query(totalsQuery(table)))[0] : undefined))
  const [rows, ...totals] = await Promise.all([on.query(tables.map(sampleQuery).join('\nUNION ALL ')), ...large])
  const samples = tables.map((): RowData[] => [])
  for (const { at, key, cells } of rows) {
    samples[Number(at)]?.push({ key: key ?? '', cells: JSON.parse(cells ?? '[]') })
  }
  return tables.map((table, at) => [nameOf(table), dataOf(table, samples[at] ?? [], totals[at])] as const)
}

function dataOf(
  table: Sized,
  sample: readonly RowData[],
  totals: Readonly<Record<string, string | null>> | undefined,
): TableData {
  const { rows, oneOf, hidesRows } = table
  const columns = (table.columns ?? []).map((column, at): ColumnData => {
    if (totals) return { ...column, values: Number(totals[`v${at}`]), digest: totals[`d${at}`] ?? undefined }
    return { ...column, values: sample.filter(({ cells }) => cells[at] !== null).length, digest: undefined }
  })
  return { columns, key: table.key ?? [], rows, oneOf, sample, hidesRows }
}

function sampleQuery(table: Sized, at: number): string {
  const columns = table.columns ?? []
  const cells = columns.map(({ name }) => {
    const text = `t.${identifier(name)}::text`
    return `length(${text}) || ':' || left(md5(${text}), 16)`
  })
  const parts = (table.key ?? columns.map(({ name }) => name)).map((name) => `t.${identifier(name)}`)
  const key = `md5(ROW(${parts.join(', ')})::text)`
  const chosen = table.oneOf === 1 ? '' : `WHERE ('x' || left(${key}, 8))::bit(32)::bigint % ${table.oneOf} = 0`
  return `SELECT '${at}' AS at, ${key} AS key, array_to_json(ARRAY[${cells.join(', ')}]::text[])::text AS cells FROM ${source(table)} AS t ${chosen}`
}

/** Sums of hashes: the same for the same values in whatever order. */
function totalsQuery(table: Described): string {
  const columns = (table.columns ?? []).map(({ name }, at) => {
    const column = `t.${identifier(name)}`
    return `count(${column}::text)::text AS v${at}, sum(hashtextextended(${column}::text COLLATE "C", 0))::text AS d${at}`
  })
  return `SELECT ${['1 AS one', ...columns].join(', ')} FROM ${source(table)} AS t`
}
