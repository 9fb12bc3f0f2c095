import { GUESSES, scalarValues, type Values } from '../../../core/data/scalar-values.ts'
import type { TypeShape } from '../../../core/data/table-shape.ts'

/** Values of domains that were found to fulfil their checks, by the domain's name. */
export type DomainValues = ReadonlyMap<string, readonly string[]>

/** Values of any type, as input texts. A domain's are those that were found; without them, its base type's. */
export function valuesOf(type: TypeShape, domains: DomainValues): Values {
  if (type.kind === 'base') return scalarValues(type.name, type.modifiers) ?? cycle(GUESSES)
  if (type.kind === 'enum') return { ...cycle(type.labels), edges: type.labels.slice(0, MOST_LABELS) }
  if (type.kind === 'domain') return domainValues(valuesOf(type.base, domains), domains.get(type.sql))
  if (type.kind === 'composite') return compositeValues(type.fields.map((field) => valuesOf(field, domains)))
  if (type.kind === 'array') return arrayValues(valuesOf(type.element, domains), type.delimiter)
  if (type.kind === 'range') return rangeValues(type.subtype, valuesOf(type.subtype, domains))
  return multirangeValues(valuesOf(type.range, domains))
}

/** An enum with more labels than that shows the first ones. */
const MOST_LABELS = 40

function domainValues(base: Values, found: readonly string[] | undefined): Values {
  return found ? edgesAmong(base, found) : cycle(listOf(base, 20))
}

/** Values that passed a trial: those of them that are edges of the type remain edges. */
export function edgesAmong({ edges }: Values, passed: readonly string[]): Values {
  return { ...cycle(passed), edges: edges.filter((text) => passed.includes(text)) }
}

/** Edges first, then as many plain values. */
export function listOf({ edges, plain }: Values, count: number): readonly string[] {
  return [...new Set([...edges, ...Array.from({ length: count }, (_, index) => plain(index))])]
}

/** Few values, over and over: each of them is as ordinary as the others. */
export function cycle(texts: readonly string[]): Values {
  return { edges: [], plain: (index) => texts[index % texts.length] ?? '' }
}

function compositeValues(fields: readonly Values[]): Values {
  const row = (texts: readonly string[]) => `(${texts.map(doubleQuoted).join(',')})`
  const width = Math.max(0, ...fields.map(({ edges }) => edges.length))
  return {
    edges: Array.from({ length: width }, (_, at) => row(fields.map((field) => field.edges[at] ?? field.plain(at)))),
    plain: (index) => row(fields.map((field) => field.plain(index))),
  }
}

function arrayValues(element: Values, delimiter: string): Values {
  const list = (texts: readonly string[]) => `{${texts.join(delimiter)}}`
  const [first = '', second = ''] = listOf(element, 2).map(doubleQuoted)
  const edges = element.edges.map(doubleQuoted)
  return {
    edges: [
      list(edges.length > 0 ? edges : [first]),
      '{}',
      list([first, 'NULL', second]),
      list([list([first, second]), list([second, first])]),
    ],
    plain: (index) => list([doubleQuoted(element.plain(index)), doubleQuoted(element.plain(index + 1))]),
  }
}

/** Ranges that follow each other without a touch, so that an exclusion constraint takes them. */
function rangeValues(subtype: TypeShape, bounds: Values): Values {
  if (subtype.kind !== 'base' || !ASCENDING.has(subtype.name)) {
    const single = (text: string) => `[${doubleQuoted(text)},${doubleQuoted(text)}]`
    return { edges: ['empty', '(,)'], plain: (index) => single(bounds.plain(index)) }
  }
  const between = (low: number, high: number) =>
    `[${doubleQuoted(bounds.plain(low))},${doubleQuoted(bounds.plain(high))})`
  return {
    edges: [between(0, 2), 'empty', `(${doubleQuoted(bounds.plain(1))},)`, '(,)'],
    plain: (index) => between(3 * index, 3 * index + 2),
  }
}

/** Types whose plain values ascend. */
const ASCENDING = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'date', 'timestamp', 'timestamptz'])

function multirangeValues(range: Values): Values {
  return {
    edges: ['{}', `{${range.plain(0)},${range.plain(1)}}`],
    plain: (index) => `{${range.plain(index)}}`,
  }
}

function doubleQuoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
