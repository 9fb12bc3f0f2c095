import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import type { DownTarget } from '../../core/target.ts'
import { planFacts } from '../../engine/preview/plan.ts'
import { migrate } from '../../engine/run/migrate.ts'
import type { RunReport } from '../../engine/run/report.ts'
import { rollback } from '../../engine/run/rollback.ts'
import { readLockFile } from '../../load/lock-file.ts'
import { planJson } from '../../report/plan/json.ts'
import { MigrationPlanReporter, PLAN_FORMATS, type PlanFormat } from '../../report/plan-report.ts'
import { type BackupChoice, type BackupFlags, backupOptions, chooseBackup } from '../backups.ts'
import type { Cli } from '../command.ts'
import { knownLossOf } from '../known-loss.ts'
import { type RunFlags, runOptions } from '../options.ts'
import type { Outcome } from '../output.ts'
import { invalid, readCount } from '../values.ts'
import { createWorld, runOptionsOf, type World } from '../wiring.ts'

interface PlanFlags extends RunFlags, BackupFlags {
  readonly steps?: string
  readonly target?: string
  readonly down?: string
  readonly allowOutOfOrder?: boolean
  readonly format?: PlanFormat
  readonly output?: string
}

export const planCommand = (cli: Cli) => ({
  command: 'plan',
  describe: 'Report what a migrate or rollback would do: SQL, locks, loss, time, proof',
  builder: (yargs: Argv) =>
    backupOptions(runOptions(yargs))
      .usage(
        `${cli.invocation.command('plan')} [options]\n\nReport what is pending, or with --down what a rollback would do, measured on a scratch database. Reads the database's history only; changes nothing.`,
      )
      .option('down', { type: 'string', requiresArg: true, describe: 'The rollback of the last N' })
      .option('steps', { type: 'string', requiresArg: true, describe: 'Only the next N' })
      .option('target', {
        type: 'string',
        requiresArg: true,
        describe: 'Up to this id; with one that is applied, the rollback of everything after it',
      })
      .option('allow-out-of-order', {
        type: 'boolean',
        default: false,
        describe: 'Plan pending ids below an applied one',
      })
      .option('format', { choices: PLAN_FORMATS, default: 'text' as const, describe: 'How it is written' })
      .option('output', { type: 'string', requiresArg: true, describe: 'Write it to this file' })
      .example(`${cli.invocation.command('plan')} --format markdown`, 'for a comment on a pull request')
      .example(`${cli.invocation.command('plan')} --down 2`, 'before taking two back'),
  handler: (flags: PlanFlags) =>
    cli.runUntilInterrupted(flags, async (surroundings) => {
      refuseMixed(flags)
      const world = await createWorld(flags, surroundings)
      try {
        return await plan(flags, world)
      } finally {
        await world.close()
      }
    }),
})

function refuseMixed({ down, steps, target }: PlanFlags): void {
  if ([down, steps, target].filter((each) => each !== undefined).length > 1)
    throw invalid('--down, --steps and --target exclude each other.', 'Give one of them.')
}

async function plan(flags: PlanFlags, world: World): Promise<Outcome> {
  const { env, output } = world
  const certificates = readLockFile(world.migrationsDirectory)
  const backup = await chooseBackup(flags, world)
  const dry = await dryRunOf(flags, world)
  const facts = await planFacts(world.context, world.set, dry, {
    certificates,
    backup: backupWords(world, dry, backup),
  })
  const format = flags.format ?? 'text'
  const path = flags.output === undefined ? undefined : resolve(env.invokedFrom ?? '.', flags.output)
  const plain = new MigrationPlanReporter().render(facts, format)
  if (path !== undefined) await writeFile(path, plain.endsWith('\n') ? plain : `${plain}\n`)
  const shown = format === 'text' ? new MigrationPlanReporter(output.style).render(facts, 'text') : plain.trimEnd()
  const text = path === undefined ? shown : `The plan was written to ${path}.`
  return { document: planJson(facts), text: output.json ? '' : text, error: dry.error }
}

/** Which direction an id means is told by the history: one that is applied stays, and what came after it goes. A dirty one is not applied. */
async function dryRunOf(flags: PlanFlags, world: World): Promise<RunReport> {
  const { context, set, config } = world
  const options = { ...runOptionsOf(flags, config), dryRun: true, approve: async () => {} }
  const down = await downTarget(flags, world)
  if (down) {
    const knownLoss = knownLossOf(world)
    return rollback(context, set, {
      ...options,
      target: down,
      // What a rollback without --force refuses is what its plan has to show.
      force: false,
      everything: false,
      onLoss: 'tell',
      knownLoss,
    })
  }
  const count = readCount('steps', flags.steps)
  const target =
    flags.target !== undefined
      ? ({ kind: 'id', id: flags.target } as const)
      : count === undefined
        ? ({ kind: 'latest' } as const)
        : ({ kind: 'count', count } as const)
  return migrate(context, set, { ...options, target, allowOutOfOrder: flags.allowOutOfOrder ?? false })
}

async function downTarget({ down, target }: PlanFlags, { context }: World): Promise<DownTarget | undefined> {
  const count = readCount('down', down)
  if (count !== undefined) return { kind: 'count', count }
  if (target === undefined) return undefined
  const session = await context.database.connect({ modules: false })
  try {
    const applied = await context.store.read(session)
    return applied.some(({ id, dirty }) => id === target && !dirty) ? { kind: 'id', id: target } : undefined
  } finally {
    await session.close()
  }
}

function backupWords({ protected: isProtected }: World, { direction }: RunReport, backup: BackupChoice): string {
  if (backup.kind === 'taken') return `${backup.provider.name}, taken first`
  if (backup.kind === 'refused') return 'none, as was asked for'
  if (!isProtected) return 'none; the database is local'
  return direction === 'down'
    ? 'none yet; this protected database needs --snapshot, --backup NAME, or --no-backup --reason "why"'
    : 'none yet; steps that drop, truncate or delete need one'
}
