import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { minimalEnvironment } from './env.ts'
import { commandOf } from './process.ts'
import { findIn, stopIn } from './running.ts'
import { neverEarly, startLockFile, withStartLock } from './start-lock.ts'
import { stateFile } from './state.ts'

/** The watchdog in charge of a directory's server, as its file names it. */
interface Charge {
  readonly pid: number
  readonly idleMs: number
}

/**
 * Makes sure that a watchdog stops the server of this directory once nothing has been connected for `idleMs`; with 0, that
 * none does. It is a process of its own, because the server outlives the one that started it.
 */
export async function ensureWatchdog(home: string, idleMs: number | undefined): Promise<void> {
  if (idleMs === undefined) return
  const charge = await readCharge(home)
  if (idleMs === 0) {
    if (charge) await rm(chargeFile(home), { force: true }) // Whoever is not named there any more ends.
    return
  }
  if (charge?.idleMs === idleMs && (await isWatchdog(charge.pid, home))) return
  const program = watchdogProgram()
  if (program !== undefined) start(program, home, idleMs).unref()
}

/**
 * The watchdog's life: watches what runs in the directory, also what is started there later, and ends when nothing does or
 * another watchdog has taken over. Whoever starts a server looks for the watchdog before and after, so none is overlooked.
 */
export async function watch(directory: string, idleMs: number): Promise<void> {
  const home = await realpath(directory)
  const find = () => findIn(home)
  await writeFile(chargeFile(home), JSON.stringify({ pid: process.pid, idleMs } satisfies Charge))
  for (;;) {
    const server = await appearing(home, find)
    if (server) await untilGone(home, idleMs, server.urlOf('postgres'))
    if (!(await isInCharge(home))) return
    if (await find()) continue
    await rm(chargeFile(home), { force: true })
    if (!(await find())) return
    await writeFile(chargeFile(home), JSON.stringify({ pid: process.pid, idleMs } satisfies Charge))
  }
}

/** While somebody starts it: a new cluster takes some seconds, a recovery up to half a minute. */
const STARTING_MS = 90_000
/** While nobody does. */
const PATIENCE_MS = 1_500
const PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5_000

async function appearing<T>(home: string, find: () => Promise<T | undefined>) {
  const begun = Date.now()
  const patienceMs = () => (existsSync(startLockFile(home)) ? STARTING_MS : PATIENCE_MS)
  for (; Date.now() - begun < patienceMs(); await sleep(PAUSE_MS)) {
    const found = await find()
    if (found !== undefined || !(await isInCharge(home))) return found
  }
  return undefined
}

/** Returns when the server was stopped, has ended, or is somebody else's to watch. */
async function untilGone(home: string, idleMs: number, url: string): Promise<void> {
  const { default: postgres } = await import('postgres')
  // One connection for all of its life: the end of the server is noticed by it.
  const connection = { application_name: 'migrator/watchdog' }
  const ended = new AbortController()
  const onclose = () => ended.abort()
  const sql = postgres(url, { max: 1, idle_timeout: 0, max_lifetime: null, connection, onclose, onnotice: () => {} })
  const uses = async () => `${(await sql.unsafe(USES))[0]?.uses} ${await lastStart(home)}`
  const isBusy = async () => (await sql.unsafe(BUSY))[0]?.busy === true
  try {
    let before = await uses()
    let idleSince = Date.now()
    for (;;) {
      await sleep(Math.min(Math.max(idleMs / 4, PAUSE_MS), LONGEST_PAUSE_MS), undefined, ended)
      if (!(await isInCharge(home))) return
      const now = await uses()
      if (now !== before || (await isBusy())) idleSince = Date.now()
      before = now
      if (Date.now() - idleSince < idleMs) continue
      const stopped = await withStartLock(home, neverEarly, async () => {
        // Nobody can start it now, and nobody has meant to since.
        const isUnused = (await uses()) === before && !(await isBusy())
        return isUnused ? await stopIn(home) : undefined
      })
      if (stopped) return
    }
  } catch {
    // Its connection is gone, and so is the server, or it could not be stopped: the next look tells.
    await sleep(PAUSE_MS)
  } finally {
    await sql.end({ timeout: 1 }).catch(() => {})
  }
}

/** Sessions that began since the last look count as well, however short they were. */
const USES = 'SELECT pg_catalog.sum(sessions)::text AS uses FROM pg_catalog.pg_stat_database'
const BUSY = `SELECT pg_catalog.count(*) > 0 AS busy FROM pg_catalog.pg_stat_activity
  WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()`

/** Who found the server and is about to connect has touched its state file. */
async function lastStart(home: string): Promise<number> {
  return (await stat(stateFile(home)).catch(() => undefined))?.mtimeMs ?? 0
}

async function isInCharge(home: string): Promise<boolean> {
  return (await readCharge(home))?.pid === process.pid
}

async function readCharge(home: string): Promise<Charge | undefined> {
  try {
    return JSON.parse(await readFile(chargeFile(home), 'utf8')) as Charge
  } catch {
    return undefined // Absent, or just being written: at worst there are two for a moment.
  }
}

async function isWatchdog(pid: number, home: string): Promise<boolean> {
  const command = await commandOf(pid)
  return command.includes(PROGRAM) && command.includes(home)
}

const PROGRAM = 'embedded-watchdog'

/** Beside the sources, and beside the bundled chunks of the published package; undefined where others have bundled this. */
function watchdogProgram(): string | undefined {
  const here = fileURLToPath(import.meta.url)
  for (let folder = dirname(here); folder !== dirname(folder); folder = dirname(folder)) {
    const program = join(folder, `${PROGRAM}${extname(here)}`)
    if (existsSync(program)) return program
  }
  return undefined
}

function start(program: string, home: string, idleMs: number): ChildProcess {
  const loader = extname(program) === '.ts' ? ['--import', import.meta.resolve('tsx')] : []
  const child = spawn(process.execPath, [...loader, program, home, String(idleMs)], {
    cwd: '/',
    env: minimalEnvironment(),
    detached: true,
    stdio: 'ignore',
  })
  child.on('error', () => {}) // Without it the server stays until it is stopped.
  return child
}

const chargeFile = (home: string): string => join(home, 'watchdog.json')
