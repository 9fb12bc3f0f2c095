import type { Argv } from 'yargs'
import { plural } from '../../core/plural.ts'
import { baseline } from '../../engine/history/baseline.ts'
import { approveHistory } from '../approval.ts'
import type { Cli } from '../command.ts'
import { type HistoryFlags, historyOptions } from '../options.ts'
import { nextCommands } from '../output.ts'
import { createCommandContext, runOptionsOf } from '../wiring.ts'
import { headline, STATUS } from './run-outcome.ts'

interface BaselineFlags extends HistoryFlags {
  readonly id: string
}

export const baselineCommand = (cli: Cli) => ({
  command: 'baseline <id>',
  describe: 'Adopt an existing database: record migrations up to ID as applied, without running them',
  builder: (yargs: Argv) =>
    historyOptions(yargs)
      .usage(
        `${cli.invocation.command('baseline')} ID [options]\n\nRecord every pending migration up to and including ID as applied, without running any.`,
      )
      .positional('id', {
        type: 'string',
        demandOption: true,
        describe: 'The newest migration that the database already has',
      })
      .example(`${cli.invocation.command('baseline')} 0004_reports --dry-run`, 'show what would be recorded'),
  handler: (flags: BaselineFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const options = runOptionsOf(flags, environment.config)
      const command = await createCommandContext(flags, environment)
      try {
        const report = await baseline(command.context, command.set, flags.id, {
          ...options,
          dryRun: flags.dryRun ?? false,
          approve: () => approveHistory(command, flags.confirm),
        })
        const verb = report.dryRun ? 'Would record' : 'Recorded'
        const lines = [
          headline(command),
          `${verb} ${plural(report.recorded.length, 'migration', 'migrations')} as applied, without running any.`,
          ...report.recorded.map((id) => `  ${id}`),
        ]
        return {
          document: { runId: command.runId, ...report },
          text: [...lines, '', nextCommands(command.output, [STATUS])].join('\n'),
        }
      } finally {
        await command.close()
      }
    }),
})
