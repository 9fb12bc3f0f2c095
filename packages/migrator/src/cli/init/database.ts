import { PostgresAdapter } from '../../dialects/postgres/adapter.ts'
import { foreignHistories } from '../../dialects/postgres/foreign/histories.ts'
import { MigratorError } from '../../errors.ts'

/** What the database knows of migrations. */
export interface Histories {
  /** The history table of this tool, where it has records: `public.schema_migrations`. */
  readonly own: string | undefined
  /** Other tools' tables, as `db:import` takes them. */
  readonly foreign: readonly { readonly tool: string; readonly table: string }[]
}

/** Reads only. A database that does not answer is a text that says so. */
export async function historiesIn(
  connectionString: string,
  candidates: readonly string[],
): Promise<Histories | string> {
  let foreign: Histories['foreign'] = []
  for (const historyTable of candidates) {
    const database = new PostgresAdapter({ connectionString, historyTable, connectTimeoutMs: 3_000 })
    try {
      const session = await database.connect({ modules: false })
      foreign = await foreignHistories.list(session)
      if ((await database.historyStore.read(session)).length > 0) return { own: historyTable, foreign }
    } catch (error) {
      if (!(error instanceof MigratorError)) throw error
      if (error.code !== 'HISTORY_TABLE_INCOMPATIBLE') return error.message
    } finally {
      await database.close()
    }
  }
  return { own: undefined, foreign }
}
