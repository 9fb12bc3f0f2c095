import type { Argv } from 'yargs'
import { plural } from '../../core/plural.ts'
import { explainDifferences } from '../../core/schema-diff.ts'
import { type DriftReport, drift } from '../../engine/rehearse/drift.ts'
import { MigratorError } from '../../errors.ts'
import { readLockFile } from '../../load/lock-file.ts'
import type { Cli } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { type CommonFlags, projectOptions } from '../options.ts'
import type { Outcome } from '../output.ts'
import { withScratch } from '../scratch.ts'
import { SCRATCH_URL, type ScratchFlags } from '../scratch-options.ts'
import { createCommandContext } from '../wiring.ts'
import { headline } from './run-outcome.ts'

interface DriftFlags extends CommonFlags, ScratchFlags {
  readonly check?: boolean
}

export const driftCommand = (cli: Cli) => ({
  command: 'drift',
  describe: 'Detect drift between the live schema and the applied migrations',
  builder: (yargs: Argv) =>
    projectOptions(yargs)
      .usage(
        `${cli.invocation.command('drift')} [options]\n\nList every object that differs from what the applied migrations produce. Only reads the history and the system catalogs.`,
      )
      .option('check', { type: 'boolean', default: false, describe: 'Exit with 5 if anything differs' })
      .option('scratch-url', SCRATCH_URL)
      .example(cli.invocation.command('drift'), 'list what somebody changed by hand')
      .example(`${cli.invocation.command('drift')} --check`, 'for a nightly job'),
  handler: (flags: DriftFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const command = await createCommandContext(flags, environment)
      try {
        const certificates = readLockFile(command.migrationsDirectory)
        const report = await drift(command.context, command.set, certificates, (work) =>
          withScratch(flags, environment, command.connectionString, work),
        )
        return outcomeOf(command, report, flags)
      } finally {
        await command.close()
      }
    }),
})

function outcomeOf(command: CommandContext, report: DriftReport, { check }: DriftFlags): Outcome {
  const { diff, newest, fingerprint, provenBy } = report
  const { verdict, differences } = diff
  const document = { verdict, differences, newest: newest ?? null, fingerprint, provenBy: provenBy ?? 'comparison' }
  const found = verdict === 'differs'
  const error =
    check && found
      ? new MigratorError('CHECK_FAILED', `The schema differs from the migrations in ${counted(report)}.`, {
          hint: 'db:drift lists them; put each into a new migration, or undo it.',
        })
      : undefined
  return { document, text: [headline(command), ...lines(report)].join('\n'), error }
}

function lines({ diff, newest, provenBy }: DriftReport): readonly string[] {
  const after = newest === undefined ? 'No migration is applied' : `The newest applied migration is ${newest}`
  if (diff.verdict === 'identical') {
    const by = provenBy === 'certificate' ? ' It has the fingerprint of its certificate.' : ''
    return [`${after}; the schema matches the migrations.${by}`]
  }
  if (diff.verdict === 'order-only')
    return [`${after}; only the order of columns differs:`, ...explainDifferences(diff.differences)]
  return [
    `${after}; the schema differs in ${counted({ diff })} (+ only here, - missing here, ~ changed):`,
    ...explainDifferences(diff.differences),
  ]
}

function counted({ diff }: Pick<DriftReport, 'diff'>): string {
  return plural(diff.differences.length, 'object', 'objects')
}
