import type { TableName } from '../history/table-name.ts'
import { literal } from '../script/literal.ts'

/** What in a database is the migrator's own, and so left out of its catalog. */
export interface OwnObjects {
  readonly tables: readonly TableName[]
  /** Whole schemas (archives of rows that a rollback preserved). */
  readonly schemas?: readonly string[]
}

/** A query over the system catalogs; row.ts explains how its columns are read. */
export type CatalogQuery = (scope: Scope) => string

/** What initdb makes has oids below this: a cheap condition for what a user made. */
export const FIRST_USER_OID = 16_384

/** Conditions and joins that the queries share. They run with an empty search path, so pg_catalog needs no naming. */
export interface Scope {
  /** Joins the schema of `ALIAS.COLUMN` as `n`, where it is a user's. */
  inUserSchema(column: string): string
  /** True unless the object belongs to an extension: that is covered by the extension. */
  notOfExtension(catalog: string, oid: string): string
  /** True unless the relation (`n`, name) is one of the migrator's own tables. */
  readonly notOwn: string
  /** True unless the schema `s` was made for the history, and holds nothing else. */
  readonly notOwnSchema: string
}

export function createScope({ tables, schemas = [] }: OwnObjects): Scope {
  const archives = schemas.map((schema) => ` AND n.nspname <> ${literal(schema)}`).join('')
  const own = tables.map(({ schema, table }) => `(${literal(schema)}, ${literal(table)})`).join(', ')
  const homes = tables.filter(({ schema }) => schema !== 'public').map(({ schema }) => literal(schema))
  return {
    notOwnSchema:
      homes.length === 0
        ? 'true'
        : `NOT (s.nspname IN (${homes.join(', ')})
      AND EXISTS (SELECT FROM pg_class o WHERE o.relnamespace = s.oid AND (s.nspname, o.relname) IN (${own}))
      AND NOT EXISTS (SELECT FROM pg_class o WHERE o.relnamespace = s.oid AND o.relkind IN ('r', 'p', 'v', 'm', 'f')
                         AND (s.nspname, o.relname) NOT IN (${own}))
      AND NOT EXISTS (SELECT FROM pg_proc o WHERE o.pronamespace = s.oid)
      AND NOT EXISTS (SELECT FROM pg_type o WHERE o.typnamespace = s.oid AND o.typtype IN ('e', 'd', 'r')))`,
    inUserSchema: (column) =>
      `JOIN pg_namespace n ON n.oid = ${column} AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'${archives}`,
    notOfExtension: (catalog, oid) =>
      `NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e'
         AND e.classid = '${catalog}'::regclass AND e.objid = ${oid})`,
    notOwn: own === '' ? 'true' : `(n.nspname, c.relname) NOT IN (${own})`,
  }
}

/** Joins the comment on an object as `d`. */
export function comment(catalog: string, oid: string, part = '0'): string {
  return `LEFT JOIN pg_description d ON d.classoid = '${catalog}'::regclass AND d.objoid = ${oid} AND d.objsubid = ${part}`
}

/** Privileges as aclitems, one a line; NULL where nobody has granted or revoked any. */
export function aclText(column: string): string {
  return `array_to_string(${column}, E'\\n')`
}

/** Options (`fillfactor=70`) in an order of their own, not in the order in which they were set. */
export function optionsText(column: string): string {
  return `CASE WHEN ${column} IS NOT NULL THEN (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(${column}) o) END`
}

/** Options of foreign servers and similar objects; what may be a secret shows only that it changed. */
export function foreignOptionsText(column: string): string {
  return `CASE WHEN ${column} IS NOT NULL THEN (
    SELECT string_agg(CASE WHEN option_name ~* 'pass|secret|token|key|credential' THEN option_name || '=md5:' || md5(option_value)
                           ELSE option_name || '=' || option_value END, ', ' ORDER BY option_name COLLATE "C")
      FROM pg_options_to_table(${column})) END`
}

/** The name of the role with this oid, as it is. */
export function roleName(column: string): string {
  return `pg_get_userbyid(${column})`
}
