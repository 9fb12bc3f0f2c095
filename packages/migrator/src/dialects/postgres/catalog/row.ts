import type { ObjectProperties } from '../../../core/catalog.ts'
import type { Row } from '../session/sql-session.ts'
import { castText } from './cast-text.ts'
import { grantsOf } from './grants.ts'
import { viewText } from './view-text.ts'

/** What the rows of all queries add up to. */
export interface Reading {
  readonly major: number
  /** Names of the relations that were found, by oid. What belongs to another one (the migrator's own) is left out. */
  readonly relations: Map<string, string>
  readonly objects: Map<string, Record<string, string>>
}

/**
 * How a query's columns are read: `kind` and `name` make the identity. `oid` declares a relation; `of` is the oid of the
 * relation that this is a part of, whose name comes first; `on` one that it belongs to (an index's table). `owner` is a
 * property and whose `acl` is read, `acl owner` only the latter, `owner is default` says which is no property. `acl kind`
 * and `acl default` tell what the acl is compared with where that is not the kind's. `listed in` is the kind of an object
 * that holds the names in the order of the rows. `view` is a definition as pg_get_viewdef prints it.
 * Every other column is a property by its name, unless it is NULL or empty.
 */
const RESERVED = new Set([
  'kind',
  'name',
  'oid',
  'of',
  'on',
  'acl',
  'acl owner',
  'acl kind',
  'acl default',
  'owner is default',
  'default of',
  'listed in',
  'view',
])

/** What somebody wrote; the rest is printed by the server. */
const VERBATIM = new Set(['body', 'comment'])

/** Adds the rows of one query to what was read so far; rows of the same identity complete each other. */
export function readRows(reading: Reading, rows: readonly Row[]): void {
  const properties = Object.keys(rows[0] ?? {}).filter((column) => !RESERVED.has(column))
  for (const row of rows) readRow(reading, row, properties)
}

function readRow(reading: Reading, row: Row, columns: readonly string[]): void {
  const relation = relationOf(reading, row)
  if (relation === undefined) return
  const { kind, name } = row
  const qualified = row.of ? [relation, ...(name ? [name] : [])].join('.') : (name ?? '')
  if (row.oid) reading.relations.set(row.oid, qualified)
  const identity = `${kind} ${qualified}`
  const properties = propertiesOf(reading, identity)
  for (const column of columns) {
    const value = row[column]
    if (value) properties[column] = VERBATIM.has(column) ? value : castText(value)
  }
  if (row.view) properties.definition = castText(viewText(row.view))
  if (row.on) properties.table = relation
  if (row['owner is default']) delete properties.owner
  if (row['listed in']) append(reading, `${row['listed in']} ${relation}`, name ?? '')
  if (typeof row.acl === 'string') Object.assign(properties, grantsIn(row, row.acl, reading.major))
}

function propertiesOf({ objects }: Reading, identity: string): Record<string, string> {
  const known = objects.get(identity)
  if (known) return known
  const properties = {}
  objects.set(identity, properties)
  return properties
}

function append(reading: Reading, identity: string, name: string): void {
  const list = propertiesOf(reading, identity)
  list.columns = list.columns === undefined ? name : `${list.columns}, ${name}`
}

/** Undefined when it belongs to a relation that is left out; '' when it belongs to none. */
function relationOf({ relations }: Reading, { of, on }: Row): string | undefined {
  const oid = of ?? on
  return oid ? relations.get(oid) : ''
}

/** Default privileges are listed under the role whose objects they are for. */
function grantsIn(row: Row, text: string, major: number): ObjectProperties {
  const role = row['default of']
  const owner = role ?? row.owner ?? row['acl owner'] ?? ''
  const kind = row['acl kind'] ?? row.kind ?? ''
  const grants = grantsOf({ text, owner, kind, publicDefault: row['acl default'] ?? undefined }, major)
  if (!role) return grants
  return Object.fromEntries(Object.entries(grants).map(([to, what]) => [to.replace('grants', `of ${role}`), what]))
}
