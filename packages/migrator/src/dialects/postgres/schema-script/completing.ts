import { FIRST_USER_OID } from '../catalog/scope.ts'
import { ENABLING } from '../script/enabling.ts'

/**
 * Queries for what follows once all tables exist, in this order; `key` is the object that the statement belongs to. They run
 * with an empty search path.
 */
const enabling = (table: string, state: string, what: string, object: string) =>
  `CASE ${state} WHEN 'O' THEN '' ELSE format(E';\\nALTER TABLE %s %s ${what} %I', ${table}::regclass,
     CASE ${state} ${CASES} END, ${object}) END`

const CASES = Object.entries(ENABLING)
  .map(([state, words]) => `WHEN '${state}' THEN '${words}'`)
  .join(' ')

const OWNED_SEQUENCES = `
  SELECT 'pg_class ' || d.objid AS key, format('ALTER SEQUENCE %s OWNED BY %s.%I', d.objid::regclass, d.refobjid::regclass, a.attname) AS sql
    FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
   WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' ORDER BY d.objid`

const COLUMN_SETTINGS = `
  SELECT 'pg_class ' || c.oid AS key, format('ALTER TABLE ONLY %s ALTER COLUMN %I %s', c.oid::regclass, a.attname, setting.sql) AS sql
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm') JOIN pg_type t ON t.oid = a.atttypid
   CROSS JOIN LATERAL (VALUES
     (CASE WHEN a.attstorage <> t.typstorage THEN 'SET STORAGE ' || CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'm' THEN 'MAIN' WHEN 'e' THEN 'EXTERNAL' ELSE 'EXTENDED' END END),
     (CASE WHEN a.attstattarget >= 0 THEN 'SET STATISTICS ' || a.attstattarget END),
     (CASE WHEN a.attoptions IS NOT NULL THEN (SELECT 'SET (' || string_agg(format('%s=%L', option_name, option_value), ', ') || ')' FROM pg_options_to_table(a.attoptions)) END)
   ) setting(sql)
   WHERE c.oid >= ${FIRST_USER_OID} AND a.attnum > 0 AND NOT a.attisdropped AND setting.sql IS NOT NULL ORDER BY c.oid, a.attnum`

/** That of a constraint comes with it. */
const INDEXES = `
  SELECT 'pg_class ' || i.indrelid AS key, pg_get_indexdef(i.indexrelid) || CASE WHEN p.inhparent IS NULL THEN '' ELSE
           format(E';\\nALTER INDEX %s ATTACH PARTITION %s', p.inhparent::regclass, i.indexrelid::regclass) END AS sql
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid AND t.relkind IN ('r', 'p', 'm')
    LEFT JOIN pg_inherits p ON p.inhrelid = i.indexrelid
   WHERE i.indexrelid >= ${FIRST_USER_OID}
     AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
   ORDER BY t.relispartition, c.relname COLLATE "C"`

const CONSTRAINTS = `
  SELECT 'pg_class ' || k.conrelid AS key,
         format('ALTER TABLE %s%s ADD CONSTRAINT %I %s', CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, c.oid::regclass, k.conname, pg_get_constraintdef(k.oid)) AS sql
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
   WHERE k.oid >= ${FIRST_USER_OID} AND k.conparentid = 0 AND k.conislocal AND (k.contype = 'f' OR k.contype = 'c' AND NOT k.convalidated)
   ORDER BY c.relname COLLATE "C", k.conname COLLATE "C"`

const CLUSTERED = `
  SELECT 'pg_class ' || i.indrelid AS key, format('ALTER TABLE %s CLUSTER ON %I', i.indrelid::regclass, c.relname) AS sql
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indisclustered AND i.indexrelid >= ${FIRST_USER_OID} ORDER BY i.indrelid`

