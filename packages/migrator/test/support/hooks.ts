import { onTestFinished } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import type { Migration } from '../../src/index.ts'
import { loadMigrations } from '../../src/migration-files.ts'
import type { BackupHandle, BackupProvider, BackupScope, BackupWatch } from '../../src/ports/backup.ts'
import type { RunEvent } from '../../src/ports/events.ts'
import { MigrationRunner } from '../../src/runner.ts'
import { createDatabase, type TestDatabase } from './database.ts'
import { folderOf } from './folder.ts'

/** A database and migrations of one test's own, and the library's runner over them. Both go when it ends. */
export interface HookScene {
  readonly db: TestDatabase
  readonly migrations: readonly Migration[]
  readonly adapter: PostgresAdapter
  readonly runner: MigrationRunner
  /** What happened, in order: `before 0001_a 0002_b`, `restore b1`, `step-reverted 0001_a` … */
  readonly course: string[]
  readonly scopes: BackupScope[]
  readonly events: RunEvent[]
  readonly onProgress: (event: RunEvent) => void
  /** A provider as a user would write one: plain, with `name` and `before`. */
  provider(more?: ProviderSketch): BackupProvider
}

export interface ProviderSketch extends Pick<BackupProvider, 'per' | 'excludes'> {
  readonly before?: (scope: BackupScope, watch: BackupWatch) => Promise<unknown>
  readonly restore?: BackupHandle['restore']
  readonly handle?: Partial<BackupHandle>
}

const TOLD = new Set<string>(['step-applied', 'step-reverted', 'step-failed'])

export async function hookScene(files: Readonly<Record<string, string>>, standing = ''): Promise<HookScene> {
  const db = await createDatabase()
  onTestFinished(() => db.drop())
  if (standing !== '') await db.sql.unsafe(standing)
  const adapter = new PostgresAdapter({ connectionString: db.url })
  onTestFinished(() => adapter.close())
  const course: string[] = []
  const scopes: BackupScope[] = []
  const events: RunEvent[] = []
  return {
    db,
    migrations: await loadMigrations(`${folderOf(files)}/migrations`),
    adapter,
    runner: new MigrationRunner({ adapter, operator: { user: 'tester' } }),
    course,
    scopes,
    events,
    onProgress(event) {
      events.push(event)
      if (TOLD.has(event.kind)) course.push(`${event.kind} ${event.version}`)
    },
    provider: ({ before = async () => {}, restore, handle, ...rest } = {}) => ({
      name: 'own',
      ...rest,
      async before(scope, watch) {
        course.push(`before ${scope.steps.map(({ id }) => id).join(' ')}`)
        scopes.push(scope)
        await before(scope, watch)
        const id = `b${scopes.length}`
        return {
          id,
          provider: 'own',
          createdAt: new Date().toISOString(),
          describe: () => ({ text: `copy ${id}`, restoreCommand: `fetch-it ${id}` }),
          async restore(occasion) {
            course.push(`restore ${id}`)
            await restore?.(occasion)
          },
          ...handle,
        }
      },
    }),
  }
}
