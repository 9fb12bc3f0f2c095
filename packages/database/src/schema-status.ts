import { fileURLToPath } from 'node:url'
import { type MigrationStatus, PostgresAdapter, readDirectory, reconcile, type State } from '@repo/migrator'
import { readEnv } from './env.ts'

/** Whether a database is what this version of the product expects. */
export interface SchemaStatus {
  /** True when every migration of this version is applied as it is here, and none is dirty. */
  readonly ready: boolean
  /** Why not, in one sentence. */
  readonly reason?: string
  readonly pending: readonly string[]
  readonly dirty: readonly string[]
  readonly changed: readonly string[]
  readonly missing: readonly string[]
}

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url))
const CONNECT_TIMEOUT_MS = 5_000

/**
 * Compares a database with the migrations of this version, for readiness checks. Reads the history only, over a
 * connection of its own that it closes; creates nothing. Rejects when the database can't be reached; the message is fit to print.
 */
export async function schemaStatus(options: { readonly url?: string } = {}): Promise<SchemaStatus> {
  const connectionString = options.url ?? readEnv().databaseUrl ?? ''
  const adapter = new PostgresAdapter({
    connectionString,
    applicationName: 'readiness',
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  })
  try {
    const history = await adapter.historyStore.read(await adapter.connect({ modules: false }))
    return summarise(reconcile(readDirectory(MIGRATIONS).files, history))
  } finally {
    await adapter.close()
  }
}

/** Rejects unless the schema is ready; for the start of a program that must not run on another one. */
export async function assertSchemaVersion(options: { readonly url?: string } = {}): Promise<void> {
  const { ready, reason } = await schemaStatus(options)
  if (!ready) throw new Error(`The database is not ready: ${reason} See pnpm db:migrate:status.`)
}

function summarise(statuses: readonly MigrationStatus[]): SchemaStatus {
  const ids = (...states: State[]) => statuses.filter(({ state }) => states.includes(state)).map(({ id }) => id)
  const lists = {
    pending: ids('pending', 'out-of-order'),
    dirty: ids('dirty'),
    changed: ids('changed'),
    missing: ids('missing'),
  }
  const reasons = Object.entries(lists).flatMap(([state, found]) =>
    found.length > 0 ? [`${found.length} ${state}: ${found.join(', ')}`] : [],
  )
  return reasons.length === 0 ? { ready: true, ...lists } : { ready: false, reason: `${reasons.join('; ')}.`, ...lists }
}
