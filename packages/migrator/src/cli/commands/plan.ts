import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { planFacts } from '../../engine/preview/plan.ts'
import { withSession } from '../../engine/run/begin.ts'
import { migrate } from '../../engine/run/migrate.ts'
import type { RunReport } from '../../engine/run/report.ts'
import { rollback } from '../../engine/run/rollback.ts'
import { readLockFile } from '../../load/lock-file.ts'
import { planJson } from '../../report/plan/json.ts'
import { MigrationPlanReporter, PLAN_FORMATS, type PlanFormat } from '../../report/plan-report.ts'
import { type BackupChoice, type BackupFlags, chooseBackup, plannedBackupOptions } from '../backups.ts'
import type { Cli } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { knownLossOf } from '../known-loss.ts'
import { livenessOption, projectOptions, type RunFlags, reasonOption, transactionOption } from '../options.ts'
import type { Outcome } from '../output.ts'
import { SCRATCH_URL } from '../scratch-options.ts'
import { invalid } from '../values.ts'
import { createCommandContext, runOptionsOf } from '../wiring.ts'
import { readUpTarget } from './migrate.ts'
import { type DownFlags, readDownTarget } from './rollback.ts'

interface PlanFlags extends RunFlags, BackupFlags, DownFlags {
  readonly down?: boolean
  readonly allowOutOfOrder?: boolean
  readonly format?: PlanFormat
  readonly output?: string
}

export const planCommand = (cli: Cli) => ({
  command: 'plan',
  describe: 'Report what a migrate or rollback would do: SQL, locks, data loss, duration, proof',
  builder: (yargs: Argv) =>
    plannedBackupOptions(reasonOption(livenessOption(transactionOption(projectOptions(yargs)))))
      .usage(
        `${cli.invocation.command('plan')} [options]\n\nReport what migrate would do, or rollback with --down, measured on a scratch database. Only reads the history of the live database; changes nothing.`,
      )
      .option('down', {
        type: 'boolean',
        default: false,
        describe: 'Plan a rollback (default: of the last migration)',
      })
      .option('steps', { type: 'string', requiresArg: true, describe: 'The next N migrations; with --down the last N' })
      .option('target', {
        type: 'string',
        requiresArg: true,
        describe: 'Up to and including ID; with --down everything applied after it',
      })
      .option('batch', { type: 'boolean', default: false, describe: 'With --down: what the last run applied' })
      .option('all', { type: 'boolean', default: false, describe: 'With --down: everything' })
      .option('allow-out-of-order', {
        type: 'boolean',
        default: false,
        describe: 'Include pending migrations that are older than an applied one',
      })
      .option('scratch-url', SCRATCH_URL)
      .option('format', {
        choices: PLAN_FORMATS,
        requiresArg: true,
        default: 'text' as const,
        describe: 'The format of the report',
      })
      .option('output', { type: 'string', requiresArg: true, describe: 'Write the report to this file' })
      .example(`${cli.invocation.command('plan')} --format markdown`, 'for a comment on a pull request')
      .example(`${cli.invocation.command('plan')} --down --steps 2`, 'before rolling back two'),
  handler: (flags: PlanFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      refuseMixed(flags)
      const command = await createCommandContext(flags, environment)
      try {
        return await plan(flags, command)
      } finally {
        await command.close()
      }
    }),
})

function refuseMixed({ down, batch, all, allowOutOfOrder }: PlanFlags): void {
  if (!down && (batch || all)) throw invalid(`${batch ? '--batch' : '--all'} requires --down.`)
  if (down && allowOutOfOrder) throw invalid('--down and --allow-out-of-order cannot be combined.')
}

async function plan(flags: PlanFlags, command: CommandContext): Promise<Outcome> {
  const { env, output } = command
  const certificates = readLockFile(command.migrationsDirectory)
  const backup = await chooseBackup(flags, command)
  const dry = await dryRunOf(flags, command)
  const facts = await planFacts(command.context, command.set, dry, {
    certificates,
    backup: await backupWords(command, dry, backup),
  })
  const format = flags.format ?? 'text'
  const path = flags.output === undefined ? undefined : resolve(env.invokedFrom ?? '.', flags.output)
  const plain = new MigrationPlanReporter().render(facts, format)
  if (path !== undefined) await writeFile(path, plain.endsWith('\n') ? plain : `${plain}\n`)
  const shown = format === 'text' ? new MigrationPlanReporter(output.style).render(facts, 'text') : plain.trimEnd()
  const text = path === undefined ? shown : `The plan was written to ${path}.`
  return { document: planJson(facts), text: output.json ? '' : text, error: dry.error }
}

async function dryRunOf(flags: PlanFlags, command: CommandContext): Promise<RunReport> {
  const { context, set, config } = command
  const options = { ...runOptionsOf(flags, config), dryRun: true, approve: async () => {} }
  if (flags.down) {
    const target = readDownTarget(flags)
    const knownLoss = knownLossOf(command)
    // What a rollback without --force refuses is what its plan has to show.
    return rollback(context, set, { ...options, target, force: false, everything: false, onLoss: 'tell', knownLoss })
  }
  const target = readUpTarget(flags)
  if (target.kind === 'id') await refuseApplied(target.id, command)
  return migrate(context, set, { ...options, target, allowOutOfOrder: flags.allowOutOfOrder ?? false })
}

/** An id that is applied already was meant as the target of a rollback. */
async function refuseApplied(id: string, { context }: CommandContext): Promise<void> {
  const history = await withSession(context, (session) => context.store.read(session))
  if (history.some((entry) => entry.id === id && !entry.dirty))
    throw invalid(`${id} is already applied.`, `To plan a rollback to it: db:plan --down --target ${id}.`)
}

async function backupWords(command: CommandContext, { direction }: RunReport, backup: BackupChoice): Promise<string> {
  if (backup.kind === 'taken') return `${backup.provider.name}, taken first`
  if (backup.kind === 'refused') return 'none, as requested'
  if (!(await command.protection()).protected) return 'none; the database is not protected'
  return direction === 'down'
    ? 'none yet; this protected database needs --snapshot, --backup NAME, or --no-backup --reason "why"'
    : 'none yet; steps that drop, truncate or delete need one'
}
