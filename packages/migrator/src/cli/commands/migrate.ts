import type { Argv } from 'yargs'
import type { UpTarget } from '../../core/target.ts'
import { migrate } from '../../engine/run/migrate.ts'
import { approveRun } from '../approval.ts'
import { type BackupFlags, backupOptions, chooseBackup } from '../backups.ts'
import type { Cli } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { noticeOfPush } from '../drizzle-notice.ts'
import { type RunFlags, runOptions } from '../options.ts'
import { readCount, refuseTogether } from '../values.ts'
import { createCommandContext, refuseIdleScratch, runOptionsOf } from '../wiring.ts'
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
  command: ['migrate', 'up'],
  describe: 'Apply pending migrations',
  builder: (yargs: Argv) =>
    migrateOptions(runOptions(yargs))
      .usage(
        `${cli.invocation.command('migrate')} [options]\n\nApply all pending migrations, the next --steps N, or those up to and including --target ID.`,
      )
      .example(cli.invocation.command('migrate'), 'apply everything that is pending')
      .example(`${cli.invocation.command('migrate')} --dry-run`, 'show what would run')
      .example(`${cli.invocation.command('migrate')} --target 0007_add_plans`, 'apply up to and including this one'),
  handler: (flags: MigrateFlags) => runMigrate(cli, flags),
})

export function migrateOptions<T>(yargs: Argv<T>): Argv<T> {
  return backupOptions(yargs)
    .option('steps', { type: 'string', requiresArg: true, describe: 'Apply the next N migrations' })
    .option('target', { type: 'string', requiresArg: true, describe: 'Apply up to and including ID' })
    .option('on-failure', {
      choices: ['rollback', 'stop'] as const,
      requiresArg: true,
      describe: 'With one transaction each: undo or keep the earlier steps of a failed run (default: rollback)',
    })
    .option('no-auto-recover', {
      type: 'boolean',
      default: false,
      describe: 'Stop at dirty migrations instead of recovering them',
    })
    .option('allow-out-of-order', {
      type: 'boolean',
      default: false,
      describe: 'Apply pending migrations that are older than an applied one',
    })
    .option('accept-archived', {
      type: 'boolean',
      default: false,
      describe: 'Run the archived source of a missing module, after reviewing it',
    }) as Argv<T>
}

export async function runMigrate(cli: Cli, flags: MigrateFlags, check: () => void = () => {}): Promise<void> {
  await cli[flags.dryRun ? 'runUntilInterrupted' : 'run'](flags, async (environment) => {
    check()
    refuseIdleScratch(flags)
    const target = readUpTarget(flags)
    const options = runOptionsOf(flags, environment.config)
    const command = await createCommandContext(flags, environment)
    try {
      const backup = await chooseBackup(flags, command)
      const report = await migrate(command.context, command.set, {
        ...options,
        ...(backup.kind === 'taken' ? { backup: backup.provider } : {}),
        target,
        onFailure: flags.onFailure ?? 'rollback',
        dirty: flags.noAutoRecover ? 'stop' : 'recover',
        allowOutOfOrder: flags.allowOutOfOrder ?? false,
        dryRun: flags.dryRun ?? false,
        approve: async (proposal) => {
          await refuseAppliedByOthers(command)
          await approveRun(command, proposal, { confirm: flags.confirm, backup })
        },
      })
      noticeOfPush(command, report)
      return await runOutcome(command, report, backup)
    } finally {
      await command.close()
    }
  })
}

/** Loaded only when there is something to run: other starts do not need it. */
async function refuseAppliedByOthers({ context, set }: CommandContext): Promise<void> {
  const { foreignHistories } = await import('../../dialects/postgres/foreign/histories.ts')
  const { refuseNotImported } = await import('../../engine/import/not-imported.ts')
  await refuseNotImported(context, foreignHistories, set)
}

/** How far it goes. Throws USAGE_INVALID. */
export function readUpTarget({ steps, target }: Pick<MigrateFlags, 'steps' | 'target'>): UpTarget {
  refuseTogether(steps !== undefined && '--steps', target !== undefined && '--target')
  if (target !== undefined) return { kind: 'id', id: target }
  const count = readCount('steps', steps)
  return count === undefined ? { kind: 'latest' } : { kind: 'count', count }
}
