import { type CheckShape, nameOf, type TableShape } from '../../../core/data/table-shape.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { type CandidateRow, candidateRows, type ValueStyle, wantedRows } from './candidate-rows.ts'
import { withinPartition } from './column-candidates.ts'
import { keyOf, type TableGroup } from './foreign-key-order.ts'
import { insertion, insertStatement } from './insert-statement.ts'
import { type RowPlan, rowPlan } from './row-plan.ts'
import { refusalOf, type TableValues } from './value-trials.ts'

/** Rows that go in together: of one table, of one partition, or of tables in a ring. */
export interface Work {
  readonly plans: readonly RowPlan[]
  readonly ring: boolean
  readonly wanted: number
  /** Which of several parts it is: each shows other edges. */
  readonly turn?: number
  /** What it is of, where that is less than the table. */
  readonly part: string | undefined
  /** Tables that its rows cannot do without. */
  readonly parents: readonly string[]
}

/** Ways to make rows, from the most telling to the last resort. */
export const ATTEMPTS = [
  { style: 'edge', how: 'together', triggers: 'on' },
  { style: 'edge', how: 'apart', triggers: 'on' },
  { style: 'plain', how: 'together', triggers: 'on' },
  { style: 'plain', how: 'apart', triggers: 'on' },
  { style: 'plain', how: 'together', triggers: 'off' },
] as const satisfies readonly Attempt[]

export interface Attempt {
  readonly style: ValueStyle
  /** `apart`: each row separately, so that one that is refused takes no other with it. */
  readonly how: 'together' | 'apart'
  /** `off` wants a role that may set session_replication_role. */
  readonly triggers: 'on' | 'off'
  /** No value is duplicated deliberately. */
  readonly distinct?: boolean | undefined
}

/** A row of a partitioned table belongs into a partition; more of them than this are not all filled. */
export const MOST_PARTITIONS = 32

export function worksOf({ tables, ring }: TableGroup, late: ReadonlySet<string>, rows: number): readonly Work[] {
  if (ring) return [ringWork(tables, late, rows)]
  return tables.flatMap((table) => {
    if (!table.partitioned) return [tableWork(table, undefined, late, wantedRows(table, rows))]
    const partitions = table.partitions.slice(0, MOST_PARTITIONS)
    const wanted = Math.max(2, Math.ceil(wantedRows(table, rows) / Math.max(1, partitions.length)))
    return partitions.map((partition, turn) => ({
      ...tableWork(withinPartition(table, partition), partition.name, late, wanted),
      turn,
    }))
  })
}

function tableWork(table: TableShape, part: string | undefined, late: ReadonlySet<string>, wanted: number): Work {
  const plan = rowPlan(table, late)
  const parents = plan.picks.filter(({ optional }) => !optional).map(({ key }) => key.parent)
  return { plans: [plan], ring: false, wanted, part, parents }
}

/** The keys inside a ring are not looked up but known beforehand; so a sequence gives way to numbers far ahead of it. */
function ringWork(tables: readonly TableShape[], late: ReadonlySet<string>, rows: number): Work {
  const inside = new Set(tables.map(nameOf))
  const known = new Set(late)
  const referenced = new Set<string>()
  for (const table of tables) {
    for (const key of table.foreignKeys.filter(({ parent }) => inside.has(parent))) {
      known.add(keyOf(table, key))
      for (const column of key.parentColumns) referenced.add(`${key.parent} ${column}`)
    }
  }
  const plans = tables.map((table) => {
    const columns = table.columns.map((column) =>
      column.source === 'sequence' && referenced.has(`${nameOf(table)} ${column.name}`)
        ? { ...column, source: 'value' as const }
        : column,
    )
    return rowPlan({ ...table, columns }, known)
  })
  const parents = plans.flatMap(({ picks }) => picks.filter(({ optional }) => !optional).map(({ key }) => key.parent))
  return {
    plans,
    ring: true,
    wanted: Math.max(...tables.map((table) => wantedRows(table, rows))),
    part: undefined,
    parents,
  }
}

export interface Outcome {
  readonly rows: number
  /** What the server said against it. */
  readonly refusal: string | undefined
}

/** Sends at once what the attempt needs, so that attempts which are not awaited follow each other in one go. */
export async function tryInsert(
  on: SqlSession,
  work: Work,
  values: ReadonlyMap<TableShape, TableValues>,
  first: number,
  attempt: Attempt,
): Promise<Outcome> {
  const statements = statementsOf(work, values, first, attempt)
  const begun =
    attempt.triggers === 'off' ? on.execute('BEGIN; SET LOCAL session_replication_role = replica') : undefined
  const sent = [...statements.map((statement) => countOf(on.query(statement)))]
  const ended = begun && on.execute('COMMIT')
  const outcomes = await Promise.all([...sent, ...(begun && ended ? [silent(begun), silent(ended)] : [])])
  const refusal = outcomes.find((outcome) => outcome.refusal !== undefined)?.refusal
  if (begun && refusal !== undefined) await on.execute('ROLLBACK')
  return { rows: outcomes.reduce((sum, outcome) => sum + outcome.rows, 0), refusal }
}

