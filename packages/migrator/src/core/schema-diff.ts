import type { CatalogDigest } from './history.ts'
import { compareText } from './migration.ts'

/** One object that differs between two catalogs. */
export interface Difference {
  readonly kind: 'added' | 'removed' | 'changed'
  /** Kind and name, as in `index public.events_by_day`. */
  readonly object: string
}

/** What changed from one catalog to another, by object. */
export function diffCatalogs(before: CatalogDigest, after: CatalogDigest): readonly Difference[] {
  const objects = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort(compareText)
  return objects.flatMap((object): readonly Difference[] => {
    if (before[object] === after[object]) return []
    if (before[object] === undefined) return [{ kind: 'added', object }]
    return [{ kind: after[object] === undefined ? 'removed' : 'changed', object }]
  })
}

/** `+ index public.a, ~ table public.b`, at most ten of them. */
export function describeDifferences(differences: readonly Difference[]): string {
  const marks = { added: '+', removed: '-', changed: '~' }
  const shown = differences.slice(0, 10).map(({ kind, object }) => `${marks[kind]} ${object}`)
  const more = differences.length - shown.length
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** Whether a catalog has an object of that name, in the given schema or, without one, in any. */
export function hasObject(
  catalog: CatalogDigest,
  wanted: { schema?: string | undefined; name: string; part?: string | undefined },
): boolean {
  const end =
    wanted.part === undefined ? quoteIdent(wanted.name) : `${quoteIdent(wanted.name)}.${quoteIdent(wanted.part)}`
  const full = wanted.schema === undefined ? undefined : `${quoteIdent(wanted.schema)}.${end}`
  return Object.keys(catalog).some((object) => {
    const name = object.slice(0, object.indexOf('(') < 0 ? undefined : object.indexOf('(')).replace(KIND, '')
    return full === undefined ? name === end || name.endsWith(`.${end}`) : name === full
  })
}

const KIND = /^(?:materialized view|foreign table|composite type|column order|range type|[a-z]+) /

/** As PostgreSQL's quote_ident, for the names that it leaves bare. */
function quoteIdent(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
