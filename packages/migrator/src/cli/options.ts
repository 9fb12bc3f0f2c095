import type { Argv } from 'yargs'
import { SCRATCH_URL, type ScratchFlags } from './scratch-options.ts'

/** The flags that every command takes. All values are texts; `values.ts` reads them. */
export interface CommonFlags {
  readonly json: boolean
  readonly verbose: boolean
  readonly config?: string
  readonly embedded?: boolean
  readonly migrations?: string
  readonly databaseUrl?: string
}

const text = { type: 'string', requiresArg: true } as const
const off = { type: 'boolean', default: false } as const
const group = 'Global options:'

const MIGRATIONS = { ...text, group, describe: 'The directory with the migrations' } as const
const DATABASE_URL = {
  ...text,
  group,
  describe: 'Connection URL; overrides DATABASE_URL and the configuration',
} as const

export function commonOptions<T>(yargs: Argv<T>): Argv<T & CommonFlags> {
  return yargs
    .option('config', { ...text, group, describe: 'Configuration file (default: migrator.config.ts)' })
    .option('json', { ...off, group, describe: 'Print one JSON document on stdout' })
    .option('verbose', { ...off, group, describe: 'Show the stack of an error, and where the database was named' })
    .group(['help', 'version'], group) as Argv<T & CommonFlags>
}

const EMBEDDED = { ...off, group, describe: 'Use the embedded PostgreSQL; start it if necessary' } as const

/** Of commands that read migration files. */
export function migrationsOption<T>(yargs: Argv<T>): Argv<T & CommonFlags> {
  return commonOptions(yargs.option('migrations', MIGRATIONS)) as Argv<T & CommonFlags>
}

/** Of commands that read the database. */
export function databaseOption<T>(yargs: Argv<T>): Argv<T & CommonFlags> {
  return commonOptions(yargs.option('database-url', DATABASE_URL).option('embedded', EMBEDDED)) as Argv<T & CommonFlags>
}

/** Of commands that read both. */
export function projectOptions<T>(yargs: Argv<T>): Argv<T & CommonFlags> {
  return databaseOption(yargs.option('migrations', MIGRATIONS)) as Argv<T & CommonFlags>
}

/** What the help of all commands shows; a command that cannot use one of them refuses it. */
export function globalOptions<T>(yargs: Argv<T>): Argv<T> {
  return projectOptions(yargs) as Argv<T>
}

/** The flags of commands that write the history and run no migration. */
export interface HistoryFlags extends CommonFlags {
  readonly lockWait?: string
  readonly livenessTimeout?: string
  readonly reason?: string
  readonly confirm?: string
  readonly dryRun?: boolean
}

export interface RunFlags extends HistoryFlags, ScratchFlags {
  readonly lockTimeout?: string
  readonly statementTimeout?: string
  readonly lockRetries?: string
  readonly transaction?: 'batch' | 'each'
}

export function historyOptions<T>(yargs: Argv<T>): Argv<T & HistoryFlags> {
  return confirmOption(lockedOptions(yargs)) as unknown as Argv<T & HistoryFlags>
}

/** The flags of commands that run steps. */
export function runOptions<T>(yargs: Argv<T>): Argv<T & RunFlags> {
  return confirmOption(stepOptions(yargs)) as unknown as Argv<T & RunFlags>
}

/** The same, for databases that are not protected. */
export function stepOptions<T>(yargs: Argv<T>): Argv<T & RunFlags> {
  return transactionOption(lockedOptions(yargs))
    .option('lock-timeout', { ...text, describe: 'How long a statement may wait for a lock (default: 5s)' })
    .option('statement-timeout', { ...text, describe: 'How long a statement may run (default: no limit)' })
    .option('lock-retries', {
      ...text,
      describe: 'How often to retry a step after a lock timeout or deadlock (default: 3)',
    })
    .option('scratch-url', {
      ...SCRATCH_URL,
      describe: 'With --dry-run: server for the scratch database (default: an embedded PostgreSQL)',
    }) as unknown as Argv<T & RunFlags>
}

export function transactionOption<T>(yargs: Argv<T>): Argv<T> {
  return yargs.option('transaction', {
    choices: ['batch', 'each'] as const,
    requiresArg: true,
    describe: 'One transaction for all steps (batch), or one for each',
  })
}

export function livenessOption<T>(yargs: Argv<T>): Argv<T> {
  return yargs.option('liveness-timeout', {
    ...text,
    describe: 'Close a connection that is silent for this long (default: 30s)',
  })
}

export function reasonOption<T>(yargs: Argv<T>): Argv<T> {
  return yargs.option('reason', { ...text, describe: 'Why you run this; kept in the log' })
}

function lockedOptions<T>(yargs: Argv<T>): Argv<T> {
  return reasonOption(livenessOption(projectOptions(yargs)))
    .option('dry-run', { ...off, describe: 'Show what would happen; change nothing' })
    .option('lock-wait', { ...text, describe: 'How long to wait for another run to finish (default: 30s)' }) as Argv<T>
}

function confirmOption<T>(yargs: Argv<T>): Argv<T> {
  return yesOption(yargs, 'For scripts; does not replace --confirm').option('confirm', {
    ...text,
    describe: 'Name of the database, to confirm changes to a protected one',
  })
}

export interface YesFlag {
  readonly yes: boolean
}

/** Of commands that ask before they act on a local database. */
export function yesOption<T>(
  yargs: Argv<T>,
  describe = 'Skip the confirmation prompt (local databases only)',
): Argv<T> {
  return yargs.option('yes', { ...off, describe })
}
