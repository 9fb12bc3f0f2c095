import { cutStatements } from '../script/cut.ts'
import { unquoted } from './objects.ts'

/** What of a dump becomes a migration. */
export interface DumpText {
  /** The role that owns most objects; its name does not belong to a migration. */
  readonly mainOwner: string | undefined
}

export interface Cleaned {
  readonly statements: readonly string[]
  /** Undo what goes with no object: privileges on `public`, default privileges. In the order in which they run. */
  readonly undo: readonly string[]
  /** What was left out because it may hold a password. */
  readonly credentials: readonly string[]
}

/**
 * The statements of a schema-only dump that a migration needs: without psql's `\restrict`, the session's settings, the
 * main owner's name, and what a database has before its first migration.
 */
export function cleanDump(dump: string, { mainOwner }: DumpText): Cleaned {
  const text = withoutRestriction(dump)
  const all = [...cutStatements(text)].map(({ from, to }) => text.slice(from, to).trimEnd())
  const settings = settingsOf(all)
  const kept = all.flatMap((statement) => keep(statement, mainOwner, settings))
  const credentials = kept.filter((statement) => CREDENTIALS.test(statement))
  const statements = kept.filter((statement) => !CREDENTIALS.test(statement))
  return {
    statements,
    undo: statements.toReversed().flatMap(undoOf),
    credentials: credentials.map((statement) => `${/^CREATE (.*?)(?: OPTIONS|$)/s.exec(statement)?.[1]}`.toLowerCase()),
  }
}

/** pg_dump guards its output with a word that nobody can guess; only lines with that word are its own. */
function withoutRestriction(dump: string): string {
  const word = /^\\restrict (\S+)$/m.exec(dump)?.[1]
  if (word === undefined) return dump
  return dump
    .split('\n')
    .filter((line) => line !== `\\restrict ${word}` && line !== `\\unrestrict ${word}`)
    .join('\n')
}

const CREDENTIALS = /^CREATE USER MAPPING\b/

/** Settings of pg_dump's session that say where objects go; they matter only where one of them is not the default. */
function settingsOf(statements: readonly string[]): ReadonlySet<string> {
  const elsewhere = statements.flatMap((statement) => {
    const [, name = '', value = ''] = SET.exec(statement) ?? []
    return name.startsWith('default_') && value !== "''" && value !== 'heap' ? [name] : []
  })
  return new Set(elsewhere)
}

const SET = /^SET (\w+) = (.*)$/s

function keep(statement: string, mainOwner: string | undefined, settings: ReadonlySet<string>): readonly string[] {
  const setting = SET.exec(statement)
  if (setting) return settings.has(setting[1] ?? '') ? [statement.replace('SET', 'SET LOCAL')] : []
  if (NOISE.some((pattern) => pattern.test(statement))) return []
  const owner = /^ALTER [^']* OWNER TO (\S+)$/.exec(statement)?.[1]
  if (owner !== undefined && unquoted(owner) === mainOwner) return []
  const role = /^ALTER DEFAULT PRIVILEGES FOR ROLE ("(?:[^"]|"")*"|\S+) /.exec(statement)?.[1]
  if (role !== undefined && unquoted(role) === mainOwner) return [statement.replace(` FOR ROLE ${role}`, '')]
  return [statement]
}

/** Local to a server, or there before the first migration. */
const NOISE = [
  /^SELECT pg_catalog\.set_config\('search_path', '', false\)$/,
  /^CREATE SCHEMA public$/,
  /^ALTER SCHEMA public OWNER TO /,
  /^COMMENT ON SCHEMA public IS /,
  /^COMMENT ON EXTENSION /,
]

/** The opposite of a statement about privileges that belong to no object that is created; none for other statements. */
export function undoOf(statement: string): readonly string[] {
  const match = PRIVILEGE.exec(statement)
  if (!match) return []
  const [, scope = '', verb, what = '', , who = ''] = match
  if (scope === '' && !/ ON SCHEMA public$/.test(what)) return []
  return [
    verb === 'GRANT'
      ? `${scope}REVOKE ${what} FROM ${who.replace(/ WITH GRANT OPTION$/, '')}`
      : `${scope}GRANT ${what} TO ${who}`,
  ]
}

const PRIVILEGE =
  /^(ALTER DEFAULT PRIVILEGES (?:(?:FOR ROLE|IN SCHEMA) (?:"(?:[^"]|"")*"|\S+) )*|)(GRANT|REVOKE) (.*) (TO|FROM) (.*)$/s
