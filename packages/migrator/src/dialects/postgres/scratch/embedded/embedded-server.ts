// The PostgreSQL 18 that commands share when there is no DATABASE_URL: started once, outliving the process that started
// it, found again by the next. This file is the room's whole surface. It must not know migrations or configuration.
// `findEmbeddedServer` is on the path of every command: import nothing heavy from here, nor from what it uses.
import { mkdir, realpath, utimes } from 'node:fs/promises'
import { harmlessly } from '../../../../core/harmless.ts'
import { explaining } from './failure.ts'
import { launchPostmaster } from './launch.ts'
import { describe, type EmbeddedServer, findIn, stopIn } from './running.ts'
import { neverEarly, withStartLock } from './start-lock.ts'
import { stateFile } from './state.ts'
import { ensureWatchdog } from './watchdog.ts'

export { ensureDatabase } from './database.ts'
export type { EmbeddedServer } from './running.ts'

export interface EmbeddedServerOptions {
  /** Holds the state file, the log and, wherever possible, the data (`<repo>/.data`). One directory, one server. */
  readonly directory: string
  /** For people, about what takes a second or more. What it throws or rejects with is ignored. */
  readonly onProgress?: ((message: string) => unknown) | undefined
  /** Extra server settings (`{ fsync: 'off' }`), used when the server is started; one that runs keeps its own. */
  readonly settings?: Readonly<Record<string, string>>
  /** The server is stopped after this long without a connection. 0: it keeps running until it is stopped. Default: unchanged. */
  readonly idleMs?: number | undefined
}

/**
 * Makes sure that this directory's server runs, and returns it once it accepts connections.
 * Any number of processes may call this at once: one starts it, the others wait and share. It keeps running when this
 * process ends. After a crash, a SIGKILL or a reboot it is started again on the same data, on the same port if free.
 * Throws EMBEDDED_SERVER_FAILED; no half-made cluster remains then, and calling again is safe.
 */
export function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  return explaining(options.directory, async () => {
    await mkdir(options.directory, { recursive: true })
    const home = await realpath(options.directory)
    const find = () => findIn(home)
    // Before and after: so that a server is watched although this process is killed, or the watchdog ends, in between.
    await ensureWatchdog(home, options.idleMs)
    const server = await withStartLock(home, find, async () => {
      const running = await find()
      if (running !== undefined) return running
      const onProgress = (message: string) => harmlessly(() => options.onProgress?.(message), ignore)
      const { postmaster, startedNow } = await launchPostmaster(home, { ...options, onProgress })
      return describe(postmaster, startedNow ? 'started' : 'found')
    })
    await markUsed(home)
    await ensureWatchdog(home, options.idleMs)
    return server
  })
}

/** A watchdog that is about to stop it sees that somebody wants it. */
async function markUsed(home: string): Promise<void> {
  const now = new Date()
  await utimes(stateFile(home), now, now).catch(ignore) // It may belong to another user.
}

/**
 * The running server of this directory, or undefined. Never starts, writes or throws; costs a millisecond or two.
 * A stale state file, or a process id that now belongs to something else, is not mistaken for the server.
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
  return explaining(home, () => withStartLock(home, neverEarly, () => stopIn(home, options.onProgress)))
}

function ignore(): void {}
