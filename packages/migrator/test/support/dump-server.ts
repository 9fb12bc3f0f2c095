import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { freePort } from '../../src/dialects/postgres/scratch/embedded/port.ts'
import { asServerUser, serverUser } from '../../src/dialects/postgres/scratch/embedded/server-user.ts'
import { until } from './until.ts'

/** A server and the pg_dump that fits it. */
export interface DumpServer {
  /** A superuser's URL, with a password that has to be percent-encoded. */
  readonly url: string
  readonly password: string
  /** The folder of its pg_dump. */
  readonly programs: string
  stop(): Promise<void>
}

const INSTALL = 'No PostgreSQL installation with pg_dump and a server was found (Debian: apt-get install postgresql).'
const PASSWORD = 'secret/ö%p@ss'

/**
 * The system's own PostgreSQL, started in a temporary folder: npm has servers, but no pg_dump, and one that is older than the
 * suite's server could not dump it. Undefined, said out loud, where none is installed; throws instead on CI.
 */
export async function startDumpServer(): Promise<DumpServer | undefined> {
  const programs = findInstallation()
  if (programs === undefined) return absent()
  const folder = mkdtempSync(join(tmpdir(), 'migrator-dump-server-'))
  const user = serverUser(undefined)
  chmodSync(folder, 0o755)
  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (user) chownSync(data, user.uid, user.gid)
  writeFileSync(join(folder, 'password'), `${PASSWORD}\n`, { mode: 0o644 })
  const options = { ...asServerUser(user), encoding: 'utf8' as const }
  const words = [
    `--pgdata=${data}`,
    '--username=postgres',
    `--pwfile=${join(folder, 'password')}`,
    '--auth=scram-sha-256',
  ]
  const made = spawnSync(join(programs, 'initdb'), [...words, '--encoding=UTF8', '--locale=C', '--no-sync'], options)
  if (made.status !== 0) throw new Error(`initdb ended with ${made.status}: ${made.stderr}`)
  const port = await freePort()
  const settings = ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=']
  const child = spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
    ...asServerUser(user),
    stdio: 'ignore',
  })
  const url = `postgresql://postgres:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`
  await until('the server answers', () => answers(url))
  return {
    url,
    password: PASSWORD,
    programs,
    async stop() {
      child.kill('SIGINT')
      await once(child, 'close')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function findInstallation(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const majors = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : []
  const path = (process.env.PATH ?? '').split(':')
  const folders = [...majors.map((major) => join(debian, major, 'bin')), ...path]
  return folders.find((folder) =>
    ['pg_dump', 'pg_restore', 'initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
  )
}

function absent(): undefined {
  if (process.env.CI) throw new Error(`${INSTALL} On CI the tests of pg_dump must run.`)
  process.stderr.write(`\nNOTICE: ${INSTALL} Without it only the refusals of the pg-dump provider are tested here.\n\n`)
}

async function answers(url: string): Promise<true | undefined> {
  const sql = postgres(url, { max: 1, connect_timeout: 1, onnotice: () => {} })
  try {
    await sql`SELECT 1`
    return true
  } catch {
    return undefined
  } finally {
    await sql.end({ timeout: 1 })
  }
}
