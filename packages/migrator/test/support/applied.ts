import { expect } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { loadMigrations } from '../../src/migration-files.ts'
import { MigrationRunner } from '../../src/runner.ts'

/** Applies the migrations of a directory in this process: quicker than a command, for what a test begins with. */
export async function applied(url: string, directory: string): Promise<void> {
  const adapter = new PostgresAdapter({ connectionString: url })
  try {
    const report = await new MigrationRunner({ adapter }).apply(await loadMigrations(directory))
    expect(report.error).toBeUndefined()
  } finally {
    await adapter.close()
  }
}
