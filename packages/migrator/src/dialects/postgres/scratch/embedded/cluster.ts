import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { serverFailure } from './failure.ts'
import type { Place } from './place.ts'
import { isAlive } from './process.ts'
import { asServerUser } from './server-user.ts'

/**
 * Makes a new cluster at `place.dataDirectory`: UTF-8, the C.UTF-8 locale that is the same on every machine, time zone
 * UTC, superuser postgres with password postgres (it listens on loopback only).
 * The cluster appears there complete, by one rename, or not at all; what earlier attempts that were killed left is removed.
 */
export async function createCluster({ dataDirectory, binaries, user }: Place): Promise<void> {
  const parent = dirname(dataDirectory)
  await removeAbandoned(parent)
  const draft = join(parent, `init-${process.pid}`)
  const passwordFile = `${draft}.password`
  try {
    await mkdir(draft, { mode: 0o700 })
    await writeFile(passwordFile, 'postgres\n')
    await chmod(passwordFile, 0o644) // Whatever the umask; it is no secret.
    if (user !== undefined) await chown(draft, user.uid, user.gid)
    await initdb(join(binaries, 'bin', 'initdb'), initdbOptions(draft, passwordFile), asServerUser(user)).catch(explain)
    await rename(draft, dataDirectory)
  } finally {
    await rm(draft, { recursive: true, force: true })
    await rm(passwordFile, { force: true })
  }
}

const initdb = promisify(execFile)

function explain(
  error: Error & { readonly stderr?: string; readonly code?: unknown; readonly signal?: unknown },
): never {
  if ('syscall' in error) throw error
  throw serverFailure(`PostgreSQL's initdb failed (${error.signal ?? `exit code ${error.code}`}):`, {
    hint: 'Make sure that the folder is writable and the disk is not full, then run the command again.',
    output: error.stderr ?? '',
    cause: error,
  })
}

function initdbOptions(directory: string, passwordFile: string): string[] {
  return [
    `--pgdata=${directory}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--set=timezone=UTC',
    '--set=log_timezone=UTC',
    '--no-instructions',
  ]
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^init-(\d+)/.exec(name)?.[1]
    if (pid === undefined || (isAlive(Number(pid)) && Number(pid) !== process.pid)) continue
    // Its initdb may live some tenths of a second longer and go on writing.
    await rm(join(parent, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}
