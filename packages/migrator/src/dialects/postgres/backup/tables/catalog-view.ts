import { literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'

/** What has to be known of a database to tell which tables a step touches. */
export interface CatalogView {
  readonly relations: readonly Relation[]
  /** Child and parent: partitions and inheritance. */
  readonly inherits: readonly (readonly [child: string, parent: string])[]
  readonly references: readonly Reference[]
  /** Of every view the relations that it reads. */
  readonly views: readonly (readonly [view: string, reads: string])[]
  readonly functions: readonly { readonly name: string; readonly source: string }[]
  /** Of every table with triggers the names of their functions. */
  readonly triggers: readonly (readonly [table: string, calls: string])[]
  readonly types: readonly string[]
  readonly schemas: readonly string[]
}

export interface Relation {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly kind: string
  /** Whether its bare name leads to it. */
  readonly visible: boolean
}

/** A foreign key. `acts`: it changes rows of `from` when rows of `to` go or change. */
export interface Reference {
  readonly from: string
  readonly to: string
  readonly acts: boolean
}

/** Leaves out the system's own, what belongs to extensions, the archive, and the tables that are no data of the product. */
export async function readCatalog(
  on: SqlSession,
  archive: string,
  leaveOut: readonly { readonly schema: string; readonly table: string }[],
): Promise<CatalogView> {
  const ours = [...leaveOut, { schema: archive, table: '' }]
    .map(({ schema, table }) => `(${literal(schema)}, ${literal(table)})`)
    .join(', ')
  const [row] = await on.query(`
WITH ns AS (SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ${literal(archive)}),
rel AS (SELECT c.oid, c.relname, c.relkind, ns.nspname FROM pg_catalog.pg_class c JOIN ns ON ns.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND (ns.nspname, c.relname) NOT IN (${ours})
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')),
fun AS (SELECT p.oid, p.proname, p.prosrc, p.prosqlbody, p.prokind FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace WHERE p.prokind IN ('f', 'p')
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
SELECT jsonb_build_object(
  'relations', (SELECT coalesce(jsonb_agg(jsonb_build_object('oid', oid::text, 'schema', nspname, 'name', relname, 'kind', relkind, 'visible', pg_catalog.pg_table_is_visible(oid))), '[]') FROM rel),
  'inherits', (SELECT coalesce(jsonb_agg(jsonb_build_array(inhrelid::text, inhparent::text)), '[]') FROM pg_catalog.pg_inherits WHERE inhrelid IN (SELECT oid FROM rel)),
  'references', (SELECT coalesce(jsonb_agg(jsonb_build_object('from', conrelid::text, 'to', confrelid::text, 'acts', confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))), '[]')
                   FROM pg_catalog.pg_constraint WHERE contype = 'f'),
  'views', (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(r.ev_class::text, d.refobjid::text)), '[]') FROM pg_catalog.pg_rewrite r
              JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
             WHERE d.refobjid <> r.ev_class AND r.ev_class IN (SELECT oid FROM rel)),
  'functions', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', proname, 'source', CASE WHEN prosqlbody IS NULL THEN prosrc ELSE pg_catalog.pg_get_functiondef(oid) END)), '[]') FROM fun),
  'triggers', (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(t.tgrelid::text, p.proname)), '[]') FROM pg_catalog.pg_trigger t
                 JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal),
  'types', (SELECT coalesce(jsonb_agg(DISTINCT t.typname), '[]') FROM pg_catalog.pg_type t JOIN ns ON ns.oid = t.typnamespace
             WHERE t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))),
  'schemas', (SELECT coalesce(jsonb_agg(nspname), '[]') FROM ns)
)::text AS catalog`)
  return JSON.parse(row?.catalog ?? '{}') as CatalogView
}
