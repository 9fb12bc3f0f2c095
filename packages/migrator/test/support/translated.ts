import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../src/dialects/postgres/scratch/embedded/port.ts'
import { asServerUser, serverUser } from '../../src/dialects/postgres/scratch/embedded/server-user.ts'
import { databaseOn } from './database.ts'
import { until } from './until.ts'

export interface TranslatedServer {
  readonly url: string
  stop(): Promise<void>
}

/**
 * A PostgreSQL of Debian's that speaks German: the embedded one comes without message catalogs. LANGUAGE chooses the catalog
 * under any locale but C, so none has to be generated. Undefined, with a notice, if it is not installed; throws on CI.
 */
export async function startTranslated(): Promise<TranslatedServer | undefined> {
  const programs = findPrograms()
  if (programs === undefined) return absent()
  const directory = mkdtempSync(join(tmpdir(), 'migrator-translated-'))
  const user = serverUser(undefined)
  chmodSync(directory, 0o755)
  if (user) chownSync(directory, user.uid, user.gid)
  const data = join(directory, 'data')
  const flags = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  const made = spawnSync(join(programs, 'initdb'), ['-D', data, ...flags], { ...asServerUser(user), encoding: 'utf8' })
  if (made.status !== 0) throw new Error(made.stderr)
  const port = await freePort()
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off']
  const child = spawn(
    join(programs, 'postgres'),
    ['-D', data, ...[...settings, 'lc_messages=C.UTF-8'].flatMap((each) => ['-c', each])],
    { ...asServerUser(user), env: { LANGUAGE: 'de' }, stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  await until('the server answers', () =>
    databaseOn(url, async (sql) => {
      await sql`SELECT 1`
      return true as const
    }).catch(() => undefined),
  )
  return {
    url,
    async stop() {
      child.kill('SIGINT')
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const ROOT = '/usr/lib/postgresql'

function findPrograms(): string | undefined {
  const majors = existsSync(ROOT) ? readdirSync(ROOT) : []
  const translated = majors.find(
    (major) =>
      existsSync(`/usr/share/locale/de/LC_MESSAGES/postgres-${major}.mo`) &&
      existsSync(join(ROOT, major, 'bin/postgres')),
  )
  return translated && join(ROOT, translated, 'bin')
}

const INSTALL = 'No PostgreSQL with German messages is installed (Debian: apt-get install postgresql).'

function absent(): undefined {
  if (process.env.CI) throw new Error(`${INSTALL} On CI the tests of a translated server must run.`)
  process.stderr.write(`\nNOTICE: ${INSTALL} These tests run without it here, on the English server.\n\n`)
}
