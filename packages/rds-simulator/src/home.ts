import { chmod, lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stopEmbeddedServer } from '@repo/migrator/embedded'

/** The simulator's folder: its name says which process it belongs to, so that it is known from the first instant. */
export async function createHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), `rds-simulator-${process.pid}-${await birthOf(process.pid)}-`))
  if (process.getuid?.() === 0) await chmod(home, 0o755) // The servers' user, not root, passes through.
  return home
}

/**
 * Ends the PostgreSQL servers and removes the folders of simulators that were killed before they could. Others, also those
 * of other users, are not touched. Throws EMBEDDED_SERVER_FAILED when such a server cannot be stopped.
 */
export async function removeAbandonedHomes(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid, birth] = /^rds-simulator-(\d+)-(\d+)-\w+$/.exec(name) ?? []
    if (pid === undefined || (await birthOf(Number(pid))) === birth) continue
    const home = join(tmpdir(), name)
    const found = await lstat(home).catch(() => undefined) // Another simulator may be at it, too.
    if (found?.isDirectory() && found.uid === process.getuid?.()) await removeHome(home)
  }
}

export async function removeHome(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (name.startsWith('server-')) await stopEmbeddedServer({ directory: join(home, name) })
  }
  await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

/**
 * When a living process began, as the system counts it; '0' where that is not known, undefined when there is none.
 * A process id alone may belong to somebody else meanwhile.
 */
async function birthOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return isAlive(pid) ? '0' : undefined
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  const [state, ...rest] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  return state === undefined || state === 'Z' ? undefined : rest[18] // starttime; proc(5)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
