import { literal } from '../../script/literal.ts'
import type { Touched } from '../../script/touched.ts'
import type { SqlSession } from '../../session/sql-session.ts'

/**
 * The relations that depend on these objects, over any number of steps: those with columns of a type, partitions, members of a
 * schema or an extension … As pg_depend says, which is what DROP … CASCADE follows.
 * https://www.postgresql.org/docs/current/catalog-pg-depend.html
 */
export async function dependentsOf(on: SqlSession, touched: readonly Touched[]): Promise<readonly string[]> {
  const seeds = touched.flatMap((each) => seedOf(each) ?? [])
  if (seeds.length === 0) return []
  const rows = await on.query(`
    WITH RECURSIVE seeds(classid, objid) AS (${seeds.join(' UNION ')}),
    reached(classid, objid) AS (
      SELECT classid::oid, objid FROM seeds
      UNION SELECT d.classid, d.objid FROM reached r JOIN pg_catalog.pg_depend d ON d.refclassid = r.classid AND d.refobjid = r.objid
             WHERE d.deptype IN ('n', 'a', 'i', 'e', 'P', 'S')
    )
    SELECT objid::text AS oid FROM reached WHERE classid = 'pg_catalog.pg_class'::regclass
    UNION SELECT a.adrelid::text FROM reached r JOIN pg_catalog.pg_attrdef a ON a.oid = r.objid AND r.classid = 'pg_catalog.pg_attrdef'::regclass`)
  return rows.map(({ oid }) => oid ?? '')
}

function seedOf({ kind, schema, name }: Touched): string | undefined {
  const inSchema = (column: string) =>
    schema === undefined
      ? ''
      : ` AND ${column} = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ${literal(schema)})`
  const value = literal(name)
  switch (kind) {
    case 'relation':
      return `SELECT 'pg_catalog.pg_class'::regclass, oid FROM pg_catalog.pg_class WHERE relname = ${value}${inSchema('relnamespace')}`
    case 'type':
      return `SELECT 'pg_catalog.pg_type'::regclass, oid FROM pg_catalog.pg_type WHERE typname = ${value}${inSchema('typnamespace')}`
    case 'function':
      return `SELECT 'pg_catalog.pg_proc'::regclass, oid FROM pg_catalog.pg_proc WHERE proname = ${value}${inSchema('pronamespace')}`
    case 'schema':
      return `SELECT 'pg_catalog.pg_namespace'::regclass, oid FROM pg_catalog.pg_namespace WHERE nspname = ${value}`
    case 'extension':
      return `SELECT 'pg_catalog.pg_extension'::regclass, oid FROM pg_catalog.pg_extension WHERE extname = ${value}`
    case 'role':
      return `SELECT 'pg_catalog.pg_class'::regclass, c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles r ON r.oid = c.relowner WHERE r.rolname = ${value}`
    case 'text':
      return undefined
  }
}