const REPLICA_IDENTITY = `
  SELECT 'pg_class ' || c.oid AS key, format('ALTER TABLE ONLY %s REPLICA IDENTITY ', c.oid::regclass)
         || CASE c.relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL'
              ELSE (SELECT format('USING INDEX %I', ic.relname) FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident) END AS sql
    FROM pg_class c WHERE c.oid >= ${FIRST_USER_OID} AND c.relkind IN ('r', 'p') AND c.relreplident IN ('n', 'f', 'i') ORDER BY c.oid`

const STATISTICS = `
  SELECT 'pg_class ' || stxrelid AS key, pg_get_statisticsobjdef(oid) AS sql FROM pg_statistic_ext ORDER BY oid`

const TRIGGERS = `
  SELECT 'pg_class ' || g.tgrelid AS key, pg_get_triggerdef(g.oid) || ${enabling('g.tgrelid', 'g.tgenabled', 'TRIGGER', 'g.tgname')} AS sql
    FROM pg_trigger g WHERE NOT g.tgisinternal AND g.tgparentid = 0 ORDER BY g.tgrelid::regclass::text COLLATE "C", g.tgname COLLATE "C"`

const RULES = `
  SELECT 'pg_class ' || r.ev_class AS key, rtrim(pg_get_ruledef(r.oid), ';') || ${enabling('r.ev_class', 'r.ev_enabled', 'RULE', 'r.rulename')} AS sql
    FROM pg_rewrite r WHERE r.oid >= ${FIRST_USER_OID} AND r.rulename <> '_RETURN' ORDER BY r.ev_class::regclass::text COLLATE "C", r.rulename COLLATE "C"`

const ROW_SECURITY = `
  SELECT 'pg_class ' || c.oid AS key, format('ALTER TABLE %s %s ROW LEVEL SECURITY', c.oid::regclass, word) AS sql
    FROM pg_class c CROSS JOIN LATERAL (VALUES (c.relrowsecurity, 'ENABLE'), (c.relforcerowsecurity, 'FORCE')) state(is_on, word)
   WHERE c.oid >= ${FIRST_USER_OID} AND is_on ORDER BY c.oid, word`

const POLICIES = `
  SELECT 'pg_class ' || p.polrelid AS key, format('CREATE POLICY %I ON %s%s FOR %s TO %s', p.polname, p.polrelid::regclass,
           CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END,
           CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
           (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ') FROM unnest(p.polroles) role))
         || COALESCE(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
         || COALESCE(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') AS sql
    FROM pg_policy p ORDER BY p.polrelid::regclass::text COLLATE "C", p.polname COLLATE "C"`

const REFRESHES = `
  SELECT 'pg_class ' || c.oid AS key, 'REFRESH MATERIALIZED VIEW ' || c.oid::regclass AS sql
    FROM pg_class c WHERE c.oid >= ${FIRST_USER_OID} AND c.relkind = 'm' AND c.relispopulated ORDER BY c.oid`

/** pg_identify_object names the kinds of parts otherwise than COMMENT does. */
const COMMENTS = `
  SELECT d.classoid::regclass || ' ' || d.objoid AS key, format('COMMENT ON %s %s IS %L', CASE
           WHEN i.type IN ('table column', 'view column', 'materialized view column', 'composite type column') THEN 'COLUMN'
           WHEN i.type IN ('table constraint', 'domain constraint') THEN 'CONSTRAINT'
           WHEN i.type = 'statistics object' THEN 'STATISTICS' ELSE upper(i.type) END,
           CASE i.type WHEN 'domain constraint' THEN regexp_replace(i.identity, '^(.*) on ', '\\1 on DOMAIN ') ELSE i.identity END, d.description) AS sql
    FROM pg_description d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
   WHERE d.objoid >= ${FIRST_USER_OID} AND i.type <> 'extension' AND i.identity <> 'public'
     AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')
   ORDER BY i.identity COLLATE "C"`

export const COMPLETING = [
  ...[OWNED_SEQUENCES, COLUMN_SETTINGS, INDEXES, CONSTRAINTS, CLUSTERED, REPLICA_IDENTITY, STATISTICS],
  ...[TRIGGERS, RULES, ROW_SECURITY, POLICIES, REFRESHES, COMMENTS],
]
