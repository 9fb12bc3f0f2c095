import type { Argv } from 'yargs'
import type { UpTarget } from '../../core/target.ts'
import { migrate } from '../../engine/run/migrate.ts'
import { approveRun } from '../approval.ts'
import { type BackupFlags, backupOptions, chooseBackup } from '../backups.ts'
import type { Cli } from '../command.ts'
import { type RunFlags, runOptions } from '../options.ts'
import { invalid, readCount } from '../values.ts'
import { createWorld, runOptionsOf } from '../wiring.ts'
import { runOutcome } from './run-outcome.ts'

export interface MigrateFlags extends RunFlags, BackupFlags {
  readonly steps?: string
  readonly target?: string
  readonly onFailure?: 'rollback' | 'stop'
  readonly noAutoRecover?: boolean
  readonly allowOutOfOrder?: boolean
  readonly acceptArchived?: boolean
}

export const migrateCommand = (cli: Cli) => ({
  command: 'migrate',
  describe: 'Apply pending migrations',
  builder: (yargs: Argv) =>
    migrateOptions(runOptions(yargs))
      .usage(
        `${cli.invocation.command('migrate')} [options]\n\nApply pending migrations: all, --steps N, or up to --target ID.`,
      )
      .example(cli.invocation.command('migrate'), 'all that is pending')
      .example(`${cli.invocation.command('migrate')} --dry-run`, 'show what would run')
      .example(`${cli.invocation.command('migrate')} --target 0007_add_plans`, 'up to this one, it included'),
  handler: (flags: MigrateFlags) => runMigrate(cli, flags),
})

export function migrateOptions<T>(yargs: Argv<T>): Argv<T> {
  return backupOptions(yargs)
    .option('steps', { type: 'string', requiresArg: true, describe: 'Apply the next N' })
    .option('target', { type: 'string', requiresArg: true, describe: 'Apply up to this id, it included' })
    .option('on-failure', {
      choices: ['rollback', 'stop'] as const,
      default: 'rollback',
      describe: 'Take back, or keep, the earlier steps of a failed run',
    })
    .option('no-auto-recover', {
      type: 'boolean',
      default: false,
      describe: 'Stop at dirty migrations instead of recovering them',
    })
    .option('allow-out-of-order', { type: 'boolean', default: false, describe: 'Run pending ids below an applied one' })
    .option('accept-archived', {
      type: 'boolean',
      default: false,
      describe: "Run a module's source out of the history; you were shown it",
    }) as Argv<T>
}

export async function runMigrate(cli: Cli, flags: MigrateFlags): Promise<void> {
  await cli[flags.dryRun ? 'runUntilInterrupted' : 'run'](flags, async (surroundings) => {
    const target = readTarget(flags)
    const options = runOptionsOf(flags, surroundings.config)
    const world = await createWorld(flags, surroundings)
    try {
      const backup = await chooseBackup(flags, world)
      const report = await migrate(world.context, world.set, {
        ...options,
        ...(backup.kind === 'taken' ? { backup: backup.provider } : {}),
        target,
        onFailure: flags.onFailure ?? 'rollback',
        dirty: flags.noAutoRecover ? 'stop' : 'recover',
        allowOutOfOrder: flags.allowOutOfOrder ?? false,
        dryRun: flags.dryRun ?? false,
        approve: (proposal) => approveRun(world, proposal, { confirm: flags.confirm, backup }),
      })
      return await runOutcome(world, report, backup)
    } finally {
      await world.close()
    }
  })
}

function readTarget({ steps, target }: MigrateFlags): UpTarget {
  if (steps !== undefined && target !== undefined)
    throw invalid('--steps and --target exclude each other.', 'Give one of them.')
  if (target !== undefined) return { kind: 'id', id: target }
  const count = readCount('steps', steps)
  return count === undefined ? { kind: 'latest' } : { kind: 'count', count }
}
