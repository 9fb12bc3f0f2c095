import type { CatalogDigest } from '../core/history.ts'
import type { Catalog, NamedObject, Session } from '../ports.ts'
import { identifier, literal } from './literal.ts'
import type { TableName } from './table-name.ts'

/**
 * What is there, from the system catalogs only: every object of the user's schemas as "kind name" with a digest of its
 * definition. The migrator's own tables and what belongs to extensions are left out. Reads take no lock beyond
 * ACCESS SHARE on catalogs. https://www.postgresql.org/docs/current/catalogs.html
 */
export function createCatalog(own: readonly TableName[]): Catalog {
  return {
    async digest(on: Session): Promise<CatalogDigest> {
      const rows = await on.query(digestQuery(own))
      return Object.fromEntries(rows.map(({ identity, digest }) => [identity ?? '', digest ?? '']))
    },
    async hasDeferrable(on: Session): Promise<boolean> {
      const [row] = await on.query(
        'SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint WHERE condeferrable)::text AS found',
      )
      return row?.found === 'true'
    },
    async fingerprint(on: Session): Promise<string> {
      const [row] = await on.query(`
        SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
                 coalesce(string_agg(digest || '  ' || identity, E'\\n' ORDER BY identity COLLATE "C"), ''), 'UTF8')), 'hex') AS fingerprint
          FROM (${digestQuery(own)}) AS objects`)
      return row?.fingerprint ?? ''
    },
    async invalidIndexes(on: Session): Promise<readonly string[]> {
      const rows = await on.query(`
        SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
          FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE NOT i.indisvalid AND c.relkind = 'i' ORDER BY 1`)
      return rows.map(({ name }) => name ?? '')
    },
    async holdsData(on: Session, { kind, schema, name, part }: NamedObject): Promise<boolean> {
      if (kind !== 'table' && kind !== 'column') return false
      const table = [schema, name].flatMap((each) => (each === undefined ? [] : [identifier(each)])).join('.')
      const [found] = await on.query(`SELECT pg_catalog.to_regclass(${literal(table)})::text AS found`)
      if (!found?.found) return false
      const filter = part === undefined ? '' : `WHERE ${identifier(part)} IS NOT NULL`
      const [row] = await on.query(`SELECT EXISTS (SELECT 1 FROM ${table} ${filter})::text AS held`)
      return row?.held === 'true'
    },
  }
}

