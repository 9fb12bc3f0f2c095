import type { Values } from '../../../core/data/scalar-values.ts'
import type { ColumnShape, DomainShape, TableShape, TypeShape } from '../../../core/data/table-shape.ts'
import { MigratorError } from '../../../errors.ts'
import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import type { ValueStyle } from './candidate-rows.ts'
import { columnTrial, domainTrial, type Trial } from './column-candidates.ts'
import { cycle, type DomainValues, edgesAmong, valuesOf } from './type-values.ts'

/** The values that are left of a trial, by column; none for a column that no value was found for. */
export type TableValues = ReadonlyMap<string, Values>

/** Finds values for every domain that the tables use. Inner domains come first, for arrays and rows of them. */
export async function tryDomains(on: SqlSession, tables: readonly TableShape[]): Promise<DomainValues> {
  const domains = new Map<string, DomainShape>()
  for (const { columns } of tables) for (const { type } of columns) collectDomains(type, domains)
  const found = new Map<string, readonly string[]>()
  for (const domain of domains.values()) {
    const trial = domainTrial(domain, found)
    found.set(domain.sql, await tryTexts(on, trial, { table: 'v', column: 'value', type: domain.base.sql }))
  }
  return found
}

function collectDomains(type: TypeShape, into: Map<string, DomainShape>): void {
  if (type.kind === 'domain') {
    collectDomains(type.base, into)
    into.set(type.sql, type)
  }
  if (type.kind === 'array') collectDomains(type.element, into)
  if (type.kind === 'range') collectDomains(type.subtype, into)
  if (type.kind === 'multirange') collectDomains(type.range, into)
  if (type.kind === 'composite') for (const field of type.fields) collectDomains(field, into)
}

/** The tables' columns all at once: a column that conditions mention takes what fulfils them, others what their type has. */
export async function tryColumns(
  on: SqlSession,
  tables: readonly TableShape[],
  domains: DomainValues,
  style: ValueStyle,
): Promise<ReadonlyMap<TableShape, TableValues>> {
  const results = tables.map(async (table) => {
    const columns = table.columns.map(
      async (column) => [column.name, await tryColumn(on, table, column, domains, style)] as const,
    )
    const tried = await Promise.all(columns)
    return [table, new Map(tried.flatMap(([name, values]) => (values ? [[name, values] as const] : [])))] as const
  })
  return new Map(await Promise.all(results))
}

async function tryColumn(
  on: SqlSession,
  table: TableShape,
  column: ColumnShape,
  domains: DomainValues,
  style: ValueStyle,
): Promise<Values | undefined> {
  if (column.type.kind === 'domain' && domains.get(column.type.sql)?.length === 0) return undefined
  const trial = columnTrial(table, column, domains, style)
  if (!trial) return { ...valuesOf(column.type, domains), ...(column.hints ? { hints: column.hints } : {}) }
  const left = await tryTexts(on, trial, { table: table.table, column: column.name, type: column.type.sql })
  if (left.length === 0) return undefined
  // Conditions on several columns are met by values that were written for them, not by edges.
  const values = trial.alone ? edgesAmong(valuesOf(column.readAs ?? column.type, domains), left) : cycle(left)
  const hints = column.hints?.map((text) => (typeof text === 'string' && !left.includes(text) ? undefined : text))
  return hints ? { ...values, hints } : values
}

/** How conditions name what is tried. */
interface Place {
  readonly table: string
  readonly column: string
  readonly type: string
}

/** The texts that fulfil the conditions. Where one of them makes the server fail, each is tried separately. */
async function tryTexts(on: SqlSession, { texts, conditions }: Trial, place: Place): Promise<readonly string[]> {
  if (texts.length === 0) return []
  const together = await attempt(on.query(trialQuery(texts, conditions, place)))
  if (together) return together.map(({ at }) => texts[Number(at)] ?? '')
  const apart = texts.map((text) => attempt(on.query(trialQuery([text], conditions, place))))
  const answers = await Promise.all(apart)
  return texts.filter((_, at) => (answers[at]?.length ?? 0) > 0)
}

function trialQuery(texts: readonly string[], conditions: readonly string[], { table, column, type }: Place): string {
  const values = texts.map((text, at) => `(${at}, ${literal(text)})`).join(', ')
  const holds = conditions.map((condition) => `(${condition}) IS NOT FALSE`)
  // The type's input runs for every text, also where no condition asks for its value.
  return `SELECT "# at"::text AS at FROM (SELECT v."# at", v.x::${type} AS ${identifier(column)} FROM (VALUES ${values}) AS v("# at", x) OFFSET 0)
    AS ${identifier(table)} WHERE ${[`${identifier(column)} IS NOT NULL`, ...holds].join(' AND ')} ORDER BY "# at"`
}

/** Undefined when the server refuses: a text that is no input, or a condition that fails over it. Lost connections pass on. */
export async function attempt<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (refusalOf(error) === undefined) throw error
    return undefined
  }
}

/** What the server said against a statement; undefined for any other failure. */
export function refusalOf(error: unknown): string | undefined {
  const refused =
    error instanceof MigratorError && typeof error.details.sqlstate === 'string' && error.code !== 'CONNECTION_LOST'
  return refused ? error.message : undefined
}
