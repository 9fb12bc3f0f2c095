import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, lstat, mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyBinaries, obstacle, packagedBinaries } from './binaries.ts'
import { serverFailure } from './failure.ts'
import { canReach, type ServerUser, serverUser } from './server-user.ts'
import { plainDataDirectory } from './state.ts'

/** What a server is made of. `user` is undefined when it runs as ourselves. */
export interface Place {
  readonly binaries: string
  readonly dataDirectory: string
  readonly user: ServerUser | undefined
}

/**
 * Where data and binaries are, or will be: where data already are, else `<home>/postgres`; binaries in node_modules.
 * Running as root, the server's user may not be able to pass through to either (a clone in a folder with mode 0700). The
 * user's folders are then left as they are, and what is out of reach goes to a folder of ours outside.
 * Throws EMBEDDED_SERVER_FAILED when no place will do.
 */
export async function choosePlace(home: string, recordedData: string | undefined): Promise<Place> {
  const existing = [plainDataDirectory(home), recordedData].find((path) => path !== undefined && existsSync(path))
  const user = serverUser(existing)
  const binaries = packagedBinaries()
  const problem = obstacle(binaries, user)
  const dataDirectory = existing ?? (canReach(user, home) ? plainDataDirectory(home) : undefined)
  if (user !== undefined && dataDirectory !== undefined && !canReach(user, join(dataDirectory, '..'))) {
    throw serverFailure(`The server's user (uid ${user.uid}) can no longer access its data in ${dataDirectory}.`, {
      hint: 'Make the folders above it traversable (chmod o+x), or remove it to start over.',
    })
  }
  if (problem === undefined && dataDirectory !== undefined) return { binaries, dataDirectory, user }
  if (user === undefined) throw unusable(binaries, problem)
  return outside(home, { binaries, dataDirectory, user }, problem)
}

type Wish = { readonly binaries: string; readonly dataDirectory: string | undefined; readonly user: ServerUser }

async function outside(home: string, wish: Wish, problem: string | undefined): Promise<Place> {
  const folder = await outsideFolder(home, wish.user)
  const dataDirectory = wish.dataDirectory ?? join(folder, 'postgres')
  if (problem === undefined) return { ...wish, dataDirectory }
  const binaries = await copyBinaries(wish.binaries, folder, wish.user)
  const remaining = obstacle(binaries, wish.user)
  if (remaining !== undefined) throw unusable(binaries, remaining)
  return { ...wish, binaries, dataDirectory }
}

function unusable(binaries: string, problem: string | undefined): Error {
  return serverFailure(`PostgreSQL's binaries in ${binaries} do not run.`, {
    hint: 'Run pnpm rebuild (it restores their libraries), or set DATABASE_URL to a server of your own.',
    output: problem ?? '',
  })
}

/** One folder a project, owned by root, in the first temporary folder that the server's user can reach. */
async function outsideFolder(home: string, user: ServerUser): Promise<string> {
  const name = `migrator-postgres-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`
  for (const base of [tmpdir(), '/var/tmp', '/tmp']) {
    if ((await isTrustworthy(base)) && canReach(user, base)) return ownFolder(join(base, name))
  }
  throw serverFailure(`The server's user (uid ${user.uid}) can reach neither ${home} nor a temporary folder.`, {
    hint: 'Set TMPDIR to a folder that root owns and everybody can traverse, or set DATABASE_URL.',
  })
}

// In a folder of somebody else's, or one where anybody may rename anything, our folder could be replaced.
async function isTrustworthy(base: string): Promise<boolean> {
  const found = await stat(base).catch(() => undefined)
  return found?.uid === 0 && ((found.mode & 0o1000) !== 0 || (found.mode & 0o022) === 0)
}

async function ownFolder(path: string): Promise<string> {
  const created = await mkdir(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
      return false
    },
  )
  if (created) await chmod(path, 0o755) // Whatever the umask.
  const found = await lstat(path)
  if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return path
  throw serverFailure(`${path} exists, but is not owned by root or is writable by others. It will not be used.`, {
    hint: 'Find out who made it, remove it, and run the command again.',
  })
}
