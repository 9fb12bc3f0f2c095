import { FIRST_USER_OID } from '../catalog/scope.ts'
import { literal } from '../script/literal.ts'

/** Every object with an owner: its key, how GRANT and ALTER … OWNER name it, and the letter of its default privileges. */
const OBJECTS = `
  SELECT 'pg_class ' || c.oid AS key, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind,
         CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS granted, c.oid::regclass::text AS name, c.relowner AS owner, c.relacl AS acl,
         CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END AS letter, '' AS columns, true AS owned
    FROM pg_class c WHERE c.oid >= ${FIRST_USER_OID} AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
  UNION ALL
  SELECT 'pg_class ' || c.oid, 'TABLE', 'TABLE', c.oid::regclass::text, c.relowner, a.attacl, 'c', format(' (%I)', a.attname), false
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl IS NOT NULL
   WHERE c.oid >= ${FIRST_USER_OID}
  UNION ALL
  SELECT CASE n.nspname WHEN 'public' THEN 'public' ELSE 'pg_namespace ' || n.oid END, 'SCHEMA', 'SCHEMA', quote_ident(n.nspname), n.nspowner, n.nspacl, 'n', '', n.nspname <> 'public'
    FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
  SELECT 'pg_proc ' || p.oid, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
         p.oid::regprocedure::text, p.proowner, p.proacl, 'f', '', true
    FROM pg_proc p WHERE p.oid >= ${FIRST_USER_OID} AND p.prokind <> 'a'
  UNION ALL
  SELECT 'pg_type ' || t.oid, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END,
         t.oid::regtype::text, t.typowner, t.typacl, 'T', '', true
    FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
   WHERE t.oid >= ${FIRST_USER_OID} AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')`

/** `who` is the role that owns most objects: whoever runs the migration stands in for it. */
export function privilegeQueries(mainOwner: string | undefined): readonly string[] {
  const main = literal(mainOwner ?? '')
  const role = (column: string) =>
    `CASE WHEN ${column} = 0 THEN 'PUBLIC' WHEN pg_get_userbyid(${column}) = ${main} THEN 'CURRENT_USER' ELSE quote_ident(pg_get_userbyid(${column})) END`
  return [
    `SELECT o.key, format('ALTER %s %s OWNER TO %I', o.kind, o.name, pg_get_userbyid(o.owner)) AS sql
       FROM (${OBJECTS}) AS o WHERE o.owned AND pg_get_userbyid(o.owner) <> ${main}
        AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' WHERE o.key = 'pg_class ' || d.objid AND d.deptype IN ('a', 'i'))
      ORDER BY o.name COLLATE "C"`,
    // What everybody or the owner has by default, and has no more. Who may use public is local to a server.
    `SELECT o.key, format('REVOKE %s%s ON %s %s FROM %s', string_agg(e.privilege_type, ', ' ORDER BY e.privilege_type), o.columns, o.granted, o.name, ${role('e.grantee')}) AS sql
       FROM (${OBJECTS}) AS o CROSS JOIN LATERAL aclexplode(acldefault(o.letter, o.owner)) e
      WHERE o.acl IS NOT NULL AND o.name <> 'public'
        AND NOT EXISTS (SELECT FROM aclexplode(o.acl) a WHERE a.grantee = e.grantee AND a.privilege_type = e.privilege_type)
      GROUP BY o.key, o.columns, o.granted, o.name, e.grantee ORDER BY o.name COLLATE "C"`,
    `SELECT o.key, format('GRANT %s ON %s %s TO %s%s', string_agg(e.privilege_type || o.columns, ', ' ORDER BY e.privilege_type), o.granted, o.name, ${role('e.grantee')},
                          CASE WHEN e.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS sql
       FROM (${OBJECTS}) AS o CROSS JOIN LATERAL aclexplode(o.acl) e
      WHERE e.grantee <> o.owner AND NOT (o.name = 'public' AND e.grantee = 0)
        AND NOT EXISTS (SELECT FROM aclexplode(acldefault(o.letter, o.owner)) a WHERE a.grantee = e.grantee AND a.privilege_type = e.privilege_type)
      GROUP BY o.key, o.columns, o.granted, o.name, e.grantee, e.is_grantable ORDER BY o.name COLLATE "C", 2`,
  ]
}

/** ALTER DEFAULT PRIVILEGES belongs to no object. */
export function defaultPrivilegeQuery(mainOwner: string | undefined): string {
  return `
  SELECT format('ALTER DEFAULT PRIVILEGES %s%sGRANT %s ON %s TO %s%s',
           CASE WHEN pg_get_userbyid(a.defaclrole) = ${literal(mainOwner ?? '')} THEN '' ELSE format('FOR ROLE %I ', pg_get_userbyid(a.defaclrole)) END,
           CASE WHEN n.oid IS NULL THEN '' ELSE format('IN SCHEMA %I ', n.nspname) END,
           string_agg(e.privilege_type, ', ' ORDER BY e.privilege_type),
           CASE a.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
           CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(e.grantee)) END,
           CASE WHEN e.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS sql
    FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace CROSS JOIN LATERAL aclexplode(a.defaclacl) e
   WHERE e.grantee <> a.defaclrole OR a.defaclnamespace <> 0
   GROUP BY a.oid, a.defaclrole, n.oid, n.nspname, a.defaclobjtype, e.grantee, e.is_grantable ORDER BY 1`
}
