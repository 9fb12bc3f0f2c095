import type { Argv } from 'yargs'
import type { KnownLoss } from '../../core/loss.ts'
import type { DownTarget } from '../../core/target.ts'
import type { RunReport } from '../../engine/run/report.ts'
import { type RollbackOptions, rollback } from '../../engine/run/rollback.ts'
import { MigratorError } from '../../errors.ts'
import { agreesTo, approveRun } from '../approval.ts'
import { type BackupFlags, backupOptions, chooseBackup } from '../backups.ts'
import type { Cli } from '../command.ts'
import { knownLossOf } from '../known-loss.ts'
import { type RunFlags, runOptions } from '../options.ts'
import { invalid, readCount } from '../values.ts'
import { createWorld, runOptionsOf, type World } from '../wiring.ts'
import { runOutcome } from './run-outcome.ts'

export interface RollbackFlags extends RunFlags, BackupFlags {
  readonly steps?: string
  readonly target?: string
  readonly batch?: boolean
  readonly all?: boolean
  readonly force?: boolean
  readonly preserveData?: boolean
  readonly acceptLoss?: boolean
  readonly acceptArchived?: boolean
}

export const rollbackCommand = (cli: Cli) => ({
  command: 'rollback',
  describe: 'Revert applied migrations, the newest first',
  builder: (yargs: Argv) =>
    lossOptions(backupOptions(runOptions(yargs)))
      .usage(
        `${cli.invocation.command('rollback')} [options]\n\nRevert the last migration, the last N, everything after --target ID, the last --batch, or --all.`,
      )
      .option('steps', { type: 'string', requiresArg: true, describe: 'Revert the last N' })
      .option('target', {
        type: 'string',
        requiresArg: true,
        describe: 'Revert everything applied after this id; it stays',
      })
      .option('batch', { type: 'boolean', default: false, describe: 'Revert what the last run applied' })
      .option('all', { type: 'boolean', default: false, describe: 'Revert everything; needs --force' })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'Revert all of them; run an edited down; drop the record where nothing can be run',
      })
      .option('accept-archived', {
        type: 'boolean',
        default: false,
        describe: "Run a module's source out of the history; you were shown it",
      })
      .example(cli.invocation.command('rollback'), 'the last one')
      .example(`${cli.invocation.command('rollback')} --steps 2 --dry-run`, 'show what reverting two would run')
      .example(`${cli.invocation.command('rollback')} --target 0001_init_schema`, 'everything after it')
      .example(`${cli.invocation.command('rollback')} --preserve-data`, 'and lose no row'),
  handler: (flags: RollbackFlags) => runRollback(cli, flags),
})

/** What is to become of the data that a rollback destroys. */
export function lossOptions<T>(yargs: Argv<T>): Argv<T> {
  return yargs
    .option('preserve-data', {
      type: 'boolean',
      default: false,
      describe: 'Keep the rows and values that it destroys; the next migrate of the same migration puts them back',
    })
    .option('accept-loss', {
      type: 'boolean',
      default: false,
      describe: 'Destroy what is there, also on a protected database',
    }) as Argv<T>
}

export async function runRollback(cli: Cli, flags: RollbackFlags): Promise<void> {
  await cli[flags.dryRun ? 'runUntilInterrupted' : 'run'](flags, async (surroundings) => {
    const target = readTarget(flags)
    const run = runOptionsOf(flags, surroundings.config)
    const world = await createWorld(flags, surroundings)
    try {
      const force = flags.force ?? false
      const backup = await chooseBackup(flags, world)
      const report = await askingForAll(world, {
        ...run,
        ...(backup.kind === 'taken' ? { backup: backup.provider } : {}),
        target,
        force,
        everything: force,
        preserveData: flags.preserveData ?? false,
        acceptLoss: flags.acceptLoss ?? false,
        onLoss: world.protected ? 'refuse' : 'tell',
        knownLoss: provenLoss(world),
        lossTimeoutMs: surroundings.config.config.lossTimeoutMs,
        dryRun: flags.dryRun ?? false,
        approve: (proposal) => approveRun(world, proposal, { confirm: flags.confirm, backup }),
      })
      return await runOutcome(world, report, backup)
    } finally {
      await world.close()
    }
  })
}

/** In an incident a damaged lock file must not stand in the way: what it would tell is then read from the downs. */
function provenLoss(world: World): KnownLoss | undefined {
  try {
    return knownLossOf(world)
  } catch (error) {
    if (!(error instanceof MigratorError)) throw error
    world.output.warn(error.message)
    return undefined
  }
}

/** Reverting everything needs --force, or a typed yes. */
async function askingForAll(world: World, options: RollbackOptions): Promise<RunReport> {
  try {
    return await rollback(world.context, world.set, options)
  } catch (error) {
    const wantsAll =
      error instanceof MigratorError && error.code === 'CONFIRMATION_REQUIRED' && error.details.problems !== undefined
    if (!wantsAll || !(await agreesTo(world, error.message))) throw error
    return rollback(world.context, world.set, { ...options, everything: true })
  }
}

function readTarget({ steps, target, batch, all }: RollbackFlags): DownTarget {
  const given = [
    steps !== undefined && '--steps',
    target !== undefined && '--target',
    batch && '--batch',
    all && '--all',
  ].filter(Boolean)
  if (given.length > 1) throw invalid(`${given.join(' and ')} exclude each other.`, 'Give one of them.')
  if (target !== undefined) return { kind: 'id', id: target }
  if (batch) return { kind: 'batch' }
  if (all) return { kind: 'empty' }
  return { kind: 'count', count: readCount('steps', steps) ?? 1 }
}
