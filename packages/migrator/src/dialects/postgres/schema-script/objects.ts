/**
 * Schema script: the schema of a live database as SQL, by pg_dump or from the system catalogs. Knows no migration.
 * This file: what is there, and what depends on what.
 */
import { FIRST_USER_OID } from '../catalog/scope.ts'
import { literal } from '../script/literal.ts'
import type { Row, SqlSession } from '../session/sql-session.ts'

/** An object that somebody created; what comes and goes with another one (a column, an index) is part of it. */
export interface SchemaObject {
  /** Unique in the database: `pg_class 16402`. */
  readonly key: string
  /** As DROP and COMMENT take it: `table`, `materialized view`, `function`. */
  readonly kind: string
  /** Qualified and quoted: `public.users`, `public.f(integer)`. */
  readonly identity: string
  readonly schema: string | undefined
  readonly oid: string
}

export interface Graph {
  readonly objects: readonly SchemaObject[]
  /** Keys of the objects that one cannot exist without. */
  readonly needs: ReadonlyMap<string, ReadonlySet<string>>
  /** Whether an object, or what it is part of, is among them. */
  has(key: string): boolean
}

/** Objects and dependencies, as `pg_depend` has them. */
export interface Dependencies {
  readonly objects: readonly SchemaObject[]
  readonly edges: readonly Edge[]
}

interface Edge {
  readonly from: string
  readonly to: string
  /** `owned`: it comes and goes with the other one. `sequence`, `partition`: it only goes with it; created before, or after it. */
  readonly kind: 'owned' | 'sequence' | 'partition' | 'needs'
  /** Created after all tables: a foreign key, a trigger, an index. */
  readonly late: boolean
}

const CATALOGS: Readonly<Record<string, string>> = {
  pg_namespace: `nspname !~ '^pg_' AND nspname <> 'information_schema'`,
  pg_extension: 'true',
  pg_class: `relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`,
  pg_type: 'true',
  ...Object.fromEntries(
    [
      ...['pg_proc', 'pg_operator', 'pg_opfamily', 'pg_opclass', 'pg_cast', 'pg_collation', 'pg_conversion'],
      ...['pg_language', 'pg_am', 'pg_transform', 'pg_statistic_ext', 'pg_event_trigger', 'pg_publication'],
      ...[
        'pg_foreign_data_wrapper',
        'pg_foreign_server',
        'pg_ts_config',
        'pg_ts_dict',
        'pg_ts_parser',
        'pg_ts_template',
      ],
    ].map((catalog) => [catalog, 'true']),
  ),
}

const MADE = Object.entries(CATALOGS)
  .map(([catalog, where]) => `SELECT '${catalog}'::regclass AS classid, oid FROM pg_catalog.${catalog} WHERE ${where}`)
  .join(' UNION ALL ')

const OBJECTS = `
  SELECT m.classid::regclass::text AS class, m.oid::text AS oid, i.type, i.schema, i.identity
    FROM (${MADE}) AS m CROSS JOIN LATERAL pg_catalog.pg_identify_object(m.classid, m.oid, 0) i
   WHERE m.oid >= ${FIRST_USER_OID} ORDER BY i.identity COLLATE "C"`

const EDGES = `
  SELECT d.classid::regclass::text AS class, d.objid::text AS oid, d.refclassid::regclass::text AS on_class,
         d.refobjid::text AS on_oid, d.deptype::text AS type,
         CASE WHEN d.deptype <> 'a' OR d.objsubid <> 0 THEN NULL WHEN c.relkind = 'S' THEN 'sequence'
              WHEN c.relispartition AND c.relkind IN ('r', 'p', 'f') THEN 'partition' END AS apart,
         (c.relkind IN ('i', 'I') OR k.contype = 'f' OR r.rulename <> '_RETURN'
          OR d.classid IN ('pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_statistic_ext'::regclass))::text AS late
    FROM pg_catalog.pg_depend d
    LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
    LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
    LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
   WHERE d.objid >= ${FIRST_USER_OID} AND d.refobjid >= ${FIRST_USER_OID} AND (d.classid, d.objid) <> (d.refclassid, d.refobjid)
     AND d.deptype IN ('n', 'a', 'i', 'e', 'P', 'S')
   ORDER BY d.deptype = 'a', d.deptype`

