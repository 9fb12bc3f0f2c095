import type { Argv } from 'yargs'
import type { KnownLoss } from '../../core/loss.ts'
import type { DownTarget } from '../../core/target.ts'
import type { RunReport } from '../../engine/run/report.ts'
import { type RollbackOptions, rollback } from '../../engine/run/rollback.ts'
import type { Proposal } from '../../engine/run/run-kind.ts'
import { MigratorError } from '../../errors.ts'
import { agreesTo, approveRun } from '../approval.ts'
import { type BackupChoice, type BackupFlags, backupOptions, chooseBackup } from '../backups.ts'
import type { Cli } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { knownLossOf } from '../known-loss.ts'
import { type RunFlags, runOptions } from '../options.ts'
import { readCount, refuseTogether } from '../values.ts'
import { createCommandContext, refuseIdleScratch, runOptionsOf } from '../wiring.ts'
import { runOutcome } from './run-outcome.ts'

/** How far a rollback goes. */
export interface DownFlags {
  readonly steps?: string
  readonly target?: string
  readonly batch?: boolean
  readonly all?: boolean
}

export interface RollbackFlags extends RunFlags, BackupFlags, DownFlags {
  readonly force?: boolean
  readonly preserveData?: boolean
  readonly acceptLoss?: boolean
  readonly acceptArchived?: boolean
}

export const rollbackCommand = (cli: Cli) => ({
  command: ['rollback', 'down'],
  describe: 'Roll back applied migrations, newest first',
  builder: (yargs: Argv) =>
    lossOptions(backupOptions(runOptions(yargs)))
      .usage(
        `${cli.invocation.command('rollback')} [options]\n\nRoll back the last migration, the last --steps N, everything after --target ID, the last run (--batch), or --all.`,
      )
      .option('steps', { type: 'string', requiresArg: true, describe: 'Roll back the last N migrations' })
      .option('target', {
        type: 'string',
        requiresArg: true,
        describe: 'Roll back everything applied after ID; ID itself stays applied',
      })
      .option('batch', { type: 'boolean', default: false, describe: 'Roll back what the last run applied' })
      .option('all', { type: 'boolean', default: false, describe: 'Roll back everything; requires --force' })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'Allow rolling back everything; run an edited down; drop the record if nothing can be run',
      })
      .option('accept-archived', {
        type: 'boolean',
        default: false,
        describe: 'Run the archived source of a missing module, after reviewing it',
      })
      .example(cli.invocation.command('rollback'), 'roll back the last one')
      .example(`${cli.invocation.command('rollback')} --steps 2 --dry-run`, 'show what rolling back two would run')
      .example(`${cli.invocation.command('rollback')} --target 0001_init_schema`, 'roll back everything after it')
      .example(`${cli.invocation.command('rollback')} --preserve-data`, 'roll back without losing a row'),
  handler: (flags: RollbackFlags) => runRollback(cli, flags),
})

/** What happens to the data that a rollback destroys. */
export function lossOptions<T>(yargs: Argv<T>): Argv<T> {
  return yargs
    .option('preserve-data', {
      type: 'boolean',
      default: false,
      describe: 'Keep the rows and values that would be lost; the next migrate of the same migration restores them',
    })
    .option('accept-loss', {
      type: 'boolean',
      default: false,
      describe: 'Allow data loss, even on a protected database',
    }) as Argv<T>
}

export async function runRollback(cli: Cli, flags: RollbackFlags, check: () => void = () => {}): Promise<void> {
  await cli[flags.dryRun ? 'runUntilInterrupted' : 'run'](flags, async (environment) => {
    check()
    refuseIdleScratch(flags)
    const target = readDownTarget(flags)
    const run = runOptionsOf(flags, environment.config)
    const command = await createCommandContext(flags, environment)
    try {
      const backup = await chooseBackup(flags, command)
      const report = await askingForAll(command, {
        ...run,
        ...(await revertOptions(command, flags, backup)),
        target,
        everything: flags.force ?? false,
      })
      return await runOutcome(command, report, backup)
    } finally {
      await command.close()
    }
  })
}

/** What rolling back on its own, and as the first half of a redo, have in common. */
export async function revertOptions(command: CommandContext, flags: RevertFlags, backup: BackupChoice) {
  return {
    ...(backup.kind === 'taken' ? { backup: backup.provider } : {}),
    force: flags.force ?? false,
    preserveData: flags.preserveData ?? false,
    acceptLoss: flags.acceptLoss ?? false,
    onLoss: (await command.protection()).protected ? ('refuse' as const) : ('tell' as const),
    knownLoss: provenLoss(command),
    lossTimeoutMs: command.config.config.lossTimeoutMs,
    dryRun: flags.dryRun ?? false,
    approve: (proposal: Proposal) => approveRun(command, proposal, { confirm: flags.confirm, backup }),
  }
}

type RevertFlags = Pick<RollbackFlags, 'force' | 'preserveData' | 'acceptLoss' | 'dryRun' | 'confirm'>

/** In an incident a damaged lock file must not stand in the way: what it would tell is then read from the downs. */
function provenLoss(command: CommandContext): KnownLoss | undefined {
  try {
    return knownLossOf(command)
  } catch (error) {
    if (!(error instanceof MigratorError)) throw error
    command.output.warn(error.message)
    return undefined
  }
}

/** Rolling back everything needs --force, or a typed yes. */
async function askingForAll(command: CommandContext, options: RollbackOptions): Promise<RunReport> {
  try {
    return await rollback(command.context, command.set, options)
  } catch (error) {
    const wantsAll =
      error instanceof MigratorError && error.code === 'CONFIRMATION_REQUIRED' && error.details.problems !== undefined
    if (!wantsAll || !(await agreesTo(command, error.message))) throw error
    return rollback(command.context, command.set, { ...options, everything: true })
  }
}

/** Which migrations go. Throws USAGE_INVALID. */
export function readDownTarget({ steps, target, batch, all }: DownFlags): DownTarget {
  refuseTogether(
    steps !== undefined && '--steps',
    target !== undefined && '--target',
    batch && '--batch',
    all && '--all',
  )
  if (target !== undefined) return { kind: 'id', id: target }
  if (batch) return { kind: 'batch' }
  if (all) return { kind: 'empty' }
  return { kind: 'count', count: readCount('steps', steps) ?? 1 }
}
