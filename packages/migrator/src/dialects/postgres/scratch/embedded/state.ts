import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Postmaster } from './postmaster.ts'

/** What the last start left behind in `<home>/server.json`: a memory of place and port, never proof that it runs. */
export interface ServerState {
  /** The directory this was written for. A copied project brings the file along; it must not adopt the original's server. */
  readonly home: string
  readonly dataDirectory: string
  readonly port: number
  readonly pid: number
}

/** Where the data are whenever the server's user can reach it. */
export const plainDataDirectory = (home: string): string => join(home, 'postgres')

/** The state, or undefined when there is none, it is damaged, or it was written for another directory. */
export async function readState(home: string): Promise<ServerState | undefined> {
  try {
    const state = JSON.parse(await readFile(stateFile(home), 'utf8')) as Partial<ServerState> | null
    if (typeof state?.dataDirectory !== 'string' || !Number.isInteger(state.port) || state.home !== home)
      return undefined
    return state as ServerState
  } catch {
    return undefined // Nothing depends on it: the data directory's own postmaster.pid is the truth.
  }
}

/** Replaces the state in one step: readers see the old or the new one. */
export async function writeState(home: string, { dataDirectory, port, pid }: Postmaster): Promise<void> {
  const state: ServerState = { home, dataDirectory, port, pid }
  const temporary = `${stateFile(home)}.${process.pid}`
  await writeFile(temporary, `${JSON.stringify(state)}\n`)
  await rename(temporary, stateFile(home))
}

export const stateFile = (home: string): string => join(home, 'server.json')
