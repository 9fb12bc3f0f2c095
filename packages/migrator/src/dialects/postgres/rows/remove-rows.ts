import { MigratorError } from '../../../errors.ts'
import type { RefusedRows } from '../../../ports/rehearsal.ts'
import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'

/** Makes room for a step that refuses some rows; see the port. */
export async function removeRows(on: SqlSession, { table, column }: RefusedRows): Promise<string | undefined> {
  const found = await find(on, table, column)
  if (!found) return undefined
  if (column === undefined) {
    await on.execute(`TRUNCATE ${found.table} CASCADE`)
    return `${table} has no such row`
  }
  if (!found.hasColumn) return undefined
  const refusing = `${identifier(column)} IS NULL`
  const removed = await on.execute(`DELETE FROM ${found.table} WHERE ${refusing}`).then(
    () => true,
    (error: unknown) => {
      // Other rows refer to them: then none of these tables keeps any.
      if (error instanceof MigratorError) return false
      throw error
    },
  )
  if (!removed) await on.execute(`TRUNCATE ${found.table} CASCADE`)
  return removed ? `${table}.${column} is never NULL` : `${table} has no such row`
}

async function find(
  on: SqlSession,
  table: string,
  column: string | undefined,
): Promise<{ readonly table: string; readonly hasColumn: boolean } | undefined> {
  const [row] = await on.query(`
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
           EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = ${literal(column ?? '')}
                    AND NOT a.attisdropped)::text AS has
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relname = ${literal(table)} AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     ORDER BY pg_catalog.pg_table_is_visible(c.oid) DESC LIMIT 1`)
  return row?.name ? { table: row.name, hasColumn: row.has === 'true' } : undefined
}
