import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { serverEnvironment } from './env.ts'
import { serverFailure } from './failure.ts'

/** Whom the server runs as when we are root, whom PostgreSQL refuses. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/**
 * Undefined (ourselves) unless we are root; then the owner of the data if there are data, else the user postgres, who is
 * created if absent. Throws EMBEDDED_SERVER_FAILED when that is not possible.
 */
export function serverUser(dataDirectory: string | undefined): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const owner = dataDirectory === undefined ? undefined : statSync(dataDirectory)
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  return lookUp() ?? create()
}

/** Spawn options: that user, a folder that everybody can be in, and no PGDATA, PGPORT … of the caller's. */
export function asServerUser(
  user: ServerUser | undefined,
): { cwd: string; env: NodeJS.ProcessEnv } & Partial<ServerUser> {
  return { ...user, cwd: '/', env: serverEnvironment() }
}

/** Whether that user may pass through a folder. Asked of the system itself: it knows every kind of permission. */
export function canReach(user: ServerUser | undefined, folder: string): boolean {
  if (user === undefined) return true
  return (
    spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], { ...asServerUser(user), stdio: 'ignore' }).status === 0
  )
}

function lookUp(): ServerUser | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  if (uid?.status !== 0 || gid?.status !== 0) return undefined
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

function create(): ServerUser {
  const group = spawnSync('groupadd', ['--system', '--force', 'postgres'], { encoding: 'utf8' })
  const user = spawnSync('useradd', ['--system', '--no-create-home', '-g', 'postgres', 'postgres'], {
    encoding: 'utf8',
  })
  const created = lookUp() // Somebody else may have created it meanwhile: only the result counts.
  if (created !== undefined) return created
  throw serverFailure('PostgreSQL does not run as root, and the user postgres could not be created.', {
    hint: 'Create it (useradd --system postgres), run the command as an ordinary user, or set DATABASE_URL.',
    output: [group.error?.message, group.stderr, user.error?.message, user.stderr].filter(Boolean).join('\n'),
  })
}
