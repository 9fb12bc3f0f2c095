import { fileURLToPath } from 'node:url'
import {
  isUnfinished,
  type MigrationStatus,
  PostgresAdapter,
  readDirectory,
  readStates,
  type State,
} from '@repo/migrator'
import { readEnv } from './env.ts'

/** Whether a database is what this version of the product expects. */
export interface SchemaStatus {
  /**
   * True when every migration of this version is applied as it is here, and none is dirty. What a later version applied, or
   * is applying, does not matter: during a rolling deploy the old release keeps serving.
   */
  readonly ready: boolean
  /** Why not, in one sentence. */
  readonly reason?: string
  readonly pending: readonly string[]
  /** Held by a live run, outside a transaction. */
  readonly running: readonly string[]
  readonly dirty: readonly string[]
  readonly changed: readonly string[]
  readonly missing: readonly string[]
  /** Applied by a later version. */
  readonly ahead: readonly string[]
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
    const where = { database: adapter, store: adapter.historyStore }
    const { files } = readDirectory(MIGRATIONS)
    return summarise(await readStates(where, await adapter.connect({ modules: false }), files))
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
  const lists = listsOf(statuses)
  const reasons = Object.entries(listsOf(statuses.filter(isUnfinished))).flatMap(([state, found]) =>
    found.length > 0 ? [`${found.length} ${state}: ${found.join(', ')}`] : [],
  )
  return reasons.length === 0 ? { ready: true, ...lists } : { ready: false, reason: `${reasons.join('; ')}.`, ...lists }
}

function listsOf(statuses: readonly MigrationStatus[]): Omit<SchemaStatus, 'ready' | 'reason'> {
  const ids = (...states: State[]) => statuses.filter(({ state }) => states.includes(state)).map(({ id }) => id)
  return {
    pending: ids('pending', 'out-of-order'),
    running: ids('running'),
    dirty: ids('dirty'),
    changed: ids('changed'),
    missing: ids('missing'),
    ahead: ids('ahead'),
  }
}
