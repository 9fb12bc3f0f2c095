/** One aclitem: who may do what, granted by whom. `privileges` are PostgreSQL's letters, each with `*` when it may be passed on. */
interface AclItem {
  readonly grantee: string
  readonly privileges: string
  readonly grantor: string
}

export interface Acl {
  /** aclitems, one a line (https://www.postgresql.org/docs/current/ddl-priv.html). */
  readonly text: string
  readonly owner: string
  /** The kind of object as the catalog names it. */
  readonly kind: string
  /** What everybody has unless it was revoked, where that is not the kind's. */
  readonly publicDefault?: string | undefined
}

/**
 * What was granted and revoked, as `grants to ROLE` → `SELECT, UPDATE`. The owner is called that, by whatever name; what
 * the owner and everybody have by default is left out, and `none` where it was revoked.
 */
export function grantsOf(acl: Acl, major: number): Readonly<Record<string, string>> {
  const items = acl.text.split('\n').flatMap(parseItem)
  const granted = new Map<string, string[]>()
  for (const { grantee, privileges, grantor } of items) {
    const name = grantee === acl.owner ? 'owner' : grantee === '' ? 'PUBLIC' : grantee
    const by = grantor === acl.owner ? '' : ` by ${grantor}`
    granted.set(name, [...(granted.get(name) ?? []), `${words(privileges, major)}${by}`])
  }
  const found = new Map([...granted].map(([name, texts]) => [name, texts.sort().join('; ')]))
  for (const [name, privileges] of defaultsOf(acl)) {
    if (privileges === '') continue
    if (found.get(name) === words(privileges, 0)) found.delete(name)
    else if (!found.has(name)) found.set(name, 'none')
  }
  return Object.fromEntries([...found].map(([name, text]) => [`grants to ${name}`, text]))
}

function defaultsOf({ kind, publicDefault }: Acl): readonly (readonly [string, string])[] {
  const { owner, everybody } = DEFAULTS[kind] ?? NOTHING
  return [
    ['owner', owner],
    ['PUBLIC', publicDefault ?? everybody],
  ]
}

const NOTHING = { owner: '', everybody: '' }
const RELATION = { owner: 'arwdDxt', everybody: '' }
const ROUTINE = { owner: 'X', everybody: 'X' }
const USAGE = { owner: 'U', everybody: '' }
const OPEN_USAGE = { owner: 'U', everybody: 'U' }

/** What a NULL acl stands for. https://www.postgresql.org/docs/current/ddl-priv.html#PRIVILEGES-SUMMARY-TABLE */
const DEFAULTS: Readonly<Record<string, typeof NOTHING>> = {
  table: RELATION,
  view: RELATION,
  'materialized view': RELATION,
  'foreign table': RELATION,
  sequence: { owner: 'rwU', everybody: '' },
  schema: { owner: 'UC', everybody: '' },
  function: ROUTINE,
  procedure: ROUTINE,
  aggregate: ROUTINE,
  enum: OPEN_USAGE,
  domain: OPEN_USAGE,
  'range type': OPEN_USAGE,
  'composite type': OPEN_USAGE,
  'base type': OPEN_USAGE,
  language: OPEN_USAGE,
  'foreign data wrapper': USAGE,
  server: USAGE,
}

const PRIVILEGES: Readonly<Record<string, string>> = {
  a: 'INSERT',
  r: 'SELECT',
  w: 'UPDATE',
  d: 'DELETE',
  D: 'TRUNCATE',
  x: 'REFERENCES',
  t: 'TRIGGER',
  X: 'EXECUTE',
  U: 'USAGE',
  C: 'CREATE',
  m: 'MAINTAIN',
}

const ITEM = /^("(?:[^"]|"")*"|[^=]*)=([a-zA-Z*]*)\/(.*)$/

function parseItem(line: string): readonly AclItem[] {
  const [, grantee, privileges = '', grantor = ''] = ITEM.exec(line) ?? []
  return grantee === undefined ? [] : [{ grantee: unquoted(grantee), privileges, grantor: unquoted(grantor) }]
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

/**
 * Since PostgreSQL 17 MAINTAIN is a part of ALL on tables. Beside the three that are otherwise granted by ALL alone it
 * is implied there, and its absence is noted, so that GRANT ALL reads the same on every version.
 */
function words(privileges: string, major: number): string {
  const letters = privileges.match(/[a-zA-Z]\*?/g) ?? []
  const isAll = ['D', 'x', 't'].every((letter) => privileges.includes(letter))
  const named = letters
    .filter((letter) => !(isAll && letter.startsWith('m')))
    .map((letter) => `${PRIVILEGES[letter.charAt(0)] ?? letter}${letter.endsWith('*') ? ' with grant option' : ''}`)
  const lacks = isAll && major >= 17 && !privileges.includes('m')
  return [...named.sort(), ...(lacks ? ['not MAINTAIN'] : [])].join(', ')
}
