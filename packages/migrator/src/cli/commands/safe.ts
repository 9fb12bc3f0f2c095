import type { Argv } from 'yargs'
import type { Cli } from '../command.ts'
import { runOptions } from '../options.ts'
import { type MigrateFlags, migrateOptions, runMigrate } from './migrate.ts'
import { lossOptions, type RollbackFlags, runRollback } from './rollback.ts'

type SafeFlags = MigrateFlags & RollbackFlags & { readonly direction?: 'up' | 'down' }

export const safeCommand = (cli: Cli) => ({
  command: 'safe [direction]',
  describe: 'The same engine under the name some teams know: up (default), or down --steps=N',
  builder: (yargs: Argv) =>
    lossOptions(migrateOptions(runOptions(yargs)))
      .usage(`${cli.invocation.command('safe')} [up|down] [options]`)
      .positional('direction', {
        choices: ['up', 'down'] as const,
        default: 'up',
        describe: 'up applies, down reverts',
      })
      .option('force', { type: 'boolean', default: false, describe: 'See rollback --force' })
      .example(cli.invocation.command('safe'), 'apply all that is pending')
      .example(`${cli.invocation.command('safe')} down --steps=1`, 'revert the last one')
      .example(`${cli.invocation.command('safe')} --no-auto-recover`, 'stop at dirty migrations'),
  handler: (flags: SafeFlags) => (flags.direction === 'down' ? runRollback(cli, flags) : runMigrate(cli, flags)),
})
