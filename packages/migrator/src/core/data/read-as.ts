import type { CatalogSnapshot } from '../catalog.ts'
import { readIdentity } from '../catalog-identity.ts'
import { scalarValues } from './scalar-values.ts'
import { nameOf, type TableShape, type TypeShape } from './table-shape.ts'

/** A column of texts that a step reads as another type: only values that are inputs of that type get through it. */
export interface ReadAs {
  /** `schema.table`, unquoted. */
  readonly table: string
  readonly column: string
  readonly type: TypeShape
}

/** A column that a statement casts, whichever table it is in. */
export interface Cast {
  readonly column: string
  /** As the statement or the catalog names it, with or without a schema. */
  readonly type: string
}

/**
 * What a step that leads from one catalog to the other reads its texts as: the types that columns get, and the casts of its
 * statements. Types that no values are known for are left out.
 */
export function textsReadAs(from: CatalogSnapshot, to: CatalogSnapshot, casts: readonly Cast[]): readonly ReadAs[] {
  return Object.entries(from).flatMap(([object, { type: before }]) => {
    const { kind, parts } = readIdentity(object)
    const [schema = '', table = '', column = ''] = parts
    if (kind !== 'column' || !before || !isText(before)) return []
    const after = to[object]?.type
    const wanted = after !== undefined && after !== before ? after : casts.find((cast) => cast.column === column)?.type
    const type = wanted === undefined ? undefined : typeNamed(wanted, to)
    return type ? [{ table: nameOf({ schema, table }), column, type }] : []
  })
}

/** The shape whose values are inputs of those types as well. */
export function readableShape(shape: TableShape, wishes: readonly ReadAs[]): TableShape {
  const own = wishes.filter(({ table }) => table === nameOf(shape))
  if (own.length === 0) return shape
  const columns = shape.columns.map((column) => {
    const wish = own.find((each) => each.column === column.name)
    return wish ? { ...column, readAs: wish.type } : column
  })
  return { ...shape, columns }
}

function isText(type: string): boolean {
  return /^(?:text|character|citext|name)\b(?!.*\[\])/.test(type)
}

/** The type of a name as format_type() prints it, or as a statement writes it. */
function typeNamed(name: string, catalog: CatalogSnapshot): TypeShape | undefined {
  if (name.endsWith('[]')) {
    const element = typeNamed(name.slice(0, -2), catalog)
    return element && { kind: 'array', sql: name, element, delimiter: ',' }
  }
  const labels = propertiesOf('enum', name, catalog)?.values
  if (labels !== undefined) return { kind: 'enum', sql: name, labels: labelsIn(labels) }
  const base = propertiesOf('domain', name, catalog)?.type
  if (base !== undefined) return typeNamed(base, catalog)
  const [, bare = '', inside = '', zone = ''] = /^([^(]+?)(?:\(([^)]*)\))?( with(?:out)? time zone)?$/.exec(name) ?? []
  const known = SHORT_NAMES[`${bare}${zone}`] ?? bare
  const modifiers = inside === '' ? [] : inside.split(',').map(Number)
  return scalarValues(known, modifiers) && { kind: 'base', sql: name, name: known, modifiers }
}

function propertiesOf(kind: string, name: string, catalog: CatalogSnapshot): CatalogSnapshot[string] | undefined {
  const own = catalog[`${kind} ${name}`]
  if (own || name.includes('.')) return own
  const object = Object.keys(catalog).find((each) => {
    const identity = readIdentity(each)
    return identity.kind === kind && identity.parts[1] === name
  })
  return object === undefined ? undefined : catalog[object]
}

/** `'a', 'it''s'` */
function labelsIn(list: string): readonly string[] {
  return [...list.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = '']) => label.replaceAll("''", "'"))
}

/** The names of pg_type for those that SQL has words for. https://www.postgresql.org/docs/current/datatype.html */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  bigint: 'int8',
  integer: 'int4',
  smallint: 'int2',
  boolean: 'bool',
  'double precision': 'float8',
  real: 'float4',
  character: 'bpchar',
  'character varying': 'varchar',
  'bit varying': 'varbit',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
  'time with time zone': 'timetz',
  'time without time zone': 'time',
}
