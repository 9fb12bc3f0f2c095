/** An object as a statement names it; without a schema it may be in any, without a kind it may be of any. */
export interface WantedObject {
  readonly kind?: string | undefined
  readonly schema?: string | undefined
  readonly name: string
  /** A column, constraint, trigger … of that relation. */
  readonly part?: string | undefined
}

/** Anything keyed by identity: a digest or a snapshot of the catalog. */
export type ByIdentity = Readonly<Record<string, unknown>>

/** Whether a catalog has such an object. */
export function hasObject(catalog: ByIdentity, wanted: WantedObject): boolean {
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

/** The identity of what the object is a part of (`public.users` of `column public.users.email`), if it is one. */
export function ownerOf(object: string): string | undefined {
  if (!PARTS.has(readIdentity(object).kind)) return undefined
  const name = object.slice((KIND.exec(object)?.[0] ?? '').length)
  return RELATION.exec(name)?.[0]
}

/** Kind and unquoted names of `kind schema.name(arguments)`. */
export function readIdentity(object: string): { readonly kind: string; readonly parts: readonly string[] } {
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

/** Kinds of two words and more; `materialized view` must be found before a `materialized` of one word. */
const LONG_KINDS = [
  'access method',
  'attribute order',
  'base type',
  'column order',
  'composite type',
  'default privileges',
  'event trigger',
  'foreign data wrapper',
  'foreign table',
  'materialized view',
  'operator class',
  'operator family',
  'range type',
  'security label',
  'text search configuration',
  'text search dictionary',
  'text search parser',
  'text search template',
  'user mapping',
]

const KIND = new RegExp(`^(?:${LONG_KINDS.join('|')}|[a-z]+) `)
const NAME = /"((?:[^"]|"")*)"|([^".(]+)/y
const RELATION = /^(?:"(?:[^"]|"")*"|[^".]+)\.(?:"(?:[^"]|"")*"|[^".]+)/

const UNQUALIFIED = new Set([
  'schema',
  'extension',
  'publication',
  'event trigger',
  'foreign data wrapper',
  'server',
  'language',
  'access method',
])

const PARTS = new Set(['column', 'column order', 'attribute order', 'constraint', 'trigger', 'policy', 'rule'])

/** How the catalog calls what a statement names; a kind that is not here may be anything. */
const CATALOG_KINDS: Readonly<Record<string, readonly string[]>> = {
  table: ['table', 'foreign table'],
  view: ['view', 'materialized view'],
  index: ['index'],
  sequence: ['sequence'],
  type: ['enum', 'domain', 'range type', 'composite type', 'base type'],
  function: ['function', 'procedure', 'aggregate'],
  column: ['column'],
  constraint: ['constraint'],
  trigger: ['trigger'],
  policy: ['policy'],
  rule: ['rule'],
  schema: ['schema'],
  extension: ['extension'],
}
