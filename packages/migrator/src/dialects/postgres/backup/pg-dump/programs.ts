import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { MigratorError } from '../../../../errors.ts'

/** pg_dump and pg_restore of one installation. */
export interface Programs {
  readonly folder: string
  readonly dump: string
  readonly restore: string
  /** As `pg_dump --version` tells it: `15.18`. */
  readonly version: string
  readonly major: number
}

/** Where packages put them when they are not on the PATH: Debian, Red Hat, Homebrew, Postgres.app. */
const USUAL: readonly (readonly [parent: string, name: RegExp, below: string])[] = [
  ['/usr/lib/postgresql', /^(\d+)$/, 'bin'],
  ['/usr', /^pgsql-(\d+)$/, 'bin'],
  ['/opt/homebrew/opt', /^(?:libpq|postgresql@(\d+))$/, 'bin'],
  ['/usr/local/opt', /^(?:libpq|postgresql@(\d+))$/, 'bin'],
  ['/Applications/Postgres.app/Contents/Versions', /^(\d+)$/, 'bin'],
]

/**
 * The installation to use with a server of this major version. Looked for in `only`, or on the PATH and in the usual
 * places. Rejects with BACKUP_UNAVAILABLE, naming what was found.
 */
export async function findPrograms(
  serverMajor: number,
  environment: Readonly<Record<string, string | undefined>>,
  only?: string,
): Promise<Programs> {
  const folders = only === undefined ? [...pathOf(environment), ...usualFolders()] : [only]
  const found = (await Promise.all([...new Set(folders)].map((folder) => look(folder, environment)))).filter(
    (programs) => programs !== undefined,
  )
  const chosen = choosePrograms(found, serverMajor)
  if (chosen) return chosen
  throw unavailable(found, serverMajor, only)
}

/**
 * The server's own major version before a later one, and of those the nearest: what it writes is read by the server best.
 * An older pg_dump refuses to work. https://www.postgresql.org/docs/current/app-pgdump.html
 */
export function choosePrograms(found: readonly Programs[], serverMajor: number): Programs | undefined {
  return found.filter(({ major }) => major >= serverMajor).toSorted((a, b) => a.major - b.major)[0]
}

/** `pg_dump (PostgreSQL) 15.18 (Debian …)`, `18beta1` */
export function versionIn(text: string): Pick<Programs, 'version' | 'major'> | undefined {
  const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(text) ?? []
  return version === undefined ? undefined : { version, major: Number(major) }
}

function pathOf({ PATH = '' }: Readonly<Record<string, string | undefined>>): readonly string[] {
  return PATH.split(delimiter).filter((folder) => folder !== '')
}

function usualFolders(): readonly string[] {
  return USUAL.flatMap(([parent, pattern, below]) =>
    (existsSync(parent) ? readdirSync(parent) : [])
      .map((name) => ({ name, match: pattern.exec(name) }))
      .filter(({ match }) => match)
      .toSorted((a, b) => Number(b.match?.[1] ?? Infinity) - Number(a.match?.[1] ?? Infinity))
      .map(({ name }) => join(parent, name, below)),
  )
}

async function look(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Programs | undefined> {
  const dump = join(folder, 'pg_dump')
  const restore = join(folder, 'pg_restore')
  if (!existsSync(dump) || !existsSync(restore)) return undefined
  const [writes, reads] = await Promise.all([versionOf(dump, environment), versionOf(restore, environment)])
  // What pg_dump writes can be read by a pg_restore of its version or a later one only.
  return writes && reads && reads.major >= writes.major ? { folder, dump, restore, ...writes } : undefined
}

async function versionOf(program: string, environment: Readonly<Record<string, string | undefined>>) {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { env: { ...environment, LC_ALL: 'C' } })
    return versionIn(stdout)
  } catch {
    // A file of that name that does not run, such as Debian's wrapper without any version behind it: there is no program.
    return undefined
  }
}

function unavailable(found: readonly Programs[], serverMajor: number, only: string | undefined): MigratorError {
  const where = only === undefined ? 'on the PATH and in the usual places' : `in ${only}`
  const older = found.map(({ version, folder }) => `${version} in ${folder}`).join(', ')
  const message =
    found.length === 0
      ? `pg_dump and pg_restore were not found ${where}.`
      : `The server is PostgreSQL ${serverMajor}, and pg_dump must be at least as new; found: ${older}.`
  return new MigratorError('BACKUP_UNAVAILABLE', message, {
    hint: `Install the PostgreSQL ${serverMajor} client (Debian: apt-get install postgresql-client-${serverMajor}, macOS: brew install postgresql@${serverMajor}), or use another kind of backup.`,
    details: { serverMajor, found: found.map(({ version, folder }) => ({ version, folder })) },
  })
}
