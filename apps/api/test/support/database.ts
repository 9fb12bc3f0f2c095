// A PostgreSQL of one test file's own, in a fresh folder; its databases are migrated by the real command line.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureDatabase, startEmbeddedServer, stopEmbeddedServer } from '@repo/migrator/embedded'

export const repository = join(import.meta.dirname, '../../../..')

export interface TestServer {
  /** Makes an empty database and returns its URL. */
  createDatabase(): Promise<string>
  /** Ends PostgreSQL and removes its folder. Safe to call twice. */
  stop(): Promise<void>
}

export async function startTestServer(): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'api-test-'))
  await chmod(directory, 0o755) // As root the server runs as another user, who has to pass through.
  const server = await startEmbeddedServer({ directory, settings: { fsync: 'off' } })
  return {
    createDatabase: async () => {
      const name = `api_${randomUUID().replaceAll('-', '')}`
      await ensureDatabase(server, name)
      return server.urlOf(name)
    },
    stop: async () => {
      await stopEmbeddedServer({ directory })
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Applies every migration of the product, through its command line. Rejects with what it printed when it fails. */
export async function migrate(url: string): Promise<void> {
  const words = ['bin/db.mjs', 'migrate', '--database-url', url, '--yes']
  const cwd = join(repository, 'packages/database')
  await promisify(execFile)(process.execPath, words, { cwd, timeout: 60_000 })
}
