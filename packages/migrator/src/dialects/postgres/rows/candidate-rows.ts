import type { Values } from '../../../core/data/scalar-values.ts'
import { isUnique, nameOf, type TableShape } from '../../../core/data/table-shape.ts'
import { hashOf, type Random, randomOf } from './random.ts'
import { type RowPlan, takesValue } from './row-plan.ts'

/** `edge`: values at the limits of their types among the others. `plain`: ordinary ones only. */
export type ValueStyle = 'edge' | 'plain'

/** A row to try. Its texts are inputs of the columns' types; what comes from parents is a number that picks one. */
export interface CandidateRow {
  readonly number: number
  /** By column, for those that take a value. */
  readonly texts: Readonly<Record<string, string | null>>
  /** By foreign key of the plan; null for none. */
  readonly picks: readonly (number | null)[]
}

export interface CandidateRequest {
  /** The number of the first row: rows of another number hold other values. */
  readonly first: number
  readonly count: number
  /** How many are wanted in the end: the first that many differ as much as they can. */
  readonly wanted: number
  readonly style: ValueStyle
}

/** The same for the same table, values and request. The first row holds no NULL that it can do without, the second nothing but. */
export function candidateRows(
  plan: RowPlan,
  values: ReadonlyMap<string, Values>,
  request: CandidateRequest,
): readonly CandidateRow[] {
  const random = randomOf(`${nameOf(plan.table)} ${request.first}`)
  const chosen = plan.columns.filter(takesValue).map(({ column }) => ({
    name: column.name,
    nullable: column.nullable,
    unique: isUnique(plan.table, column.name),
    values: values.get(column.name),
    shift: hashOf(column.name),
  }))
  return Array.from({ length: request.count }, (_, at) => {
    const nulls = NULLS[at % NULLS.length] ?? 0
    const isNull = (nullable: boolean) => nullable && random.below(100) < nulls
    return {
      number: request.first + at,
      texts: Object.fromEntries(
        chosen.map((column) => [column.name, isNull(column.nullable) ? null : textAt(column, at, request, random)]),
      ),
      picks: plan.picks.map(({ optional }) => {
        const pick = at < request.wanted ? request.first + at : random.below(1000)
        return isNull(optional) ? null : pick
      }),
    }
  })
}

/** Of a hundred nullable values so many are NULL, row by row. */
const NULLS: readonly number[] = [0, 100, 25, 50, 25, 75, 0]

interface Column {
  readonly unique: boolean
  readonly values: Values | undefined
  readonly shift: number
}

/** Null where no value is known. Edges and plain values take turns; in a unique column edges come first, once. */
function textAt(
  { unique, values, shift }: Column,
  at: number,
  request: CandidateRequest,
  random: Random,
): string | null {
  if (!values) return null
  const number = request.first + at
  const edges = request.style === 'plain' ? [] : values.edges
  if (unique) return edges[number] ?? values.plain(number)
  if (at >= request.wanted) {
    // The first ones are those that a condition was written for.
    const many = edges.length + MANY
    const pick = Math.floor((random.below(many) * random.below(many)) / many)
    return edges[pick] ?? values.plain(pick)
  }
  return at % 2 === 0 && edges.length > 0 ? (edges[(at / 2 + shift) % edges.length] ?? null) : values.plain(number)
}

const MANY = 40

/** So many rows that each label of its enums is seen, within reason. */
export function wantedRows({ columns }: TableShape, rows: number): number {
  const labels = columns.map(({ type }) => (type.kind === 'enum' ? type.labels.length : 0))
  return Math.max(rows, ...labels.map((count) => Math.min(count, 40)))
}
