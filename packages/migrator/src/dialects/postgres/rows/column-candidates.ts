import type {
  CheckShape,
  ColumnShape,
  DomainShape,
  PartitionShape,
  TableShape,
  TypeShape,
} from '../../../core/data/table-shape.ts'
import type { ValueStyle } from './candidate-rows.ts'
import { mentions } from './derived.ts'
import { hintsOf } from './hints.ts'
import { type DomainValues, listOf, valuesOf } from './type-values.ts'

/** Values to be tried before any row is made of them. */
export interface Trial {
  readonly texts: readonly string[]
  /** What each must satisfy on its own; if empty, any input of the type will do. */
  readonly conditions: readonly string[]
  /** Whether no condition depends on other columns as well. */
  readonly alone: boolean
}

/** Of a column that conditions mention, or that is read as another type; undefined where any value of the type will do. */
export function columnTrial(
  table: TableShape,
  column: ColumnShape,
  domains: DomainValues,
  style: ValueStyle,
): Trial | undefined {
  const about = table.checks.filter(({ columns }) => columns.includes(column.name))
  const hinted = (column.hints ?? []).filter((text) => typeof text === 'string')
  if (about.length === 0 && !column.readAs && hinted.length === 0) return undefined
  const values = valuesOf(column.readAs ?? column.type, domains)
  const guesses = [...about.map(({ expression }) => expression), column.expression ?? ''].flatMap((expression) =>
    hintsOf(expression, column.type),
  )
  const typical = style === 'plain' ? listOf({ ...values, edges: [] }, 24) : listOf(values, 24)
  const texts = column.readAs
    ? typical.filter((text) => fits(text, column.type))
    : [...new Set([...hinted, ...mixed(guesses, typical)])]
  return {
    texts,
    conditions: about.filter(({ columns }) => columns.length === 1).map(({ expression }) => expression),
    alone: about.every(({ columns }) => columns.length === 1),
  }
}

/** A cast would cut it. */
function fits(text: string, type: TypeShape): boolean {
  const base = type.kind === 'domain' ? type.base : type
  const [limit] = base.kind === 'base' ? base.modifiers : []
  return limit === undefined || Array.from(text).length <= limit
}

export function domainTrial(domain: DomainShape, domains: DomainValues): Trial {
  const hints = domain.checks.flatMap((check) => hintsOf(check, domain.base))
  return {
    texts: mixed(hints, listOf(valuesOf(domain.base, domains), 24)),
    conditions: domain.checks,
    alone: true,
  }
}

/** One of each in turn, so that the first few that pass are of both kinds. */
function mixed(hints: readonly string[], typical: readonly string[]): readonly string[] {
  const longest = Math.max(hints.length, typical.length)
  const turns = Array.from({ length: longest }, (_, at) => [hints[at], typical[at]])
  return [...new Set(turns.flat().filter((text) => text !== undefined))].slice(0, 160)
}

/** Rows for one partition are rows of the table under further conditions. */
export function withinPartition(table: TableShape, { name, conditions }: PartitionShape): TableShape {
  const checks = conditions.map((expression): CheckShape => {
    const columns = table.columns.filter((column) => mentions(expression, column.name))
    return { name: `partition ${name}`, expression, columns: columns.map((column) => column.name) }
  })
  return { ...table, checks: [...table.checks, ...checks] }
}
