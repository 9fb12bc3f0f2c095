import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureDatabase, startEmbeddedServer, stopEmbeddedServer } from '@repo/migrator/embedded'

/** A PostgreSQL of one test file's own. */
export interface TestServer {
  createDatabase(name: string): Promise<string>
  stop(): Promise<void>
}

export async function startTestServer(): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'database-test-'))
  await chmod(directory, 0o755)
  const server = await startEmbeddedServer({ directory, settings: { fsync: 'off' } })
  return {
    async createDatabase(name) {
      await ensureDatabase(server, name)
      return server.urlOf(name)
    },
    async stop() {
      await stopEmbeddedServer({ directory })
      await rm(directory, { recursive: true, force: true })
    },
  }
}
