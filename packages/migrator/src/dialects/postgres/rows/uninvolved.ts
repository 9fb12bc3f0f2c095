import type { LeftOut } from '../../../ports/rehearsal.ts'
import { namesIn } from '../script/touched.ts'
import type { SqlSession } from '../session/sql-session.ts'

/** Tables, and indexes with the table that they are on: `root` is the partitioned table where it is a partition's. */
const RELATIONS = `
  SELECT c.oid::text AS oid, c.relname AS name, (i.indexrelid IS NULL)::text AS "is table", n.nspname || '.' || t.relname AS "table",
         CASE WHEN t.relispartition THEN pg_catalog.pg_partition_root(t.oid) ELSE t.oid END::oid::text AS root
    FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    JOIN pg_catalog.pg_class t ON t.oid = COALESCE(i.indrelid, c.oid)
    JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
   WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'i', 'I') AND n.nspname !~ '^pg_'`

/** `needed`: no row can do without its parent, for the columns of the key take no NULL (all of them; of MATCH FULL, any). */
const FOREIGN_KEYS = `
  SELECT k.conrelid::text AS child, k.confrelid::text AS parent,
         CASE k.confmatchtype WHEN 'f' THEN bool_or(a.attnotnull OR t.typnotnull) ELSE bool_and(a.attnotnull OR t.typnotnull) END::text AS needed
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
   WHERE k.contype = 'f' AND k.conparentid = 0 GROUP BY k.oid, k.conrelid, k.confrelid, k.confmatchtype`

/**
 * Tables that none of the texts names, not by an index either, that no row of a named one refers to, and that no row of
 * those needs, however far up. `also` are names (`schema.table`) that count as named. A guess of what a step touches: a
 * function that it calls may touch more, which shows in the locks that it takes.
 */
export async function uninvolvedTables(
  on: SqlSession,
  texts: readonly string[],
  also: ReadonlySet<string>,
): Promise<LeftOut> {
  const [relations, keys] = await on.queryAll([RELATIONS, FOREIGN_KEYS])
  const all = relations ?? []
  const rootOf = new Map(all.map(({ oid, root }) => [oid ?? '', root ?? '']))
  const code = texts.join('\n')
  const named = new Set(namesIn(code, [...new Set(all.map(({ name }) => name ?? ''))]))
  const parents = parentsIn(keys ?? [], rootOf)
  const touched = all.flatMap(({ name, table, root }) =>
    named.has(name ?? '') || also.has(table ?? '') ? [root ?? ''] : [],
  )
  const involved = new Set(touched)
  const waiting = touched.flatMap((root) => parents.any.get(root) ?? [])
  for (let root = waiting.pop(); root !== undefined; root = waiting.pop()) {
    if (involved.has(root)) continue
    involved.add(root)
    waiting.push(...(parents.needed.get(root) ?? []))
  }
  return new Map(
    all.flatMap(({ oid, table, root, 'is table': isTable }) =>
      isTable === 'true' && !involved.has(root ?? '') ? [[oid ?? '', table ?? ''] as const] : [],
    ),
  )
}

type Parents = ReadonlyMap<string, readonly string[]>

function parentsIn(
  keys: readonly Readonly<Record<string, string | null>>[],
  rootOf: ReadonlyMap<string, string>,
): { readonly any: Parents; readonly needed: Parents } {
  const [any, needed] = [new Map<string, string[]>(), new Map<string, string[]>()]
  for (const key of keys) {
    const [child, parent] = [rootOf.get(key.child ?? ''), rootOf.get(key.parent ?? '')]
    if (child === undefined || parent === undefined) continue
    for (const parents of key.needed === 'true' ? [any, needed] : [any])
      parents.set(child, [...(parents.get(child) ?? []), parent])
  }
  return { any, needed }
}