/** Reads what is there and what depends on what. */
export async function readDependencies(on: SqlSession): Promise<Dependencies> {
  const path = `SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)`
  const [, objects = [], edges = []] = await on.queryAll([path, OBJECTS, EDGES])
  return { objects: objects.map(objectOf), edges: edges.map(edgeOf) }
}

function objectOf({ class: catalog, oid, type, schema, identity }: Row): SchemaObject {
  return {
    key: `${catalog} ${oid}`,
    kind: KINDS[type ?? ''] ?? type ?? '',
    identity: identity ?? '',
    schema: schema ?? undefined,
    oid: oid ?? '',
  }
}

/** Where pg_identify_object calls it otherwise than DROP does. */
const KINDS: Readonly<Record<string, string>> = {
  'foreign-data wrapper': 'foreign data wrapper',
  'statistics object': 'statistics',
}

function edgeOf({ class: catalog, oid, on_class: onClass, on_oid: onOid, type, apart, late }: Row): Edge {
  const kind = apart === 'sequence' || apart === 'partition' ? apart : type === 'n' ? 'needs' : 'owned'
  return { from: `${catalog} ${oid}`, to: `${onClass} ${onOid}`, kind, late: late === 'true' }
}

/**
 * The objects by what they need. `dropping`: what goes with another object is part of it. `creating`: sequences and
 * partitions have statements of their own, and what is created after all tables puts nothing into an order.
 */
export function graphOf({ objects, edges }: Dependencies, way: 'creating' | 'dropping', leftOut: LeftOut): Graph {
  const owners = new Map<string, string>()
  for (const { from, to, kind } of edges) {
    if (kind === 'needs' || (kind !== 'owned' && way === 'creating') || owners.has(from)) continue
    owners.set(from, to)
  }
  const rootOf = (key: string): string => {
    let root = key
    for (let owner = owners.get(root); owner !== undefined; owner = owners.get(root)) root = owner
    return root
  }
  const kept = objects.filter((each) => rootOf(each.key) === each.key && !isLeftOut(each, leftOut))
  const needs = new Map(kept.map(({ key }) => [key, new Set<string>()]))
  for (const { from, to, kind, late } of edges) {
    if ((kind !== 'needs' && kind !== 'partition') || (late && way === 'creating')) continue
    const [one, other] = [rootOf(from), rootOf(to)]
    if (one !== other && needs.has(other)) needs.get(one)?.add(other)
  }
  return { objects: kept, needs, has: (key) => needs.has(rootOf(key)) }
}

/** What belongs to migration tools. */
export interface LeftOut {
  readonly schemas: ReadonlySet<string>
  /** Keys. */
  readonly objects: ReadonlySet<string>
}

function isLeftOut({ key, kind, identity, schema }: SchemaObject, { schemas, objects }: LeftOut): boolean {
  if (kind === 'schema') return identity === 'public' || schemas.has(unquoted(identity))
  return objects.has(key) || (schema !== undefined && schemas.has(unquoted(schema)))
}

export function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

/** Tables by their names, and the sequences that their columns own. */
export async function keysOf(
  on: SqlSession,
  tables: readonly { readonly schema: string; readonly table: string }[],
): Promise<readonly { readonly key: string; readonly name: string }[]> {
  if (tables.length === 0) return []
  const names = tables.map(({ schema, table }) => `(${literal(schema)}, ${literal(table)})`).join(', ')
  const rows = await on.query(`
    WITH own AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                  WHERE (n.nspname, c.relname) IN (${names}))
    SELECT c.oid::text AS oid, pg_catalog.format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""')) AS name
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid IN (SELECT oid FROM own) OR c.relkind = 'S' AND EXISTS (
       SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
          AND d.refclassid = 'pg_class'::regclass AND d.refobjid IN (SELECT oid FROM own) AND d.deptype IN ('a', 'i'))`)
  return rows.map(({ oid, name }) => ({ key: `pg_class ${oid}`, name: name ?? '' }))
}
