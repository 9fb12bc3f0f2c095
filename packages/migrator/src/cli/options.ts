import type { Argv } from 'yargs'
import { SCRATCH_URL, type ScratchFlags } from './scratch-options.ts'

/** The flags that every command takes. All values are texts; `values.ts` reads them. */
export interface CommonFlags {
  readonly json: boolean
  readonly yes: boolean
  readonly verbose: boolean
  readonly migrations?: string
  readonly databaseUrl?: string
}

export function commonOptions<T>(yargs: Argv<T>): Argv<T & CommonFlags> {
  return yargs
    .option('migrations', { type: 'string', requiresArg: true, describe: 'The migrations directory', group: 'Common:' })
    .option('database-url', {
      type: 'string',
      requiresArg: true,
      describe: 'postgresql://user:password@host:5432/database',
      group: 'Common:',
    })
    .option('json', {
      type: 'boolean',
      default: false,
      describe: 'One machine-readable document on stdout',
      group: 'Common:',
    })
    .option('yes', {
      type: 'boolean',
      default: false,
      describe: 'Agree to what is asked of a local database, and to prune',
      group: 'Common:',
    })
    .option('verbose', {
      type: 'boolean',
      default: false,
      describe: 'Show the stack of an error',
      group: 'Common:',
    }) as Argv<T & CommonFlags>
}

export interface RunFlags extends CommonFlags, ScratchFlags {
  readonly lockTimeout?: string
  readonly statementTimeout?: string
  readonly lockRetries?: string
  readonly lockWait?: string
  readonly livenessTimeout?: string
  readonly transaction?: 'batch' | 'each'
  readonly reason?: string
  readonly confirm?: string
  readonly dryRun?: boolean
}

/** The flags of commands that run steps. */
export function runOptions<T>(yargs: Argv<T>): Argv<T & RunFlags> {
  return commonOptions(yargs)
    .option('dry-run', { type: 'boolean', default: false, describe: 'Show what would run; change nothing' })
    .option('scratch-url', SCRATCH_URL)
    .option('transaction', {
      choices: ['batch', 'each'] as const,
      describe: 'One transaction for all steps, or one for each',
    })
    .option('lock-timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'How long a statement waits for a lock (5s)',
    })
    .option('statement-timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'How long a statement may take (no limit)',
    })
    .option('lock-retries', {
      type: 'string',
      requiresArg: true,
      describe: 'How often a step that met a lock or a deadlock is tried again (3)',
    })
    .option('lock-wait', {
      type: 'string',
      requiresArg: true,
      describe: 'How long to wait for another run to end (30s)',
    })
    .option('liveness-timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'Give up a connection that stays silent for this long (30s)',
    })
    .option('confirm', {
      type: 'string',
      requiresArg: true,
      describe: "The database's name, to confirm on a protected database",
    })
    .option('reason', { type: 'string', requiresArg: true, describe: 'Why; kept in the log' }) as unknown as Argv<
    T & RunFlags
  >
}
