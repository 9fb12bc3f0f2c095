import type { Argv } from 'yargs'
import type { Cli } from '../command.ts'
import { runOptions } from '../options.ts'
import { invalid } from '../values.ts'
import { type MigrateFlags, migrateOptions, runMigrate } from './migrate.ts'
import { lossOptions, type RollbackFlags, runRollback } from './rollback.ts'

type SafeFlags = MigrateFlags & RollbackFlags & { readonly direction?: 'up' | 'down' }

export const safeCommand = (cli: Cli) => ({
  command: 'safe [direction]',
  describe: 'Alias of migrate (safe up, the default) and rollback (safe down)',
  builder: (yargs: Argv) =>
    lossOptions(migrateOptions(runOptions(yargs)))
      .usage(
        `${cli.invocation.command('safe')} [up|down] [options]\n\nThe same as migrate and rollback. Each direction takes the options of its command.`,
      )
      .positional('direction', {
        choices: ['up', 'down'] as const,
        default: 'up',
        describe: 'up applies, down rolls back',
      })
      .option('steps', { type: 'string', requiresArg: true, describe: 'Apply or roll back N migrations' })
      .option('target', {
        type: 'string',
        requiresArg: true,
        describe: 'The newest migration that stays or becomes applied',
      })
      .option('force', { type: 'boolean', default: false, describe: 'down: see rollback --force' })
      .example(cli.invocation.command('safe'), 'apply everything that is pending')
      .example(`${cli.invocation.command('safe')} down --steps=1`, 'roll back the last one')
      .example(`${cli.invocation.command('safe')} --no-auto-recover`, 'stop at dirty migrations'),
  handler: (flags: SafeFlags) => {
    const { direction = 'up' } = flags
    const idle = () => refuseOther(direction, flags)
    return direction === 'down' ? runRollback(cli, flags, idle) : runMigrate(cli, flags, idle)
  },
})

/** What only one direction heeds, the other refuses. */
function refuseOther(direction: 'up' | 'down', flags: SafeFlags): void {
  const other =
    direction === 'up'
      ? [flags.force && '--force', flags.preserveData && '--preserve-data', flags.acceptLoss && '--accept-loss']
      : [
          flags.onFailure !== undefined && '--on-failure',
          flags.noAutoRecover && '--no-auto-recover',
          flags.allowOutOfOrder && '--allow-out-of-order',
        ]
  const idle = other.find((flag) => typeof flag === 'string')
  if (idle) throw invalid(`${idle} belongs to safe ${direction === 'up' ? 'down' : 'up'}.`)
}
