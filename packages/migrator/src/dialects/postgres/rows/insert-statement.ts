import type { TableShape } from '../../../core/data/table-shape.ts'
import { quoted } from '../history/table-name.ts'
import { identifier, literal } from '../script/literal.ts'
import type { CandidateRow } from './candidate-rows.ts'
import { type ColumnPlan, type Pick, type RowPlan, takesValue } from './row-plan.ts'

export interface InsertRequest {
  readonly rows: readonly CandidateRow[]
  /** Of the rows that fulfil every condition, so many are inserted. */
  readonly limit: number
  /** `select`: rows that break a check are left out first. `none`: the server refuses what breaks one. */
  readonly filter: 'select' | 'none'
}

/**
 * One statement that makes rows of a table and answers with their number as `rows`. The candidates come as texts, get
 * the columns' types, find their parents, and are tried on the table's own checks before any is inserted. Duplicates
 * are left out. https://www.postgresql.org/docs/current/sql-insert.html
 */
export function insertStatement(plan: RowPlan, request: InsertRequest): string {
  return `WITH made AS (${insertion(plan, request)}) SELECT count(*)::text AS rows FROM made`
}

/** The INSERT alone, as a part of a larger statement. */
export function insertion(plan: RowPlan, { rows, limit, filter }: InsertRequest): string {
  const { table } = plan
  const columns = plan.columns.filter(({ from }) => from.kind !== 'generated')
  const names = columns.map(({ column }) => identifier(column.name)).join(', ')
  const conditions = filter === 'select' ? conditionsOf(plan) : []
  const source = `SELECT ${names} FROM ${computedRows(plan, rows)} AS ${identifier(table.table)}
    ${conditions.length === 0 ? '' : `WHERE ${conditions.join('\n AND ')}`} ORDER BY ${NUMBER} LIMIT ${limit}`
  const target = columns.length === 0 ? '' : `(${names}) OVERRIDING SYSTEM VALUE`
  // A deferrable constraint cannot settle a conflict; there a duplicate fails, and its row is tried separately later.
  const conflict = table.uniques.some(({ deferrable }) => deferrable) ? '' : 'ON CONFLICT DO NOTHING'
  return `INSERT INTO ${quoted(table)} ${target}\n${source}\n${conflict} RETURNING 1`
}

/** No user's column is called like this. */
const NUMBER = identifier('# of row')

function conditionsOf({ table, columns }: RowPlan): readonly string[] {
  const present = columns
    .filter(({ column, from }) => !column.nullable && from.kind !== 'generated')
    .map(({ column }) => `${identifier(column.name)} IS NOT NULL`)
  return [...present, ...table.checks.map(({ expression }) => `(${expression}) IS NOT FALSE`)]
}

/** Columns that are computed from others come in further layers, because they name those as the table does. */
function computedRows(plan: RowPlan, rows: readonly CandidateRow[]): string {
  const computed = (kinds: readonly string[]) => plan.columns.filter(({ from }) => kinds.includes(from.kind))
  const derived = computed(['derived'])
  const generated = plan.table.checks.length > 0 ? computed(['generated']) : []
  const inner = layer(`(${typedRows(plan, rows)})`, plan, derived)
  return layer(inner, plan, generated)
}

function layer(inner: string, { table, columns }: RowPlan, computed: readonly ColumnPlan[]): string {
  if (computed.length === 0) return inner
  const kept = columns.filter((column) => !computed.includes(column) && isTyped(column))
  const list = [
    NUMBER,
    ...kept.map(({ column }) => identifier(column.name)),
    ...computed.map(
      ({ column, from }) =>
        `(${'expression' in from ? from.expression : 'NULL'})::${column.type.sql} AS ${identifier(column.name)}`,
    ),
  ]
  return `(SELECT ${list.join(', ')} FROM ${inner} AS ${identifier(table.table)})`
}

function isTyped({ from }: ColumnPlan): boolean {
  return from.kind !== 'generated'
}