async function countOf(answer: Promise<readonly Readonly<Record<string, string | null>>[]>): Promise<Outcome> {
  try {
    const [row] = await answer
    return { rows: Number(row?.rows ?? 0), refusal: undefined }
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === undefined) throw error
    return { rows: 0, refusal }
  }
}

function silent(work: Promise<void>): Promise<Outcome> {
  return countOf(work.then(() => []))
}

function statementsOf(
  work: Work,
  values: ReadonlyMap<TableShape, TableValues>,
  first: number,
  attempt: Attempt,
): readonly string[] {
  const [plan] = work.plans
  if (work.ring || !plan) return ringStatements(work, values, first, attempt.style)
  const guarded =
    plan.table.checks.some((check) => isJoint(plan, check)) || plan.picks.some(({ shared }) => shared.length > 0)
  const count = attempt.how === 'apart' ? Math.max(24, work.wanted) : guarded ? 48 + work.wanted : work.wanted + 4
  const candidates = candidateRows(plan, values.get(plan.table) ?? new Map(), {
    first,
    count,
    wanted: work.wanted,
    style: attempt.style,
    distinct: attempt.distinct,
    turn: work.turn,
  })
  const rows = candidates.filter((row) => isComplete(plan, row))
  if (rows.length === 0) return []
  if (attempt.how === 'together') return [insertStatement(plan, { rows, limit: work.wanted, filter: 'select' })]
  return rows.map((row) => insertStatement(plan, { rows: [row], limit: 1, filter: 'none' }))
}

/** Whether values that were tried one column at a time may still break it together, or a parent's value alone. */
function isJoint({ columns }: RowPlan, check: CheckShape): boolean {
  const tried = columns.filter(({ from }) => from.kind === 'value').map(({ column }) => column.name)
  return check.columns.length !== 1 || !check.columns.every((name) => tried.includes(name))
}

/** A required column that no value was found for makes every row hopeless; the server need not say so. */
function isComplete({ columns }: RowPlan, { texts }: CandidateRow): boolean {
  return columns.every(({ column, from }) => from.kind !== 'value' || column.nullable || texts[column.name] !== null)
}

/** One statement a row of every table: foreign keys are checked when all of it is done. */
function ringStatements(
  work: Work,
  values: ReadonlyMap<TableShape, TableValues>,
  first: number,
  style: ValueStyle,
): readonly string[] {
  const request = { first, count: work.wanted + 4, wanted: work.wanted + 4, style, distinct: true }
  const rows = new Map(
    work.plans.map((plan) => [nameOf(plan.table), candidateRows(plan, values.get(plan.table) ?? new Map(), request)]),
  )
  return Array.from({ length: request.count }, (_, at) => {
    const parts = work.plans.map((plan, index) => {
      const row = ringRow(work.plans, rows, plan, at)
      return `m${index} AS (${insertion(plan, { rows: row ? [row] : [], limit: 1, filter: 'select' })})`
    })
    return `WITH ${parts.join(',\n')} SELECT count(*)::text AS rows FROM m0`
  })
}

type RingRows = ReadonlyMap<string, readonly CandidateRow[]>

function ringRow(plans: readonly RowPlan[], rows: RingRows, { table }: RowPlan, at: number): CandidateRow | undefined {
  const row = rows.get(nameOf(table))?.[at]
  if (!row) return undefined
  const texts = Object.keys(row.texts).map((column) => [column, ringText(plans, rows, nameOf(table), column, at, 0)])
  return { ...row, texts: Object.fromEntries(texts) }
}

/** A key's text is its parent's, and so on until a column that is no key of the ring. */
function ringText(
  plans: readonly RowPlan[],
  rows: RingRows,
  name: string,
  column: string,
  at: number,
  depth: number,
): string | null {
  const table = plans.find((plan) => nameOf(plan.table) === name)?.table
  const row = rows.get(name)?.[at]
  const key = table?.foreignKeys.find(({ parent, columns }) => columns.includes(column) && rows.has(parent))
  if (
    key &&
    depth < plans.length &&
    !(key.parent === name && key.parentColumns[key.columns.indexOf(column)] === column)
  ) {
    return ringText(plans, rows, key.parent, key.parentColumns[key.columns.indexOf(column)] ?? '', at, depth + 1)
  }
  const expression = table?.columns.find((each) => each.name === column)?.expression ?? ''
  if (/\bnextval\(/.test(expression)) return String(10_000 + (row?.number ?? 0))
  return row?.texts[column] ?? null
}
