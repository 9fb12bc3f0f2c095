import { PostgresAdapter } from '@repo/migrator'
import type postgres from 'postgres'

/** How many rows a table has, and the checksum of all of them. */
export interface Contents {
  readonly rows: number
  readonly checksum: string
}

/** The rows of every table, in an order of their own; not the migrator's log and backups, which are written meanwhile. */
export async function contentsOf(sql: postgres.Sql): Promise<Readonly<Record<string, Contents>>> {
  const tables = await sql`
    SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('migration_logs', 'migration_backups')
     ORDER BY 1`
  const contents: Record<string, Contents> = {}
  for (const { name } of tables) {
    const [found] = await sql`
      SELECT count(*)::int AS rows, md5(coalesce(string_agg(t::text, E'\n' ORDER BY t::text COLLATE "C"), '')) AS checksum
        FROM ${sql(name as string)} t`
    contents[name as string] = { rows: Number(found?.rows), checksum: String(found?.checksum) }
  }
  return contents
}

/** Schema and rows of a database, as one text: what a run that changed nothing has left alone. */
export async function stateOf(sql: postgres.Sql, url: string): Promise<string> {
  const adapter = new PostgresAdapter({ connectionString: url })
  try {
    const catalog = await adapter.catalog.digest(await adapter.connect({ modules: false }))
    return JSON.stringify({ catalog, contents: await contentsOf(sql) })
  } finally {
    await adapter.close()
  }
}
