// The real PostgreSQL servers behind instances and clusters: one folder each, made new or out of a physical copy.
// This room must not know the API, identifiers or statuses.
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startEmbeddedServer, stopEmbeddedServer } from '@repo/migrator/embedded'
import { copyCold, copyHot } from './physical-copy.ts'
import { type Administrator, connect, createAdministrator } from './session.ts'

/** One PostgreSQL, running or stopped; its folder is its identity. */
export interface Server {
  readonly directory: string
  /** The port it has, or had when it ran last. */
  readonly port: number
  readonly version: string
}

/** A data directory at rest, from which any number of servers can be started. */
export interface Copy {
  readonly directory: string
}

export interface Servers {
  /** A new cluster; superuser postgres with password postgres. */
  create(): Promise<Server>
  /** A second server on a copy's data, with the copy's users and passwords. The copy stays as it is. */
  restore(copy: Copy): Promise<Server>
  /** All that is committed at some instant before it resolves, and nothing that is committed later. */
  copy(server: Server): Promise<Copy>
  /** Runs the statements as a superuser of the simulator's own. */
  administer(server: Server, statements: readonly string[]): Promise<void>
  /** Again after `stop`; on the same port if that is free. */
  start(server: Server): Promise<Server>
  /** Ends sessions and the server; the data stay. */
  stop(server: Server): Promise<void>
  remove(thing: Server | Copy): Promise<void>
  /** Stops every server. The folder is left to the caller. */
  close(): Promise<void>
}

// The data are nobody's treasure, so no fsync. The WAL that a copy needs must outlive checkpoints made meanwhile.
const settings = { fsync: 'off', wal_keep_size: '1GB' }

/** `home` is a folder that the user who runs the servers can pass through; everything is made in there. */
export function createServers(home: string): Servers {
  const administrator: Administrator = { name: 'rdsadmin', password: randomBytes(18).toString('base64url') }
  const directories = new Set<string>()
  let count = 0
  let pristine: Promise<Copy> | undefined

  async function start(directory: string): Promise<Server> {
    directories.add(directory)
    const { port, urlOf } = await startEmbeddedServer({ directory, settings })
    const version = await createAdministrator(urlOf('postgres'), administrator, port)
    return { directory, port, version }
  }

  async function stop({ directory }: Server): Promise<void> {
    await stopEmbeddedServer({ directory })
    directories.delete(directory)
  }

  async function restore(copy: Copy): Promise<Server> {
    const directory = await newFolder('server')
    await copyCold(dataOf(copy), dataOf({ directory }))
    return start(directory)
  }

  // Copying a new cluster is several times as fast as making another one.
  async function makePristine(): Promise<Copy> {
    const server = await start(await newFolder('server'))
    await stop(server)
    return server
  }

  const newFolder = async (kind: 'server' | 'copy') => {
    const directory = join(home, `${kind}-${++count}`)
    await mkdir(directory)
    await chmod(directory, 0o755) // Whatever the umask: the server's user passes through.
    return directory
  }

  return {
    async create() {
      pristine ??= makePristine()
      return restore(await pristine)
    },
    restore,
    async copy(server) {
      const copy = { directory: await newFolder('copy') }
      if (!directories.has(server.directory)) await copyCold(dataOf(server), dataOf(copy))
      else await connect(server.port, administrator, (sql) => copyHot(sql, dataOf(server), dataOf(copy)))
      return copy
    },
    administer: (server, statements) =>
      connect(server.port, administrator, async (sql) => {
        for (const statement of statements) await sql.unsafe(statement)
      }),
    start: (server) => start(server.directory),
    stop,
    async remove({ directory }) {
      await stopEmbeddedServer({ directory })
      directories.delete(directory)
      await rm(directory, { recursive: true, force: true })
    },
    async close() {
      await Promise.all([...directories].map((directory) => stopEmbeddedServer({ directory })))
      directories.clear()
    },
  }
}

// Where startEmbeddedServer looks for data.
const dataOf = ({ directory }: { readonly directory: string }): string => join(directory, 'postgres')
