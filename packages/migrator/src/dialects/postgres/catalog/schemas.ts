import { aclText, type CatalogQuery, comment, roleName } from './scope.ts'

const SINCE_15 = `current_setting('server_version_num')::int >= 150000`

/**
 * Until 14 a new database's `public` belongs to the bootstrap superuser (oid 10) and everybody may create in it; since 15
 * it belongs to pg_database_owner (oid 6171) and nobody else may. Each is its version's default and so is not told.
 */
export const schemas: CatalogQuery = ({ inUserSchema, notOfExtension, notOwnSchema }) => `
  SELECT 'schema' AS kind, quote_ident(s.nspname) AS name, ${roleName('s.nspowner')} AS owner,
         ${aclText("CASE WHEN s.nspname = 'public' THEN COALESCE(s.nspacl, acldefault('n', s.nspowner)) ELSE s.nspacl END")} AS acl,
         CASE WHEN s.nspname = 'public' AND s.nspowner = CASE WHEN ${SINCE_15} THEN 6171 ELSE 10 END THEN 'yes' END AS "owner is default",
         CASE WHEN s.nspname = 'public' THEN CASE WHEN ${SINCE_15} THEN 'U' ELSE 'UC' END END AS "acl default",
         d.description AS comment
    FROM pg_namespace s ${inUserSchema('s.oid')} ${comment('pg_namespace', 's.oid')}
   WHERE ${notOfExtension('pg_namespace', 's.oid')} AND ${notOwnSchema}`

/** What they bring belongs to them and is covered by the version. */
export const extensions: CatalogQuery = () => `
  SELECT 'extension' AS kind, quote_ident(x.extname) AS name, x.extversion AS version, n.nspname AS schema, d.description AS comment
    FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace ${comment('pg_extension', 'x.oid')}`

/** ALTER … DEPENDS ON EXTENSION: dropping the extension drops these too. */
export const extensionDependents: CatalogQuery = ({ inUserSchema }) => {
  const depends = (catalog: string, oid: string) => `
    JOIN (SELECT e.objid, string_agg(quote_ident(x.extname), ', ' ORDER BY x.extname) AS names
            FROM pg_depend e JOIN pg_extension x ON x.oid = e.refobjid
           WHERE e.refclassid = 'pg_extension'::regclass AND e.deptype = 'x' AND e.classid = '${catalog}'::regclass
           GROUP BY e.objid) extensions ON extensions.objid = ${oid}`
  return `
  SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind, NULL AS of,
         format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
         extensions.names AS "depends on extension"
    FROM pg_proc p ${inUserSchema('p.pronamespace')} ${depends('pg_proc', 'p.oid')}
  UNION ALL
  SELECT 'trigger', g.tgrelid::text, quote_ident(g.tgname), extensions.names
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid ${inUserSchema('c.relnamespace')} ${depends('pg_trigger', 'g.oid')}
  UNION ALL
  SELECT CASE WHEN c.relkind = 'm' THEN 'materialized view' ELSE 'index' END, NULL, format('%I.%I', n.nspname, c.relname), extensions.names
    FROM pg_class c ${inUserSchema('c.relnamespace')} ${depends('pg_class', 'c.oid')}
   WHERE c.relkind IN ('m', 'i', 'I')`
}

/** ALTER DEFAULT PRIVILEGES: one object a schema and kind of object; the roles for whose objects they are, its properties. */
export const defaultPrivileges: CatalogQuery = () => `
  SELECT 'default privileges' AS kind,
         concat_ws('.', quote_ident(n.nspname), CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                        WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END) AS name,
         ${roleName('a.defaclrole')} AS "default of", ${aclText('a.defaclacl')} AS acl,
         CASE WHEN a.defaclnamespace = 0 THEN
           CASE a.defaclobjtype WHEN 'r' THEN 'table' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'function' WHEN 'T' THEN 'enum' WHEN 'n' THEN 'schema' END
         END AS "acl kind"
    FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace`
