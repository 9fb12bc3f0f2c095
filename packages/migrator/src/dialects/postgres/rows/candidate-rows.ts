import type { Values } from '../../../core/data/scalar-values.ts'
import { isUnique, nameOf, type TableShape, type TypeShape } from '../../../core/data/table-shape.ts'
import { hashOf, type Random, randomOf } from './random.ts'
import { type RowPlan, takesValue } from './row-plan.ts'
import { valuesOf } from './type-values.ts'

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
  /** How many are wanted in the end: the first that many differ as much as they can, but for a twin. */
  readonly wanted: number
  readonly style: ValueStyle
  /** No value is duplicated deliberately. */
  readonly distinct?: boolean | undefined
  /** Which of many edges come first, where there are more than rows. */
  readonly turn?: number | undefined
}

/**
 * The same for the same table, values and request. The first row holds no NULL that it can do without, the second nothing
 * but; the last wanted one is the first again, as far as the table allows. Between them every edge has a row.
 */
export function candidateRows(
  plan: RowPlan,
  values: ReadonlyMap<string, Values>,
  request: CandidateRequest,
): readonly CandidateRow[] {
  const random = randomOf(`${nameOf(plan.table)} ${request.first}`)
  const { first, wanted } = request
  const columns = plan.columns.filter(takesValue).map(({ column }): Column => {
    const own = values.get(column.name)
    const unique = isUnique(plan.table, column.name)
    const none = unique && first > 0
    const edges = none || request.style === 'plain' ? [] : (own?.edges ?? [])
    const byRow = setByRow(edges, none ? [] : (own?.hints ?? []), hashOf(column.name), request)
    return { name: column.name, nullable: column.nullable, unique, values: own, set: byRow }
  })
  const rows = Array.from({ length: request.count }, (_, at): CandidateRow => {
    const nulls = NULLS[at % NULLS.length] ?? 0
    const isNull = (nullable: boolean) => nullable && random.below(100) < nulls
    const textOf = (column: Column) => {
      const set = column.set.get(at)
      if (set !== undefined) return set
      return isNull(column.nullable) ? null : textAt(column, at, request, random)
    }
    return {
      number: first + at,
      texts: Object.fromEntries(columns.map((column) => [column.name, textOf(column)])),
      picks: plan.picks.map(({ optional }) => {
        const pick = at < wanted ? first + at : random.below(1000)
        return isNull(optional) ? null : pick
      }),
    }
  })
  const last = wanted - 1
  const [model, twin] = [rows[0], rows[last]]
  return model && twin && hasTwin(request) ? rows.with(last, twinOf(plan, model, twin)) : rows
}

/** Of a hundred nullable values so many are NULL, row by row. */
const NULLS: readonly number[] = [0, 100, 25, 50, 25, 75, 0]

interface Column {
  readonly name: string
  readonly nullable: boolean
  readonly unique: boolean
  readonly values: Values | undefined
  /** Edges and hints, by place of the row. */
  readonly set: ReadonlyMap<number, string | null>
}

/** Rows that are kept free of edges: the one of NULLs, and the twin. */
const SPARE = 2
const OF_NULLS = 1

/** Fewer rows, as of a partition, have more to show. */
const LEAST_FOR_TWINS = 4

function hasTwin({ wanted, distinct, count }: CandidateRequest): boolean {
  return distinct !== true && wanted >= LEAST_FOR_TWINS && count >= wanted
}

/**
 * Every edge in a row of its own; in a unique column only in the first round. Hints stand in the same rows in every column,
 * behind the first row, which stays as it is.
 */
function setByRow(
  edges: readonly string[],
  hints: readonly (string | null | undefined)[],
  shift: number,
  { wanted, count, turn = 0 }: CandidateRequest,
): ReadonlyMap<number, string | null> {
  const places = Array.from({ length: Math.min(wanted, count) }, (_, at) => at).filter(
    (at) => wanted < LEAST_FOR_TWINS || (at !== OF_NULLS && at !== wanted - 1),
  )
  const hinted = hints.flatMap((text, at) => {
    const place = places[at + 1]
    return text === undefined || place === undefined ? [] : [[place, text] as const]
  })
  const taken = new Map<number, string | null>(hinted)
  const free = places.filter((place) => !taken.has(place))
  for (const [index] of free.slice(0, edges.length).entries()) {
    const edge = edges[(index + turn * places.length) % edges.length] ?? ''
    taken.set(free[(index + shift) % free.length] ?? 0, edge)
  }
  return taken
}

/** The same row once more, but for one column of everything that must differ. */
function twinOf({ table, picks, columns }: RowPlan, model: CandidateRow, own: CandidateRow): CandidateRow {
  const free = new Set(columns.filter(takesValue).map(({ column }) => column.name))
  const picked = (name: string) => columns.find(({ column }) => column.name === name)?.from
  const apart = new Set<string>()
  for (const unique of table.uniques) {
    const differs = unique.columns.some((name) => apart.has(name) || picked(name)?.kind === 'sequence')
    const choice = unique.columns.findLast((name) => free.has(name)) ?? unique.columns.at(-1)
    if (!differs && choice !== undefined) apart.add(choice)
  }
  return {
    number: own.number,
    texts: Object.fromEntries(
      Object.entries(model.texts).map(([name, text]) => [name, apart.has(name) ? (own.texts[name] ?? null) : text]),
    ),
    picks: picks.map(({ key }, at) => (key.columns.some((name) => apart.has(name)) ? own : model).picks[at] ?? null),
  }
}

/** Null where no value is known. Beyond what is wanted edges and plain values take turns; what is unique never repeats. */
function textAt({ unique, values }: Column, at: number, request: CandidateRequest, random: Random): string | null {
  if (!values) return null
  const number = request.first + at
  if (unique || at < request.wanted) return values.plain(number)
  // The first ones are those that a condition was written for.
  const edges = request.style === 'plain' ? [] : values.edges
  const many = edges.length + MANY
  const pick = Math.floor((random.below(many) * random.below(many)) / many)
  return edges[pick] ?? values.plain(pick)
}

const MANY = 40

/** So many rows that each edge of its types is seen. */
export function wantedRows({ columns }: TableShape, rows: number): number {
  return Math.max(rows, ...columns.map(({ type, hints = [] }) => edgeCount(type) + hints.length + SPARE))
}

function edgeCount(type: TypeShape): number {
  return type.kind === 'domain' ? edgeCount(type.base) : valuesOf(type, new Map()).edges.length
}
