import type { Argv } from 'yargs'
import type { DownTarget } from '../../core/target.ts'
import { MigratorError } from '../../errors.ts'
import type { RunReport } from '../../operations/report.ts'
import { type RollbackOptions, rollback } from '../../operations/rollback.ts'
import { agreesTo, approveRun } from '../approval.ts'
import { chooseBackup } from '../backups.ts'
import type { Cli } from '../command.ts'
import { type RunFlags, runOptions } from '../options.ts'
import { invalid, readCount } from '../values.ts'
import { createWorld, runOptionsOf, type World } from '../wiring.ts'
import { runOutcome } from './run-outcome.ts'

export interface RollbackFlags extends RunFlags {
  readonly steps?: string
  readonly target?: string
  readonly batch?: boolean
  readonly all?: boolean
  readonly force?: boolean
  readonly acceptArchived?: boolean
}

export const rollbackCommand = (cli: Cli) => ({
  command: 'rollback',
  describe: 'Revert applied migrations, the newest first',
  builder: (yargs: Argv) =>
    runOptions(yargs)
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
      .example(`${cli.invocation.command('rollback')} --target 0001_init_schema`, 'everything after it'),
  handler: (flags: RollbackFlags) => runRollback(cli, flags),
})

export async function runRollback(cli: Cli, flags: RollbackFlags): Promise<void> {
  await cli.run(flags, async (surroundings) => {
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
        dryRun: flags.dryRun ?? false,
        approve: (proposal) => approveRun(world, proposal, { confirm: flags.confirm, backup }),
      })
      return await runOutcome(world, report, backup)
    } finally {
      await world.close()
    }
  })
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
