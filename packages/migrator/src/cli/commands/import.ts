import type { Argv } from 'yargs'
import { plural } from '../../core/plural.ts'
import { foreignHistories } from '../../dialects/postgres/foreign/histories.ts'
import { type ImportReport, importHistory, undoImport } from '../../engine/import/import-history.ts'
import { approveHistory } from '../approval.ts'
import type { Cli } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { type HistoryFlags, historyOptions } from '../options.ts'
import { nextCommands, type Outcome } from '../output.ts'
import { invalid } from '../values.ts'
import { createCommandContext, runOptionsOf } from '../wiring.ts'
import { headline, STATUS } from './run-outcome.ts'

interface ImportFlags extends HistoryFlags {
  readonly history?: string
  readonly undo?: boolean
  readonly skipUnmatched?: boolean
}

export const importCommand = (cli: Cli) => ({
  command: 'import [history]',
  describe: "Import another tool's migration history, without running anything",
  builder: (yargs: Argv) =>
    historyOptions(yargs)
      .usage(
        `${cli.invocation.command('import')} HISTORY [options]\n\nRecord as applied what another tool's history lists as applied. The other table is only read.`,
      )
      .positional('history', {
        type: 'string',
        describe: 'The tool (drizzle, prisma, goose …), its table, or SCHEMA.TABLE',
      })
      .option('undo', { type: 'boolean', default: false, describe: 'Remove the records of an earlier import' })
      .option('skip-unmatched', {
        type: 'boolean',
        default: false,
        describe: 'Import only the rows that match a migration',
      })
      .example(`${cli.invocation.command('import')} drizzle --dry-run`, 'show the mapping; change nothing')
      .example(`${cli.invocation.command('import')} drizzle`, 'record it')
      .example(`${cli.invocation.command('import')} --undo`, 'remove the imported records'),
  handler: (flags: ImportFlags) =>
    cli.run(flags, async (environment) => {
      refuseMixed(flags)
      const command = await createCommandContext(flags, environment)
      const options = {
        ...runOptionsOf(flags, environment.config),
        dryRun: flags.dryRun ?? false,
        skipUnmatched: flags.skipUnmatched ?? false,
        approve: () => approveHistory(command, flags.confirm),
      }
      try {
        if (flags.undo) return undone(command, await undoImport(command.context, options))
        const { context, set } = command
        return imported(command, await importHistory(context, foreignHistories, set, flags.history ?? '', options))
      } finally {
        await command.close()
      }
    }),
})

function refuseMixed({ history, undo, skipUnmatched }: ImportFlags): void {
  if (undo && skipUnmatched) throw invalid('--undo and --skip-unmatched cannot be combined.')
  if (undo && history !== undefined) throw invalid('--undo takes no HISTORY: it removes every imported record.')
  if (!undo && !history) throw invalid('Name the history: import HISTORY.', 'For example: db:import drizzle.')
}

function imported(command: CommandContext, { error, ...report }: ImportReport): Outcome {
  const { history, tool, mapped, unmatched, recorded, dryRun } = report
  const width = Math.max(0, ...mapped.map(({ id }) => id.length))
  const rows = mapped.map(
    ({ id, from, appliedAt, note }) =>
      `  ${id.padEnd(width)}  ← ${from}${appliedAt ? `, applied ${appliedAt}` : ''}${note ? ` (${note})` : ''}`,
  )
  const verb = dryRun ? 'Would record' : 'Recorded'
  const lines = [
    headline(command),
    `${history} (${tool}): ${plural(mapped.length, 'migration is', 'migrations are')} applied there${unmatched.length === 0 ? '' : `; ${plural(unmatched.length, 'row matches', 'rows match')} no migration`}.`,
    ...rows,
    ...unmatched.map(({ from, reason }) => `  ✗ ${from}: ${reason}`),
    ...(error
      ? []
      : [`${verb} ${plural(recorded.length, 'migration', 'migrations')} as applied, without running any.`]),
    ...(error || dryRun ? [] : ['', nextCommands(command.output, [STATUS])]),
  ]
  const document = {
    runId: command.runId,
    ...report,
    mapped: mapped.map((each) => ({ ...each, appliedAt: each.appliedAt ?? null })),
  }
  return { document, text: lines.join('\n'), error }
}

function undone(
  command: CommandContext,
  report: { readonly removed: readonly string[]; readonly dryRun: boolean },
): Outcome {
  const verb = report.dryRun ? 'Would remove' : 'Removed'
  const told = `${verb} ${plural(report.removed.length, 'imported record', 'imported records')}; nothing was run.`
  const lines = [headline(command), told, ...report.removed.map((id) => `  ${id}`)]
  return { document: { runId: command.runId, ...report }, text: lines.join('\n') }
}
