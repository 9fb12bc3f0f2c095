import { existsSync, statfsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  startEmbeddedServer,
  stopEmbeddedServer,
} from '../../src/dialects/postgres/scratch/embedded/embedded-server.ts'

/** A PostgreSQL of one test's own, for what reaches beyond a database: roles, the server's log, its settings. */
export interface OwnServer {
  /** A superuser's URL of its maintenance database. */
  readonly url: string
  /** Where the server writes its log. */
  readonly log: string
  stop(): Promise<void>
}

export async function ownServer(settings: Readonly<Record<string, string>> = {}): Promise<OwnServer> {
  const directory = await mkdtemp(join(roomInMemory() ?? tmpdir(), 'migrator-own-'))
  await chmod(directory, 0o755)
  const server = await startEmbeddedServer({ directory, settings: { fsync: 'off', ...settings } })
  return {
    url: server.urlOf('postgres'),
    log: join(directory, 'server.log'),
    async stop() {
      await stopEmbeddedServer({ directory })
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const MEMORY = '/dev/shm'
const ENOUGH_BYTES = 6 * 2 ** 30

/**
 * A file system in memory, where there is one with room. Tests make and drop databases by the hundred, and ext4 without a
 * journal makes files slowly for half a minute after many were removed.
 */
function roomInMemory(): string | undefined {
  if (!existsSync(MEMORY)) return undefined
  const { bavail, bsize } = statfsSync(MEMORY)
  return bavail * bsize >= ENOUGH_BYTES ? MEMORY : undefined
}
