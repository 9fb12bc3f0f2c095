import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  startEmbeddedServer,
  stopEmbeddedServer,
} from '../../src/dialects/postgres/scratch/embedded/embedded-server.ts'
import { serverUser } from '../../src/dialects/postgres/scratch/embedded/server-user.ts'
import { databaseOn } from './database.ts'

/** A server in recovery, which answers queries and takes no writes; it follows nobody. */
export async function standby(database: string): Promise<{ readonly port: string; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'migrator-standby-'))
  await chmod(directory, 0o755)
  const settings = { fsync: 'off' }
  const primary = await startEmbeddedServer({ directory, settings })
  await databaseOn(primary.urlOf('postgres'), (sql) => sql.unsafe(`CREATE DATABASE ${database}`))
  await stopEmbeddedServer({ directory })
  const signal = join(primary.dataDirectory, 'standby.signal')
  await writeFile(signal, '')
  const user = serverUser(undefined)
  if (user) await chown(signal, user.uid, user.gid)
  const server = await startEmbeddedServer({ directory, settings })
  return {
    port: String(server.port),
    async stop() {
      await stopEmbeddedServer({ directory })
      await rm(directory, { recursive: true, force: true })
    },
  }
}
