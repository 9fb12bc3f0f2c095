import { type CatalogSnapshot, type ObjectProperties, UNREADABLE } from './catalog.ts'
import { ownerOf } from './catalog-identity.ts'
import type { CatalogDigest } from './history.ts'
import { compareText } from './migration.ts'

/** One property that differs; undefined where it has its default, or the object is not there. */
export interface PropertyChange {
  readonly property: string
  readonly before: string | undefined
  readonly after: string | undefined
}

/** One object that differs between two catalogs. */
export interface Difference {
  readonly kind: 'added' | 'removed' | 'changed'
  /** Kind and name, as in `index public.events_by_day`. */
  readonly object: string
  /** Every property that differs, by name; empty where only digests were compared. */
  readonly changes: readonly PropertyChange[]
}

/** `order-only`: tables' columns stand in another order, and nothing else differs. */
export type Verdict = 'identical' | 'order-only' | 'differs'

export interface CatalogDiff {
  readonly verdict: Verdict
  /** Ordered by object. */
  readonly differences: readonly Difference[]
}

/** What changed from one catalog to another, object by object and property by property. */
export function diffCatalogs(before: CatalogSnapshot, after: CatalogSnapshot): CatalogDiff {
  const all = objectsOf(before, after).flatMap((object) => differenceIn(object, before[object], after[object]))
  const resized = relationsWithOtherColumns(all)
  const differences = all.filter((difference) => !isConsequence(difference, resized))
  return { verdict: verdictOf(differences), differences }
}

/** The same of digests, which tell that an object differs, but not in what. */
export function diffDigests(before: CatalogDigest, after: CatalogDigest): readonly Difference[] {
  return objectsOf(before, after)
    .filter((object) => before[object] !== after[object])
    .map((object) => ({ kind: kindOf(before[object], after[object]), object, changes: [] }))
}

/** `+ index public.a, ~ table public.b`, at most ten of them. */
export function describeDifferences(differences: readonly Difference[]): string {
  const shown = differences.slice(0, 10).map(({ kind, object }) => `${MARKS[kind]} ${object}`)
  const more = differences.length - shown.length
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/**
 * Lines for people: an object each, with the properties that changed below it. What came or went together with its
 * table is covered by the table's line alone.
 */
export function explainDifferences(differences: readonly Difference[]): readonly string[] {
  const whole = wholeRelations(differences)
  const alone = differences.filter((difference) => !whole.has(`${difference.kind} ${relationOf(difference) ?? ''}`))
  return alone.flatMap((difference) => [
    `${MARKS[difference.kind]} ${difference.object}`,
    ...(difference.kind === 'changed' ? difference.changes.map(explainChange) : []),
  ])
}

const MARKS = { added: '+', removed: '-', changed: '~' } as const

function explainChange({ property, before, after }: PropertyChange): string {
  return `    ${property}: ${shown(before)} → ${shown(after)}`
}

function shown(value: string | undefined): string {
  return value === undefined ? '(none)' : value.replaceAll('\n', '\n      ')
}

/** `added public.users` for every table, view or type that came or went as a whole. */
function wholeRelations(differences: readonly Difference[]): ReadonlySet<string> {
  return new Set(
    differences.flatMap(({ kind, object }) => {
      const [, name] = /^(?:table|view|materialized view|foreign table|composite type|domain) (.*)$/.exec(object) ?? []
      return name === undefined || kind === 'changed' ? [] : [`${kind} ${name}`]
    }),
  )
}

/** The table of a column, constraint, trigger … or index. */
function relationOf({ object, changes }: Difference): string | undefined {
  const table = changes.find(({ property }) => property === 'table')
  return ownerOf(object) ?? table?.before ?? table?.after
}

function differenceIn(object: string, before?: ObjectProperties, after?: ObjectProperties): readonly Difference[] {
  const changes = changesBetween(before ?? {}, after ?? {})
  const kind = kindOf(before, after)
  return kind === 'changed' && changes.length === 0 ? [] : [{ kind, object, changes }]
}

/** Where columns came or went, their list is another one without that being a difference of its own. */
function isConsequence({ kind, object }: Difference, resized: ReadonlySet<string>): boolean {
  return kind === 'changed' && /^(?:column|attribute) order /.test(object) && resized.has(ownerOf(object) ?? '')
}

function relationsWithOtherColumns(differences: readonly Difference[]): ReadonlySet<string> {
  const columns = differences.filter(({ kind, object }) => kind !== 'changed' && /^column (?!order )/.test(object))
  return new Set(columns.map(({ object }) => ownerOf(object) ?? ''))
}

function objectsOf(before: object, after: object): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort(compareText)
}

function changesBetween(before: ObjectProperties, after: ObjectProperties): readonly PropertyChange[] {
  return objectsOf(before, after)
    .filter((property) => before[property] !== after[property])
    .filter((property) => before[property] !== UNREADABLE && after[property] !== UNREADABLE)
    .map((property) => ({ property, before: before[property], after: after[property] }))
}

function kindOf(before: unknown, after: unknown): Difference['kind'] {
  if (before === undefined) return 'added'
  return after === undefined ? 'removed' : 'changed'
}

function verdictOf(differences: readonly Difference[]): Verdict {
  if (differences.length === 0) return 'identical'
  const order = differences.every(({ kind, object }) => kind === 'changed' && object.startsWith('column order '))
  return order ? 'order-only' : 'differs'
}
