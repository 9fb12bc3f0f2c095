// The PostgreSQL 18 that commands share when there is no DATABASE_URL: started once, outliving the process that started
// it, found again by the next. This file is the room's whole surface. It must not know migrations or configuration.
// `findEmbeddedServer` is on the path of every command: import nothing heavy from here, nor from what it uses.
import { mkdir, realpath } from 'node:fs/promises'
import { harmlessly } from '../../../../core/harmless.ts'
import { explaining } from './failure.ts'
import { launchPostmaster } from './launch.ts'
import { acceptsConnections } from './port.ts'
import { findPostmaster, type Postmaster, stopPostmaster } from './postmaster.ts'
import { withStartLock } from './start-lock.ts'
import { plainDataDirectory, readState } from './state.ts'

export { ensureDatabase } from './database.ts'

export interface EmbeddedServer {
  readonly port: number
  /** The postmaster's process id. */
  readonly pid: number
  /** `<directory>/postgres`, or a place outside where the server's user could not reach that (see place.ts). */
  readonly dataDirectory: string
  /** True only for the one call that started the server. */
  readonly startedNow: boolean
  urlOf(database: string): string
}

export interface EmbeddedServerOptions {
  /** Holds the state file, the log and, wherever possible, the data (`<repo>/.data`). One directory, one server. */
  readonly directory: string
  /** For people, about what takes a second or more. What it throws or rejects with is ignored. */
  readonly onProgress?: ((message: string) => unknown) | undefined
  /** Extra server settings (`{ fsync: 'off' }`), used when the server is started; one that runs keeps its own. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * Makes sure that this directory's server runs, and returns it once it accepts connections.
 * Any number of processes may call this at once: one starts it, the others wait and share. It goes on running when this
 * process ends. After a crash, a SIGKILL or a reboot it is started again on the same data, on the same port if free.
 * Throws EMBEDDED_SERVER_FAILED; no half-made cluster remains then, and calling again is safe.
 */
export function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  return explaining(options.directory, async () => {
    await mkdir(options.directory, { recursive: true })
    const home = await realpath(options.directory)
    const find = () => findIn(home)
    return withStartLock(home, find, async () => {
      const running = await find()
      if (running !== undefined) return running
      const onProgress = (message: string) => harmlessly(() => options.onProgress?.(message), ignore)
      const { postmaster, startedNow } = await launchPostmaster(home, { ...options, onProgress })
      return describe(postmaster, startedNow ? 'started' : 'found')
    })
  })
}

/**
 * The running server of this directory, or undefined. Never starts, writes or throws; costs a millisecond or two.
 * A stale state file, or a process id that belongs to something else by now, is not mistaken for the server.
 */
export async function findEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer | undefined> {
  const home = await realpath(options.directory).catch(() => undefined)
  return home === undefined ? undefined : findIn(home)
}

/**
 * Ends this directory's server (fast shutdown: sessions are disconnected, data is flushed) and waits until it is gone.
 * Returns what ran, or undefined when nothing did. No other process is ever signalled.
 * Throws EMBEDDED_SERVER_FAILED when the server may not be signalled, or is not gone after 30 s and so may still run.
 */
export async function stopEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer | undefined> {
  const home = await realpath(options.directory).catch(() => undefined)
  if (home === undefined) return undefined
  return explaining(home, () =>
    withStartLock(home, neverEarly, async () => {
      const postmaster = await recordedPostmaster(home)
      if (postmaster === undefined) return undefined
      harmlessly(() => options.onProgress?.(`Stopping PostgreSQL on port ${postmaster.port}`), ignore)
      await stopPostmaster(postmaster)
      return describe(postmaster, 'found')
    }),
  )
}

async function findIn(home: string): Promise<EmbeddedServer | undefined> {
  const postmaster = await recordedPostmaster(home)
  if (postmaster === undefined || !postmaster.ready || !(await acceptsConnections(postmaster.port))) return undefined
  return describe(postmaster, 'found')
}

async function recordedPostmaster(home: string): Promise<Postmaster | undefined> {
  const state = await readState(home)
  return findPostmaster(state?.dataDirectory ?? plainDataDirectory(home), state)
}

function describe(postmaster: Postmaster, how: 'started' | 'found'): EmbeddedServer {
  const { pid, port, dataDirectory } = postmaster
  return {
    port,
    pid,
    dataDirectory,
    startedNow: how === 'started',
    urlOf: (database) => `postgresql://postgres:postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`,
  }
}

function ignore(): void {}

const neverEarly = async (): Promise<undefined> => undefined
