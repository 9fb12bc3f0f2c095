import type { LeftOut } from '../../ports/rehearsal.ts'
import type { Session } from '../../ports.ts'
import { namesIn } from '../../sql/touched.ts'

/** Tables, and indexes with the table that they are on: `root` is the partitioned table where it is a partition's. */
const RELATIONS = `
  SELECT c.oid::text AS oid, c.relname AS name, (i.indexrelid IS NULL)::text AS "is table", n.nspname || '.' || t.relname AS "table",
         CASE WHEN t.relispartition THEN pg_catalog.pg_partition_root(t.oid) ELSE t.oid END::oid::text AS root
    FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    JOIN pg_catalog.pg_class t ON t.oid = COALESCE(i.indrelid, c.oid)
    JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
   WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'i', 'I') AND n.nspname !~ '^pg_'`

const FOREIGN_KEYS = `
  SELECT conrelid::text AS child, confrelid::text AS parent FROM pg_catalog.pg_constraint
   WHERE contype = 'f' AND conparentid = 0`

/**
 * Tables that none of the texts names, not by an index either, and that no row of a named one refers to, however far up.
 * `also` are names (`schema.table`) that count as named. A guess of what a step touches: a function that it calls may
 * touch more, which shows in the locks that it takes.
 */
export async function uninvolvedTables(
  on: Session,
  texts: readonly string[],
  also: ReadonlySet<string>,
): Promise<LeftOut> {
  const [relations, keys] = await on.queryAll([RELATIONS, FOREIGN_KEYS])
  const all = relations ?? []
  const rootOf = new Map(all.map(({ oid, root }) => [oid ?? '', root ?? '']))
  const code = texts.join('\n')
  const named = new Set(namesIn(code, [...new Set(all.map(({ name }) => name ?? ''))]))
  const involved = new Set<string>()
  const parents = parentsIn(keys ?? [], rootOf)
  const waiting = all.flatMap(({ name, table, root }) =>
    named.has(name ?? '') || also.has(table ?? '') ? [root ?? ''] : [],
  )
  for (let root = waiting.pop(); root !== undefined; root = waiting.pop()) {
    if (involved.has(root)) continue
    involved.add(root)
    waiting.push(...(parents.get(root) ?? []))
  }
  return new Map(
    all.flatMap(({ oid, table, root, 'is table': isTable }) =>
      isTable === 'true' && !involved.has(root ?? '') ? [[oid ?? '', table ?? ''] as const] : [],
    ),
  )
}

function parentsIn(
  keys: readonly Readonly<Record<string, string | null>>[],
  rootOf: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly string[]> {
  const parents = new Map<string, string[]>()
  for (const { child, parent } of keys) {
    const [from, to] = [rootOf.get(child ?? ''), rootOf.get(parent ?? '')]
    if (from !== undefined && to !== undefined) parents.set(from, [...(parents.get(from) ?? []), to])
  }
  return parents
}