/** In PostgreSQL 18 a NOT NULL is a constraint with a name as well; it is told by its column on every version. */
function digestQuery(own: readonly TableName[]): string {
  const ours = own.map(({ schema, table }) => `(${literal(schema)}, ${literal(table)})`).join(', ')
  return `
WITH ns AS MATERIALIZED (
  SELECT oid, nspname FROM pg_catalog.pg_namespace
   WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
), rel AS MATERIALIZED (
  SELECT c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.reloptions, c.relpersistence, c.relrowsecurity,
         c.relforcerowsecurity, c.relreplident, c.relispartition, c.relpartbound, ns.nspname,
         pg_catalog.format('%I.%I', ns.nspname, c.relname) AS name
    FROM pg_catalog.pg_class c JOIN ns ON ns.oid = c.relnamespace
   WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN ns tn ON tn.oid = t.relnamespace
                      WHERE i.indexrelid = c.oid AND (tn.nspname, t.relname) IN (${ours}))
     AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class t ON t.oid = d.refobjid JOIN ns tn ON tn.oid = t.relnamespace
                      WHERE c.relkind = 'S' AND d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
                        AND (tn.nspname, t.relname) IN (${ours}))
     AND (ns.nspname, c.relname) NOT IN (${ours})
), objects(kind, name, definition) AS (
  SELECT 'schema', pg_catalog.quote_ident(n.nspname), concat_ws('|', n.nspowner::regrole, n.nspacl::text, obj_description(n.oid, 'pg_namespace'))
    FROM pg_catalog.pg_namespace n JOIN ns USING (oid)
  UNION ALL
  SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                      WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' ELSE 'composite type' END, name,
         concat_ws('|', relkind, relowner::regrole, relacl::text, reloptions::text, relpersistence, relrowsecurity, relforcerowsecurity,
           relreplident, CASE WHEN relispartition THEN pg_catalog.pg_get_expr(relpartbound, oid) END,
           (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = rel.oid),
           CASE relkind WHEN 'p' THEN pg_catalog.pg_get_partkeydef(oid) WHEN 'v' THEN pg_catalog.pg_get_viewdef(oid) WHEN 'm' THEN pg_catalog.pg_get_viewdef(oid) END,
           (SELECT concat_ws(',', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle) FROM pg_catalog.pg_sequence s WHERE s.seqrelid = rel.oid),
           obj_description(oid, 'pg_class'))
    FROM rel WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
  UNION ALL
  SELECT 'column', pg_catalog.format('%s.%I', rel.name, a.attname),
         concat_ws('|', pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attacl::text,
           CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation END, pg_catalog.pg_get_expr(d.adbin, d.adrelid), col_description(rel.oid, a.attnum))
    FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE rel.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  UNION ALL
  SELECT 'column order', rel.name, (SELECT string_agg(a.attname, ',' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped)
    FROM rel WHERE rel.relkind IN ('r', 'p', 'f', 'c')
  UNION ALL
  SELECT 'constraint', pg_catalog.format('%s.%I', rel.name, c.conname),
         concat_ws('|', pg_catalog.pg_get_constraintdef(c.oid), c.convalidated, c.coninhcount, obj_description(c.oid, 'pg_constraint'))
    FROM pg_catalog.pg_constraint c JOIN rel ON rel.oid = c.conrelid WHERE c.contype <> 'n'
  UNION ALL
  SELECT 'index', rel.name, concat_ws('|', pg_catalog.pg_get_indexdef(rel.oid), i.indisvalid, i.indisclustered, i.indisreplident, rel.reloptions::text, obj_description(rel.oid, 'pg_class'))
    FROM rel JOIN pg_catalog.pg_index i ON i.indexrelid = rel.oid
  UNION ALL
  SELECT 'trigger', pg_catalog.format('%s.%I', rel.name, t.tgname), concat_ws('|', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
    FROM pg_catalog.pg_trigger t JOIN rel ON rel.oid = t.tgrelid WHERE NOT t.tgisinternal
  UNION ALL
  SELECT 'policy', pg_catalog.format('%s.%I', rel.name, p.polname),
         concat_ws('|', p.polcmd, p.polpermissive, p.polroles::text, pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_catalog.pg_policy p JOIN rel ON rel.oid = p.polrelid
  UNION ALL
  SELECT 'rule', pg_catalog.format('%s.%I', rel.name, r.rulename), pg_catalog.pg_get_ruledef(r.oid)
    FROM pg_catalog.pg_rewrite r JOIN rel ON rel.oid = r.ev_class WHERE r.rulename <> '_RETURN'
  UNION ALL
  SELECT 'function', pg_catalog.format('%I.%I(%s)', ns.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
         concat_ws('|', CASE WHEN p.prokind IN ('f', 'p') THEN pg_catalog.pg_get_functiondef(p.oid) END, p.proowner::regrole, p.proacl::text, obj_description(p.oid, 'pg_proc'))
    FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace
   WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  UNION ALL
  SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'range type' END, pg_catalog.format('%I.%I', ns.nspname, t.typname),
         concat_ws('|', t.typowner::regrole, t.typacl::text, pg_catalog.format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
           (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
           (SELECT string_agg(pg_catalog.pg_get_constraintdef(c.oid), ',' ORDER BY c.conname) FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype <> 'n'),
           obj_description(t.oid, 'pg_type'))
    FROM pg_catalog.pg_type t JOIN ns ON ns.oid = t.typnamespace
   WHERE t.typtype IN ('e', 'd', 'r')
     AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
  UNION ALL
  SELECT 'statistics', pg_catalog.format('%I.%I', ns.nspname, s.stxname), pg_catalog.pg_get_statisticsobjdef(s.oid)
    FROM pg_catalog.pg_statistic_ext s JOIN ns ON ns.oid = s.stxnamespace
  UNION ALL
  SELECT 'extension', pg_catalog.quote_ident(e.extname), concat_ws('|', e.extversion, e.extnamespace::regnamespace) FROM pg_catalog.pg_extension e
)
SELECT kind || ' ' || name AS identity, pg_catalog.md5(coalesce(string_agg(definition, '|' ORDER BY definition), '')) AS digest
  FROM objects GROUP BY 1`
}
