import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverFailure } from './failure.ts'

/** A PostgreSQL server process that was seen alive, serving this data directory. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly dataDirectory: string
  /** False while it starts, recovers or shuts down. */
  readonly ready: boolean
}

const stopTimeoutMs = 30_000

/**
 * The live postmaster of a data directory, as its postmaster.pid tells and the operating system confirms; else undefined.
 * Where that file may not be read (root started the server), `remembered` stands in for it.
 */
export async function findPostmaster(
  dataDirectory: string,
  remembered?: { readonly pid: number; readonly port: number },
): Promise<Postmaster | undefined> {
  const claim = await readPidFile(dataDirectory).catch((error: NodeJS.ErrnoException) =>
    error.code === 'EACCES' && remembered !== undefined ? { ...remembered, ready: true } : undefined,
  )
  return claim !== undefined && (await isPostmasterOf(dataDirectory, claim.pid))
    ? { ...claim, dataDirectory }
    : undefined
}

/** The pid that a leftover postmaster.pid names: of a process that ended, or of something else that got its number. */
export async function stalePid(dataDirectory: string): Promise<number | undefined> {
  const claim = await readPidFile(dataDirectory).catch(() => undefined)
  return claim !== undefined && !(await isPostmasterOf(dataDirectory, claim.pid)) ? claim.pid : undefined
}

/** Fast shutdown, then waits until the process is gone. Throws when it may not be signalled or outlives the wait. */
export async function stopPostmaster({ pid, dataDirectory }: Postmaster): Promise<void> {
  try {
    process.kill(pid, 'SIGINT')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
    const message = `The embedded PostgreSQL (process ${pid}) belongs to another user and cannot be stopped.`
    throw serverFailure(message, { hint: 'Run the command as the user who started it (root?).', cause: error })
  }
  for (const deadline = Date.now() + stopTimeoutMs; await isPostmasterOf(dataDirectory, pid); await sleep(10)) {
    if (Date.now() < deadline) continue
    const message = `The embedded PostgreSQL (process ${pid}) is still shutting down after ${stopTimeoutMs / 1000} s.`
    throw serverFailure(message, { hint: 'Wait, then run the command again.' })
  }
}

// Lines: pid, data directory, start time, port, socket directory, address, shared memory, status.
// https://www.postgresql.org/docs/18/storage-file-layout.html; it is written while the server starts, so may be short.
async function readPidFile(dataDirectory: string): Promise<Omit<Postmaster, 'dataDirectory'> | undefined> {
  const lines = (await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8')).split('\n')
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === 'ready' }
}

// We start every server as `postgres -D <data directory>`, so its command line tells it from whatever else got its pid.
// It is empty for a zombie, which a container without an init process keeps forever and `kill(pid, 0)` calls alive.
async function isPostmasterOf(dataDirectory: string, pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
    return basename(words[0] ?? '') === 'postgres' && words[1] === '-D' && words[2] === dataDirectory
  }
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  return (stdout ?? '').includes(`postgres -D ${dataDirectory} `)
}
