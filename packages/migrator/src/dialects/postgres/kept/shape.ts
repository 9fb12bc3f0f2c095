import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { BARE, withSettings } from './settings.ts'

/** What has to be known of a table to keep its rows and to put them back. */
export interface Shape {
  readonly oid: string
  readonly kind: 'r' | 'p'
  readonly columns: readonly Column[]
  /** The columns of its primary key, in its order; without one none. */
  readonly key: readonly string[]
  readonly sequences: readonly Sequence[]
}

export interface Column {
  /** Its table's oid and its number: the same whatever it is renamed to. */
  readonly id: string
  readonly name: string
  readonly type: string
  /** Only built-in types and collations: a copy must not depend on what the step is about to drop. */
  readonly copyType: string
  readonly collated: boolean
  /** `a` always, `d` by default, or empty. */
  readonly identity: string
  /** Its default as an expression, null where it has none. Copies of earlier releases lack it. */
  readonly fill?: string | null
}

/** A sequence that gives a column its values, and the value that it would give next. */
export interface Sequence {
  readonly column: string
  /** Qualified and quoted. */
  readonly name: string
  readonly increment: string
  readonly next: string
}

/** Undefined when there is no such table. Generated columns are left out: they make their values themselves. */
export async function readShape(on: SqlSession, schema: string, table: string): Promise<Shape | undefined> {
  const [row] = await withSettings(on, BARE, () => on.query(shapeQuery(qualified(schema, table))))
  if (!row?.shape) return undefined
  const shape = JSON.parse(row.shape) as Omit<Shape, 'sequences'> & { sequences: readonly Omit<Sequence, 'next'>[] }
  const sequences: Sequence[] = []
  for (const each of shape.sequences) sequences.push({ ...each, next: await nextOf(on, each) })
  return { ...shape, sequences }
}

async function nextOf(on: SqlSession, { name, increment }: Omit<Sequence, 'next'>): Promise<string> {
  const [row] = await on.query(
    `SELECT (last_value::numeric + CASE WHEN is_called THEN ${increment} ELSE 0 END)::text AS next FROM ${name}`,
  )
  return row?.next ?? '1'
}

export function qualified(schema: string, name: string): string {
  return `${identifier(schema)}.${identifier(name)}`
}

// Objects below 16384 are PostgreSQL's own. https://www.postgresql.org/docs/current/system-catalog-initial-data.html
function shapeQuery(name: string): string {
  return `
SELECT jsonb_build_object('oid', c.oid::text, 'kind', c.relkind,
  'columns', coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.attrelid::text || ' ' || a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
       'copyType', CASE WHEN a.atttypid < 16384 THEN format_type(a.atttypid, a.atttypmod)
                        WHEN t.typtype = 'd' AND t.typbasetype < 16384 THEN format_type(t.typbasetype, t.typtypmod) ELSE 'text' END,
       'collated', a.attcollation >= 16384, 'identity', a.attidentity,
       'fill', (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum)) ORDER BY a.attnum)
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '[]'),
  'key', coalesce((SELECT jsonb_agg(a.attname ORDER BY u.p) FROM pg_constraint k, unnest(k.conkey) WITH ORDINALITY u(n, p)
     JOIN pg_attribute a ON a.attnum = u.n WHERE k.conrelid = c.oid AND a.attrelid = c.oid AND k.contype = 'p'), '[]'),
  'sequences', coalesce((SELECT jsonb_agg(jsonb_build_object('column', a.attname, 'name', format('%I.%I', n.nspname, s.relname), 'increment', q.seqincrement::text))
     FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace
     JOIN pg_sequence q ON q.seqrelid = s.oid JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype IN ('a', 'i')), '[]')
    || coalesce((SELECT jsonb_agg(jsonb_build_object('column', a.attname, 'name', format('%I.%I', n.nspname, s.relname), 'increment', q.seqincrement::text))
     FROM pg_attrdef e JOIN pg_attribute a ON a.attrelid = e.adrelid AND a.attnum = e.adnum
     JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid AND d.refclassid = 'pg_class'::regclass
     JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace JOIN pg_sequence q ON q.seqrelid = s.oid
    WHERE e.adrelid = c.oid AND NOT EXISTS (SELECT 1 FROM pg_depend o WHERE o.classid = 'pg_class'::regclass AND o.objid = s.oid
          AND o.refclassid = 'pg_class'::regclass AND o.refobjid = c.oid AND o.refobjsubid = a.attnum AND o.deptype IN ('a', 'i'))), '[]')
)::text AS shape
  FROM pg_class c WHERE c.oid = to_regclass(${literal(name)}) AND c.relkind IN ('r', 'p')`
}
