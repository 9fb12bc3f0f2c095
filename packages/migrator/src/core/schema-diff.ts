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

/** An object as a statement names it; without a schema it may be in any, without a kind it may be of any. */
export interface WantedObject {
  readonly kind?: string | undefined
  readonly schema?: string | undefined
  readonly name: string
  /** A column, constraint, trigger … of that relation. */
  readonly part?: string | undefined
}

/** Whether a catalog has such an object. */
export function hasObject(catalog: CatalogDigest, wanted: WantedObject): boolean {
  const end = wanted.part === undefined ? [wanted.name] : [wanted.name, wanted.part]
  const kinds = wanted.kind === undefined ? undefined : CATALOG_KINDS[wanted.kind]
  return Object.keys(catalog).some((object) => {
    const { kind, parts } = readIdentity(object)
    if (kinds && !kinds.includes(kind)) return false
    if (UNQUALIFIED.has(kind)) return parts.length === 1 && parts[0] === wanted.name
    const inSchema = wanted.schema === undefined || parts[0] === wanted.schema
    return inSchema && parts.length === end.length + 1 && end.every((name, index) => parts[index + 1] === name)
  })
}

/** Whether a text names the object, or the table that it is a part of. */
export function isNamedIn(object: string, text: string): boolean {
  const { kind, parts } = readIdentity(object)
  const name = (UNQUALIFIED.has(kind) ? parts[0] : parts[1]) ?? ''
  return new RegExp(`(?<![\\w$])${name.replace(/[^\w]/g, '\\$&')}(?![\\w$])`, 'i').test(text)
}

const UNQUALIFIED = new Set(['schema', 'extension'])

/** How the catalog calls what a statement names; a kind that is not here may be anything. */
const CATALOG_KINDS: Readonly<Record<string, readonly string[]>> = {
  table: ['table', 'foreign table'],
  view: ['view', 'materialized view'],
  index: ['index'],
  sequence: ['sequence'],
  type: ['enum', 'domain', 'range type', 'composite type'],
  function: ['function'],
  column: ['column'],
  constraint: ['constraint'],
  trigger: ['trigger'],
  policy: ['policy'],
  rule: ['rule'],
  schema: ['schema'],
  extension: ['extension'],
}

const KIND = /^(?:materialized view|foreign table|composite type|column order|range type|[a-z]+) /
const NAME = /"((?:[^"]|"")*)"|([^".(]+)/y

/** Kind and unquoted names of `kind schema.name(arguments)`. */
function readIdentity(object: string): { readonly kind: string; readonly parts: readonly string[] } {
  const kind = KIND.exec(object)?.[0] ?? ''
  const parts: string[] = []
  for (let at = kind.length; at < object.length; at++) {
    NAME.lastIndex = at
    const match = NAME.exec(object)
    if (!match) break
    parts.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    at = NAME.lastIndex
    if (object[at] !== '.') break
  }
  return { kind: kind.trimEnd(), parts }
}
