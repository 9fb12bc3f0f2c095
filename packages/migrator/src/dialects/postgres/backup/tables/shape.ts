import { identifier } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'

/** A table as the catalog describes it: enough to compare it with, and to make a plain one again. */
export interface TableShape {
  readonly oid: string
  readonly schema: string
  readonly table: string
  /** `p`: partitioned; its rows are read and written through it. */
  readonly kind: 'r' | 'p'
  /** A partition, a child or a parent of another table: these are not made again. */
  readonly related: boolean
  readonly unlogged: boolean
  readonly owner: string
  readonly comment: string | null
  readonly columns: readonly ColumnShape[]
  /** Primary keys first, foreign keys last. */
  readonly constraints: readonly {
    readonly name: string
    readonly definition: string
    readonly comment: string | null
  }[]
  readonly indexes: readonly string[]
  readonly triggers: readonly { readonly name: string; readonly definition: string; readonly enabled: string }[]
  readonly sequences: readonly SequenceShape[]
  /** Row security was on: its policies are not kept. */
  readonly rowSecurity: boolean
}

export interface ColumnShape {
  readonly name: string
  readonly type: string
  /**
   * The type of its copy. Only built-in types: a copy must not depend on a type that the migration is about to drop, which
   * would then fail, or with CASCADE take the copy's column along.
   */
  readonly copyType: string
  /** Its collation, where it is one of the user's own; then the copy has the default. */
  readonly ownCollation: string | null
  readonly notNull: boolean
  readonly default: string | null
  /** `a` always, `d` by default, or empty. */
  readonly identity: string
  /** `s` stored, `v` virtual, or empty. */
  readonly generated: string
  readonly comment: string | null
}

/** A sequence that belongs to a column or gives its default, and where it stood. */
export interface SequenceShape {
  readonly schema: string
  readonly name: string
  /** The column that owns it, whose table takes it along when it is dropped. */
  readonly ownedBy: string | null
  readonly options: string
  readonly lastValue: string
  readonly isCalled: boolean
  readonly increment: string
  readonly min: string
  readonly max: string
}

/** Reads the shapes of tables by their oids. Call it in a transaction: names come out qualified under an empty search path. */
export async function readShapes(on: SqlSession, oids: readonly string[]): Promise<readonly TableShape[]> {
  if (oids.length === 0) return []
  const [, rows] = await Promise.all([
    on.execute("SET LOCAL search_path TO ''"),
    on.query(shapesQuery(oids)),
    on.execute('SET LOCAL search_path TO DEFAULT'),
  ])
  const shapes = rows.map(({ shape }) => JSON.parse(shape ?? '') as TableShape)
  return Promise.all(shapes.map(async (shape) => ({ ...shape, sequences: await withPositions(on, shape.sequences) })))
}

function withPositions(on: SqlSession, sequences: readonly SequenceShape[]): Promise<readonly SequenceShape[]> {
  return Promise.all(
    sequences.map(async (sequence) => {
      const name = qualified(sequence.schema, sequence.name)
      const [row] = await on.query(`SELECT last_value::text, is_called::text FROM ${name}`)
      return { ...sequence, lastValue: row?.last_value ?? '', isCalled: row?.is_called === 'true' }
    }),
  )
}

export function qualified(schema: string, name: string): string {
  return `${identifier(schema)}.${identifier(name)}`
}

// Objects below 16384 are PostgreSQL's own. https://www.postgresql.org/docs/current/system-catalog-initial-data.html
function shapesQuery(oids: readonly string[]): string {
  return `
SELECT jsonb_build_object('oid', c.oid::text, 'schema', n.nspname, 'table', c.relname, 'kind', c.relkind,
  'related', c.relispartition OR EXISTS (SELECT 1 FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)),
  'unlogged', c.relpersistence = 'u', 'owner', pg_get_userbyid(c.relowner), 'comment', obj_description(c.oid, 'pg_class'), 'rowSecurity', c.relrowsecurity,
  'columns', coalesce((SELECT jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
       'copyType', CASE WHEN a.atttypid < 16384 THEN format_type(a.atttypid, a.atttypmod)
                        WHEN t.typtype = 'd' AND t.typbasetype < 16384 THEN format_type(t.typbasetype, t.typtypmod) ELSE 'text' END,
       'ownCollation', CASE WHEN a.attcollation >= 16384 THEN (SELECT format('%I.%I', cn.nspname, co.collname) FROM pg_collation co
                             JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END,
       'notNull', a.attnotnull, 'default', pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity, 'generated', a.attgenerated,
       'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum)
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]'),
  'constraints', coalesce((SELECT jsonb_agg(jsonb_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid),
                             'comment', obj_description(k.oid, 'pg_constraint')) ORDER BY strpos('pucxf', k.contype::text), k.conname)
     FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'c', 'x', 'f') AND k.conparentid = 0), '[]'),
  'indexes', coalesce((SELECT jsonb_agg(pg_get_indexdef(i.indexrelid) ORDER BY i.indexrelid)
     FROM pg_index i WHERE i.indrelid = c.oid AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = c.oid)), '[]'),
  'triggers', coalesce((SELECT jsonb_agg(jsonb_build_object('name', g.tgname, 'definition', pg_get_triggerdef(g.oid), 'enabled', g.tgenabled) ORDER BY g.tgname)
     FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal), '[]'),
  'sequences', coalesce((SELECT jsonb_agg(jsonb_build_object('schema', sn.nspname, 'name', s.relname, 'ownedBy', o.attname,
        'increment', q.seqincrement::text, 'min', q.seqmin::text, 'max', q.seqmax::text,
        'options', format('AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s %s', q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmin,
                          q.seqmax, q.seqcache, CASE WHEN q.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)) ORDER BY sn.nspname, s.relname)
     FROM pg_class s JOIN pg_sequence q ON q.seqrelid = s.oid JOIN pg_namespace sn ON sn.oid = s.relnamespace
     LEFT JOIN pg_depend e ON e.classid = 'pg_class'::regclass AND e.objid = s.oid AND e.refclassid = 'pg_class'::regclass AND e.refobjid = c.oid AND e.deptype IN ('a', 'i')
     LEFT JOIN pg_attribute o ON o.attrelid = e.refobjid AND o.attnum = e.refobjsubid
    WHERE e.objid IS NOT NULL OR EXISTS (SELECT 1 FROM pg_depend u JOIN pg_attrdef ud ON ud.oid = u.objid
            WHERE u.classid = 'pg_attrdef'::regclass AND u.refclassid = 'pg_class'::regclass AND u.refobjid = s.oid AND ud.adrelid = c.oid)), '[]')
)::text AS shape
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid IN (${oids.join(', ')}) AND c.relkind IN ('r', 'p') ORDER BY n.nspname, c.relname`
}
