import { systemClock } from '../../src/clock.ts'
import type { CatalogDigest } from '../../src/core/history.ts'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import type { SqlSession } from '../../src/dialects/postgres/session/sql-session.ts'
import type { BackupScope, BackupStep, BackupWatch } from '../../src/ports/backup.ts'

/** What a provider gets of the world, for the database of a URL. */
export interface BackupWorld {
  readonly adapter: PostgresAdapter
  readonly connect: () => Promise<SqlSession>
  /** A session on another database of the same server. */
  readonly connectTo: (database: string) => Promise<SqlSession>
  /** What every provider takes. */
  readonly common: {
    readonly location: PostgresAdapter['location']
    readonly toolVersion: string
    readonly clock: typeof systemClock
  }
  /** Sessions that were opened and not closed. */
  openSessions(): number
}

export function backupWorld(url: string): BackupWorld {
  let open = 0
  const connectBy = async (adapter: PostgresAdapter) => {
    const session = await adapter.connect({ modules: false })
    open++
    const close = session.close.bind(session)
    session.close = async () => {
      open--
      await close()
    }
    return session
  }
  const adapter = new PostgresAdapter({ connectionString: url })
  return {
    adapter,
    connect: () => connectBy(adapter),
    connectTo: (database) => connectBy(new PostgresAdapter({ connectionString: urlOf(url, database) })),
    common: { location: adapter.location, toolVersion: '0.0.0-test', clock: systemClock },
    openSessions: () => open,
  }
}

export function urlOf(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${encodeURIComponent(database)}` }).href
}

/** A watch that remembers; `abort()` is Ctrl-C. */
export interface RecordingWatch extends BackupWatch {
  readonly ids: string[]
  readonly messages: string[]
  readonly percents: number[]
  abort(): void
}

export const INTERRUPTED = new Error('interrupted by the test')

export function recordingWatch(onProgress: (message: string) => void = () => {}): RecordingWatch {
  const controller = new AbortController()
  const ids: string[] = []
  const messages: string[] = []
  const percents: number[] = []
  return {
    ids,
    messages,
    percents,
    signal: controller.signal,
    abort: () => controller.abort(INTERRUPTED),
    async began({ id }) {
      ids.push(id)
    },
    progress({ message, percent }) {
      messages.push(message)
      if (percent !== undefined) percents.push(percent)
      onProgress(message)
    },
  }
}

export function scopeOf(
  world: BackupWorld,
  steps: readonly BackupStep[],
  more: Partial<BackupScope> = {},
): BackupScope {
  return {
    kind: 'run',
    operation: 'migrate',
    runId: 'run-of-the-test',
    steps,
    database: world.adapter.location,
    operator: { user: 'tester' },
    askedAt: new Date('2026-01-31T23:59:58Z'),
    ...more,
  }
}

export function up(id: string, sql: string): BackupStep {
  return { id, direction: 'up', sql }
}

/** The catalog of a database, without a schema that backups made. */
export async function catalogOf(url: string, without = 'migration_archive'): Promise<CatalogDigest> {
  const adapter = new PostgresAdapter({ connectionString: url })
  try {
    const digest = await adapter.catalog.digest(await adapter.connect({ modules: false }))
    return Object.fromEntries(Object.entries(digest).filter(([name]) => !name.includes(without)))
  } finally {
    await adapter.close()
  }
}

/** The error that a promise is rejected with. */
export function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it was not refused')
    },
    (error: unknown) => error,
  )
}
