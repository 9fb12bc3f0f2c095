import { onTestFinished } from 'vitest'
import type { Migration } from '../../src/core/migration.ts'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { MigratorError } from '../../src/errors.ts'
import { loadMigrations } from '../../src/migration-files.ts'
import type { MigrationRunnerOptions } from '../../src/runner/options.ts'
import { MigrationRunner } from '../../src/runner.ts'
import type { TestDatabase } from './database.ts'
import { scene } from './scene.ts'

/** A database, the migrations of a folder, and a runner over both, as a user's own test has them. */
export interface RollbackTrial {
  readonly db: TestDatabase
  readonly directory: string
  readonly migrations: readonly Migration[]
  readonly adapter: PostgresAdapter
  readonly runner: MigrationRunner
}

export async function rollbackTrial(
  files: Readonly<Record<string, string>>,
  standing = '',
  options: Partial<MigrationRunnerOptions> = {},
): Promise<RollbackTrial> {
  const { db, project } = await scene(files, { standing })
  const adapter = new PostgresAdapter({ connectionString: db.url })
  onTestFinished(() => adapter.close())
  const directory = project.migrations
  const migrations = await loadMigrations(directory)
  const runner = new MigrationRunner({ adapter, migrationsDirectory: directory, ...options })
  return { db, directory, migrations, adapter, runner }
}

/** The MigratorError that a promise rejects with. */
export async function refused(promise: Promise<unknown>): Promise<MigratorError> {
  const outcome = await promise.then(
    () => new Error('it did not reject'),
    (error: unknown) => error,
  )
  if (outcome instanceof MigratorError) return outcome
  throw outcome
}
