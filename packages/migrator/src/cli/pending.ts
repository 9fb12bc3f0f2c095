import type { Migration } from '../core/migration.ts'
import { reconcile } from '../core/reconcile.ts'
import { PostgresAdapter } from '../dialects/postgres/adapter.ts'
import { MigratorError } from '../errors.ts'
import type { CliEnvironment } from './command-context.ts'
import { type DatabaseFlags, namedDatabase } from './database.ts'
import { runningEmbeddedUrl } from './embedded.ts'

/**
 * What the history of the live database does not hold, from a read of the history and nothing else. Undefined where no
 * database is named and the local one does not run, or it can't be reached: nothing is started for it.
 */
export async function livePending(
  flags: DatabaseFlags,
  environment: CliEnvironment,
  migrations: readonly Migration[],
): Promise<ReadonlySet<string> | undefined> {
  const named = namedDatabase(flags, environment)
  const connectionString = named?.connectionString ?? (await runningEmbeddedUrl(environment))
  if (connectionString === undefined) return undefined
  const { historyTable } = environment.config.config
  const database = new PostgresAdapter({
    ...named,
    connectionString,
    ...(historyTable === undefined ? {} : { historyTable }),
  })
  try {
    const session = await database.connect({ modules: false })
    const files = migrations.map((migration) => ({ ...migration, load: async () => migration }))
    const statuses = reconcile(files, await database.historyStore.read(session))
    return new Set(statuses.flatMap(({ id, file, entry }) => (file && !entry ? [id] : [])))
  } catch (error) {
    if (!(error instanceof MigratorError) || !UNREACHABLE.has(error.code)) throw error
    if (named) environment.output.warn(`${error.message} Migrations without a certificate count as pending.`)
    return undefined
  } finally {
    await database.close()
  }
}

const UNREACHABLE = new Set(['CONNECTION_FAILED', 'DATABASE_NOT_FOUND'])
