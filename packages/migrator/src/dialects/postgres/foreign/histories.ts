import type { ForeignHistory } from '../../../core/foreign-history.ts'
import { MigratorError } from '../../../errors.ts'
import type { ForeignHistories } from '../../../ports/foreign-history.ts'
import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { type HistoryTool, historyTools, type TextRow } from './tools.ts'

/** A table that has the columns of a tool's history. */
interface Found {
  readonly tool: HistoryTool
  readonly schema: string
  readonly table: string
}

export const foreignHistories: ForeignHistories = {
  async read(on: SqlSession, name) {
    const [schema, table] = partsOf(name)
    const tools = toolsNamed(name)
    const found = await find(on, tools.length > 0 ? tools.map((tool) => tool.table) : [table])
    const asked = found.filter(
      (each) => (tools.length === 0 || tools.includes(each.tool)) && (schema === undefined || each.schema === schema),
    )
    const [only] = asked
    if (only === undefined) throw await notFound(on, name)
    if (asked.length > 1) throw ambiguous(name, asked)
    return readFrom(on, only)
  },

  async list(on: SqlSession) {
    return (await findAll(on)).map(({ tool, schema, table }) => ({ tool: tool.tool, table: `${schema}.${table}` }))
  },
}

/** The tables that hold other tools' histories. */
export async function foreignHistoryTables(
  on: SqlSession,
): Promise<readonly { readonly schema: string; readonly table: string; readonly tool: string }[]> {
  return (await findAll(on)).map(({ tool, schema, table }) => ({ schema, table, tool: tool.tool }))
}

function toolsNamed(name: string): readonly HistoryTool[] {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^a-z]/g, '')
      .replace(/(?:kit|sql)$/, '')
  return historyTools.filter(({ tool }) => plain(tool) === plain(name))
}

function partsOf(name: string): readonly [schema: string | undefined, table: string] {
  const [first = '', second] = name.split('.').map((part) => part.replace(/^"(.*)"$/, '$1'))
  return second === undefined ? [undefined, first] : [first, second]
}

/** Tables of these names in any schema, with the tool whose columns they have. */
async function find(on: SqlSession, tables: readonly string[]): Promise<readonly Found[]> {
  const rows = await on.query(`
    SELECT n.nspname AS schema, c.relname AS table, pg_catalog.json_agg(a.attname)::text AS columns
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p', 'v') AND c.relname IN (${tables.map(literal).join(', ')})
     GROUP BY 1, 2 ORDER BY 1, 2`)
  return rows.flatMap(({ schema, table, columns }) => {
    const present = new Set(JSON.parse(columns ?? '[]') as string[])
    const tool = toolWith(table ?? '', present)
    return tool && schema && table ? [{ tool, schema, table }] : []
  })
}

function findAll(on: SqlSession): Promise<readonly Found[]> {
  return find(
    on,
    historyTools.map(({ table }) => table),
  )
}

/** The table's own name first, so that a table with another name is known by its columns alone. */
function toolWith(table: string, present: ReadonlySet<string>): HistoryTool | undefined {
  const fits = ({ columns, without = [] }: HistoryTool) =>
    columns.every((column) => present.has(column)) && !without.some((column) => present.has(column))
  const named = historyTools.filter((tool) => tool.table === table)
  return named.length > 0 ? named.find(fits) : historyTools.find((tool) => tool.columns.length > 2 && fits(tool))
}

async function readFrom(on: SqlSession, { tool, schema, table }: Found): Promise<ForeignHistory> {
  const name = `${identifier(schema)}.${identifier(table)}`
  const columns = await on.query(`SELECT pg_catalog.to_jsonb(t)::text AS row FROM ${name} t ORDER BY ${tool.orderBy}`)
  const rows = columns.map(({ row }) => asText(JSON.parse(row ?? '{}') as Record<string, unknown>))
  const settled = tool.settle?.(rows) ?? rows
  return {
    tool: tool.tool,
    table: `${schema}.${table}`,
    rows: settled.flatMap((row) => tool.row(row) ?? []),
    newestOnly: tool.newestOnly,
    broken: rows.flatMap((row) => tool.broken?.(row) ?? []),
  }
}

function asText(row: Readonly<Record<string, unknown>>): TextRow {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, value === null ? null : String(value)]),
  )
}

async function notFound(on: SqlSession, name: string): Promise<MigratorError> {
  const there = await findAll(on)
  const hint =
    there.length === 0
      ? 'No history of another tool was found in this database. Check the database, or record migrations with db:baseline ID.'
      : `This database has ${there.map(describe).join(', ')}.`
  return new MigratorError('HISTORY_NOT_FOUND', `No migration history "${name}" was found.`, { hint })
}

function ambiguous(name: string, found: readonly Found[]): MigratorError {
  const hint = `Name one of them: ${found.map(describe).join(', ')}.`
  return new MigratorError('HISTORY_NOT_FOUND', `"${name}" matches more than one migration history.`, { hint })
}

function describe({ tool, schema, table }: Found): string {
  return `${schema}.${table} (${tool.tool})`
}
