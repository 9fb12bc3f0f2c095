import { MigratorError } from '../../../errors.ts'
import type { KeptConflict } from '../../../ports/kept-data.ts'
import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { isPart, type Kept } from './archive.ts'
import { EXACT, withSettings } from './settings.ts'
import { qualified, readShape } from './shape.ts'

/** Columns and the texts that they hold in the chosen rows. */
export type KeyOfRows = Readonly<Record<string, string>>

/**
 * How many of the chosen rows a copy holds, and the first of them that differ from what the table holds. By texts, so that
 * a type that has changed since is no failure. Without a key nothing tells which rows belong together.
 */
export async function compareRows(
  on: SqlSession,
  archive: string,
  kept: Kept,
  key: KeyOfRows,
  limit: number,
): Promise<{ readonly rows: number; readonly conflicts: readonly KeptConflict[] }> {
  return withSettings(on, EXACT, async () => {
    const chosen = chosenRows(kept, key)
    const [counted] = await on.query(
      `SELECT count(*)::text AS count FROM ${qualified(archive, kept.copy)} AS b WHERE ${chosen}`,
    )
    const rows = Number(counted?.count)
    const query = await conflictsQuery(on, archive, kept, chosen)
    const found = query ? await on.query(`${query} LIMIT ${limit}`) : []
    return { rows, conflicts: found.map(({ conflict }) => JSON.parse(conflict ?? '') as KeptConflict) }
  })
}

/** A condition over `b`. Rejects with USAGE_INVALID for a column that the copy does not have. */
export function chosenRows(kept: Kept, key: KeyOfRows): string {
  const names = [...kept.key, ...kept.columns].map(({ name }) => name)
  const conditions = Object.entries(key).map(([name, value]) => {
    if (!names.includes(name))
      throw new MigratorError(
        'USAGE_INVALID',
        `The kept rows of ${kept.schema}.${kept.table} have no column "${name}".`,
        {
          hint: `They have ${names.join(', ')}.`,
        },
      )
    return `b.${identifier(name)}::pg_catalog.text = ${literal(value)}`
  })
  return conditions.length > 0 ? conditions.join(' AND ') : 'true'
}

async function conflictsQuery(
  on: SqlSession,
  archive: string,
  kept: Kept,
  chosen: string,
): Promise<string | undefined> {
  const now = await readShape(on, kept.schema, kept.table)
  if (!now || kept.keyed === 'by-whole-row') return undefined
  const names = isPart(kept) ? kept.key.map(({ name }) => name) : now.key
  const held = new Set([...kept.key, ...kept.columns].map(({ name }) => name))
  const there = new Set(now.columns.map(({ name }) => name))
  if (names.length === 0 || !names.every((name) => held.has(name) && there.has(name))) return undefined
  const columns = kept.columns.map(({ name }) => name).filter((name) => there.has(name))
  if (columns.length === 0) return undefined
  const text = (of: 't' | 'b', name: string) => `${of}.${identifier(name)}::pg_catalog.text`
  const digest = (of: 't' | 'b') => {
    const row = `ROW(${columns.map((name) => text(of, name)).join(', ')})::pg_catalog.text`
    return `pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(${row}, 'UTF8')), 'hex'), 16)`
  }
  const differs = columns.map(
    (name) =>
      `CASE WHEN ${text('t', name)} IS DISTINCT FROM ${text('b', name)} THEN ${literal(name)}::pg_catalog.text END`,
  )
  const same = names.map((name) => `${text('t', name)} = ${text('b', name)}`)
  const key = names.map((name) => `${literal(name)}, ${text('b', name)}`)
  return `
    SELECT pg_catalog.jsonb_build_object('key', pg_catalog.jsonb_build_object(${key.join(', ')}), 'columns', d.differing,
             'kept', ${digest('b')}, 'now', CASE WHEN t.ctid IS NULL THEN NULL ELSE ${digest('t')} END)::text AS conflict
      FROM ${qualified(archive, kept.copy)} AS b
      LEFT JOIN ${now.kind === 'r' ? 'ONLY ' : ''}${qualified(kept.schema, kept.table)} AS t ON ${same.join(' AND ')},
           LATERAL (SELECT pg_catalog.array_remove(ARRAY[${differs.join(', ')}], NULL) AS differing) AS d
     WHERE ${chosen} AND (t.ctid IS NULL OR pg_catalog.cardinality(d.differing) > 0) ORDER BY b.ctid`
}