function typedRows(plan: RowPlan, rows: readonly CandidateRow[]): string {
  const own = plan.columns.filter(takesValue)
  const list = plan.columns
    .filter(({ from }) => from.kind !== 'generated' && from.kind !== 'derived')
    .map((column) => {
      const value = `v.x${own.indexOf(column)}::${column.column.type.sql}`
      return `${typed(column, value)} AS ${identifier(column.column.name)}`
    })
  const values = rows.map(({ number, texts, picks }) => {
    const cells = own.map(({ column }) => literal(texts[column.name]))
    return `(${[number, ...cells, ...picks.map((pick) => literal(pick))].join(', ')})`
  })
  const names = [NUMBER, ...own.map((_, at) => `x${at}`), ...plan.picks.map((_, at) => `k${at}`)]
  return `SELECT ${[`v.${NUMBER}`, ...list].join(', ')}
    FROM (VALUES ${values.join(', ')}) AS v(${names.join(', ')})
    ${plan.picks.map((pick, at) => parentJoin(pick, at)).join('\n')}`
}

function typed({ column, from }: ColumnPlan, value: string): string {
  if (from.kind === 'value') return value
  if (from.kind === 'null') return `NULL::${column.type.sql}`
  if (from.kind !== 'parent') return from.expression
  const picked = `p${from.pick}.${identifier(from.parentColumn)}`
  return from.orValue ? `coalesce(${picked}, ${value})` : picked
}

/** Parents by number, over and over; of the first ones only, where a hand-written seed brought many. */
const PARENTS = 64

function parentJoin({ key, shared }: Pick, at: number): string {
  const agreement = shared.map(
    (each) => `r.${identifier(each.parentColumn)} = p${each.pick}.${identifier(each.pickColumn)}`,
  )
  const parents = numberedParents(key.parent, key.parentColumns, agreement)
  return `LEFT JOIN ${shared.length > 0 ? 'LATERAL' : ''} ${parents} AS p${at} ON p${at}."# of parent" = v.k${at}::int % p${at}."# in all"`
}

/** `parent` is `schema.table`; `conditions` call its rows `r`. */
export function numberedParents(parent: string, columns: readonly string[], conditions: readonly string[]): string {
  const dot = parent.indexOf('.')
  const table = quoted({ schema: parent.slice(0, dot), table: parent.slice(dot + 1) })
  const names = [...new Set(columns)].map((name) => `r.${identifier(name)}`)
  const present = [...names.map((name) => `${name} IS NOT NULL`), ...conditions].join(' AND ')
  const numbered = `row_number() OVER (ORDER BY ${names.join(', ')}) - 1 AS "# of parent", count(*) OVER () AS "# in all"`
  return `(SELECT r.*, ${numbered} FROM (SELECT ${names.join(', ')} FROM ${table} AS r WHERE ${present} ORDER BY ${names.join(', ')} LIMIT ${PARENTS}) AS r)`
}

/** Fills a foreign key that had to stay NULL until all rows were in; every fourth row keeps its NULL. */
export function lateStatement(table: TableShape, plan: RowPlan, keyName: string, since: string): string | undefined {
  const key = table.foreignKeys.find(({ name }) => name === keyName)
  if (!key) return undefined
  const waiting = new Set(plan.columns.filter(({ from }) => from.kind === 'null').map(({ column }) => column.name))
  const pairs = key.columns.map((name, at) => ({ name, parent: key.parentColumns[at] ?? '' }))
  const open = pairs.filter(({ name }) => waiting.has(name))
  const agreement = pairs
    .filter(({ name }) => !waiting.has(name))
    .map(({ name, parent }) => `r.${identifier(parent)} = m.${identifier(name)}`)
  const target = quoted(table)
  return `UPDATE ${target} AS t SET ${open.map(({ name, parent }) => `${identifier(name)} = p.${identifier(parent)}`).join(', ')}
    FROM (SELECT o.*, o.tableoid AS "# table", o.ctid AS "# place", row_number() OVER (ORDER BY o.tableoid, o.ctid) AS "# of row" FROM ${target} AS o
           WHERE o.xmin::text::bigint >= ${since}) AS m
    CROSS JOIN LATERAL ${numberedParents(key.parent, key.parentColumns, agreement)} AS p
    WHERE t.tableoid = m."# table" AND t.ctid = m."# place" AND m."# of row" % 4 <> 0 AND p."# of parent" = m."# of row" % p."# in all"`
}
