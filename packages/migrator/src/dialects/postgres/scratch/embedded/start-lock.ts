import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverFailure } from './failure.ts'
import { isAlive } from './process.ts'

// A holder needs a second, with a slow recovery half a minute. An older lock was left by a process whose pid was recycled.
const staleAfterMs = 90_000
const patienceMs = 120_000

/**
 * Runs `work` while no other process starts or stops the same server. `early` is asked first and again while waiting;
 * its answer ends the wait. The lock is given back whatever happens, and taken over from a holder that died.
 *
 * It spares work rather than guarding data: should two ever hold it, only one rename of a new cluster succeeds and
 * PostgreSQL admits only one postmaster.
 */
export async function withStartLock<T>(
  home: string,
  early: () => Promise<T | undefined>,
  work: () => Promise<T>,
): Promise<T> {
  const path = startLockFile(home)
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(15 + Math.random() * 15)) {
    const answer = await early()
    if (answer !== undefined) return answer
    if (!(await take(path))) continue
    try {
      return await work()
    } finally {
      await rm(path, { force: true })
    }
  }
  const message = `Other processes have been starting or stopping the embedded PostgreSQL for ${patienceMs / 1000} s.`
  throw serverFailure(message, { hint: `If none is, remove ${path} and run the command again.` })
}

async function take(path: string): Promise<boolean> {
  if (await create(path)) return true
  // One process at a time removes a stale lock, and looks again first: else a second could remove its successor.
  if (await isStale(path)) {
    const removal = `${path}.removal`
    if (await create(removal)) {
      if (await isStale(path)) await rm(path, { force: true })
      await rm(removal, { force: true })
    } else if (await isStale(removal)) await rm(removal, { force: true })
  }
  return false
}

async function create(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    await rm(path, { force: true }).catch(() => undefined) // A full disk leaves an empty file; its error is the one to tell.
    throw error
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    const [content, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    const ageMs = Date.now() - mtimeMs
    // Without a pid it was created an instant ago, or its disk was full.
    return ageMs > staleAfterMs || (content === '' ? ageMs > 1000 : !isAlive(Number(content)))
  } catch {
    return false // It has just been given back.
  }
}

export const startLockFile = (home: string): string => join(home, 'start.lock')

/** For work that nothing can spare. */
export const neverEarly = async (): Promise<undefined> => undefined
