import {
  aclText,
  type CatalogQuery,
  comment,
  FIRST_USER_OID,
  foreignOptionsText,
  optionsText,
  roleName,
} from './scope.ts'

/** Tables, views, materialized views and foreign tables. Everything that is a part of one is read after them. */
export const relations: CatalogQuery = ({ inUserSchema, notOfExtension, notOwn }) => `
  SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name,
         CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
         ${roleName('c.relowner')} AS owner, ${aclText('c.relacl')} AS acl,
         CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS persistence,
         ${optionsText('c.reloptions')} AS options,
         ${optionsText('toast.reloptions')} AS "toast options",
         CASE WHEN c.relrowsecurity THEN 'enabled' END AS "row level security",
         CASE WHEN c.relforcerowsecurity THEN 'also for the owner' END AS "forced row level security",
         CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END AS "replica identity",
         space.spcname AS tablespace, NULLIF(method.amname, 'heap') AS "access method",
         CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype::text END AS "of type",
         CASE WHEN NOT c.relispartition THEN parent.names END AS inherits,
         CASE WHEN c.relispartition THEN parent.names END AS "partition of",
         CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS "partition bound",
         CASE WHEN parent.detaching THEN 'pending' END AS detaching,
         CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS "partition key",
         CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS view,
         CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN 'no' END AS populated,
         server.srvname AS server, ${foreignOptionsText('far.ftoptions')} AS "foreign options",
         d.description AS comment
    FROM pg_class c ${inUserSchema('c.relnamespace')}
    ${comment('pg_class', 'c.oid')}
    LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
    LEFT JOIN pg_tablespace space ON space.oid = c.reltablespace
    LEFT JOIN pg_am method ON method.oid = c.relam
    LEFT JOIN pg_foreign_table far ON far.ftrelid = c.oid
    LEFT JOIN pg_foreign_server server ON server.oid = far.ftserver
    LEFT JOIN (SELECT inhrelid, string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) AS names,
                      bool_or(inhdetachpending) AS detaching
                 FROM pg_inherits GROUP BY inhrelid) parent ON parent.inhrelid = c.oid
   WHERE c.oid >= ${FIRST_USER_OID} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${notOwn} AND ${notOfExtension('pg_class', 'c.oid')}`

/** Composite types of their own; their attributes are read as columns. Rights and comment are kept by the type. */
export const compositeTypes: CatalogQuery = ({ inUserSchema, notOfExtension }) => `
  SELECT c.oid::text AS oid, 'composite type' AS kind, format('%I.%I', n.nspname, c.relname) AS name,
         ${roleName('t.typowner')} AS owner, ${aclText('t.typacl')} AS acl, d.description AS comment
    FROM pg_class c ${inUserSchema('c.relnamespace')} JOIN pg_type t ON t.oid = c.reltype
    ${comment('pg_type', 't.oid')}
   WHERE c.relkind = 'c' AND ${notOfExtension('pg_type', 't.oid')}`

export const sequences: CatalogQuery = ({ inUserSchema, notOfExtension, notOwn }) => `
  SELECT 'sequence' AS kind, format('%I.%I', n.nspname, c.relname) AS name, owning.refobjid::text AS on,
         ${roleName('c.relowner')} AS owner, ${aclText('c.relacl')} AS acl,
         CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS persistence,
         format_type(s.seqtypid, NULL) AS type, s.seqstart::text AS start, s.seqincrement::text AS increment,
         s.seqmin::text AS minimum, s.seqmax::text AS maximum, s.seqcache::text AS cache,
         CASE WHEN s.seqcycle THEN 'yes' END AS cycle, a.attname::text AS "owned by column",
         d.description AS comment
    FROM pg_class c ${inUserSchema('c.relnamespace')} JOIN pg_sequence s ON s.seqrelid = c.oid
    ${comment('pg_class', 'c.oid')}
    LEFT JOIN pg_depend owning ON owning.classid = 'pg_class'::regclass AND owning.objid = c.oid AND owning.objsubid = 0
         AND owning.refclassid = 'pg_class'::regclass AND owning.deptype IN ('a', 'i')
    LEFT JOIN pg_attribute a ON a.attrelid = owning.refobjid AND a.attnum = owning.refobjsubid
   WHERE ${notOwn} AND ${notOfExtension('pg_class', 'c.oid')}`
