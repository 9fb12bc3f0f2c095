import { libpqEnvironment } from '../dialects/postgres/wire/libpq-environment.ts'
import { MigratorError } from '../errors.ts'
import { agreesTo } from './approval.ts'
import type { CliEnvironment } from './command-context.ts'
import { dataDirectory, embeddedDatabase, runningEmbeddedUrl } from './embedded.ts'
import type { NamedDatabase } from './env.ts'
import type { CommonFlags } from './options.ts'
import { invalid } from './values.ts'

export type DatabaseFlags = Pick<CommonFlags, 'databaseUrl' | 'embedded'>
type Given = Pick<CliEnvironment, 'env' | 'config'>

/** Which database a command is for. `none`: nothing names one. */
export type DatabaseChoice = ({ readonly kind: 'named' } & NamedDatabase) | { readonly kind: 'embedded' | 'none' }

/**
 * By the flags, DATABASE_URL of the environment or of `.env`, the configuration, or libpq's variables, in this order. Throws
 * USAGE_INVALID for flags that contradict each other.
 */
export function chosenDatabase({ databaseUrl, embedded }: DatabaseFlags, { env, config }: Given): DatabaseChoice {
  if (embedded && databaseUrl !== undefined) throw invalid('--embedded and --database-url cannot be combined.')
  if (embedded) return { kind: 'embedded' }
  if (databaseUrl !== undefined)
    return { kind: 'named', connectionString: databaseUrl, connectionName: '--database-url' }
  if (env.databaseUrl) return { kind: 'named', ...env.databaseUrl }
  const { databaseUrl: configured, embedded: byConfig } = config.config
  if (configured !== undefined) {
    return {
      kind: 'named',
      connectionString: configured,
      connectionName: `databaseUrl in ${config.path ?? 'migrator.config.ts'}`,
    }
  }
  if (byConfig) return { kind: 'embedded' }
  const libpq = libpqEnvironment(env.inherited)
  return libpq
    ? { kind: 'named', connectionString: libpq.url, connectionName: env.nameOf(libpq.names) }
    : { kind: 'none' }
}

/** The connection string, where somebody named one. */
export function namedDatabase(flags: DatabaseFlags, given: Given): NamedDatabase | undefined {
  const choice = chosenDatabase(flags, given)
  return choice.kind === 'named' ? withoutKind(choice) : undefined
}

/**
 * The database of a command. The embedded server is started only where somebody asked for it: with a flag, in the
 * configuration, by db:start, or on the terminal now. Rejects with DATABASE_NOT_NAMED otherwise.
 */
export async function databaseOf(flags: DatabaseFlags, environment: CliEnvironment): Promise<NamedDatabase> {
  const choice = chosenDatabase(flags, environment)
  if (choice.kind === 'named') return withoutKind(choice)
  if (choice.kind === 'embedded') return embeddedDatabase(environment)
  const running = await runningEmbeddedUrl(environment)
  if (running !== undefined) return { connectionString: running, connectionName: 'the embedded PostgreSQL' }
  const directory = dataDirectory(environment.config)
  const where = `the embedded PostgreSQL, with its data in ${directory}`
  if (await agreesTo(environment, `${NOT_NAMED} This would start ${where}.`)) return embeddedDatabase(environment)
  throw new MigratorError('DATABASE_NOT_NAMED', NOT_NAMED, {
    hint: `Set DATABASE_URL. Or start ${where}: add --embedded, or write embedded: true in migrator.config.ts.`,
  })
}

const NOT_NAMED =
  'No database is named: --database-url, DATABASE_URL, .env, databaseUrl in migrator.config.ts and the PG* variables are all unset.'

function withoutKind({ connectionString, connectionName }: NamedDatabase): NamedDatabase {
  return { connectionString, connectionName }
}
