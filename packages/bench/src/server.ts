import { join } from 'node:path'
import { startEmbeddedServer, stopEmbeddedServer } from '@repo/migrator/embedded'
import postgres from 'postgres'

/** The benchmark's own PostgreSQL with default settings, in a temporary folder. Whoever started it stops it. */
export interface Server {
  readonly version: string
  /**
   * Makes a database, a new one or a copy of another, and returns its URL. It is kept until the server is stopped: some
   * file systems (ext4) make new files slowly for minutes after many were deleted, which would be added to later runs.
   */
  createDatabase(template?: string): Promise<{ readonly name: string; readonly url: string }>
  stop(): Promise<void>
}

export async function startServer(scratch: string): Promise<Server> {
  const directory = join(scratch, 'server')
  const server = await startEmbeddedServer({ directory })
  const admin = postgres(server.urlOf('postgres'), { max: 1, onnotice: () => {} })
  const [row] = await admin`SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync`
  if (row?.fsync !== 'on') throw new Error('the server does not run with fsync')
  let count = 0
  return {
    version: String(row.version),
    async createDatabase(template = 'template1') {
      const name = `bench_${++count}`
      await admin.unsafe(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`)
      // Nothing of earlier runs is left to be written while the next one is measured.
      await admin.unsafe('CHECKPOINT')
      return { name, url: server.urlOf(name) }
    },
    async stop() {
      await admin.end({ timeout: 1 })
      await stopEmbeddedServer({ directory })
    },
  }
}

/** One number out of a database. */
export async function countIn(url: string, query: string): Promise<number> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    const [row] = await sql.unsafe(query)
    return Number(row?.count)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
