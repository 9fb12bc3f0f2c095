import { harmlessly } from '../../../../core/harmless.ts'
import { acceptsConnections } from './port.ts'
import { findPostmaster, type Postmaster, stopPostmaster } from './postmaster.ts'
import { plainDataDirectory, readState } from './state.ts'

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

/** The server of a directory, once it accepts connections. */
export async function findIn(home: string): Promise<EmbeddedServer | undefined> {
  const postmaster = await recordedPostmaster(home)
  if (postmaster === undefined || !postmaster.ready || !(await acceptsConnections(postmaster.port))) return undefined
  return describe(postmaster, 'found')
}

async function recordedPostmaster(home: string): Promise<Postmaster | undefined> {
  const state = await readState(home)
  return findPostmaster(state?.dataDirectory ?? plainDataDirectory(home), state)
}

export function describe(postmaster: Postmaster, how: 'started' | 'found'): EmbeddedServer {
  const { pid, port, dataDirectory } = postmaster
  return {
    port,
    pid,
    dataDirectory,
    startedNow: how === 'started',
    urlOf: (database) => `postgresql://postgres:postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`,
  }
}

/** Stops the server of a directory; undefined where none runs. The caller holds the start lock. */
export async function stopIn(
  home: string,
  onProgress?: (message: string) => unknown,
): Promise<EmbeddedServer | undefined> {
  const postmaster = await recordedPostmaster(home)
  if (postmaster === undefined) return undefined
  harmlessly(() => onProgress?.(`Stopping PostgreSQL on port ${postmaster.port}`), ignore)
  await stopPostmaster(postmaster)
  return describe(postmaster, 'found')
}

function ignore(): void {}
