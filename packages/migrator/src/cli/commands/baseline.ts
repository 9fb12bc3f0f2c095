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
    cli.runUntilInterrupted(flags, async (surroundings) => {
      const options = runOptionsOf(flags, surroundings.config)
      const world = await createCommandContext(flags, surroundings)
      try {
        const report = await baseline(world.context, world.set, flags.id, {
          ...options,
          dryRun: flags.dryRun ?? false,
          approve: () => approveHistory(world, flags.confirm),
        })
        const verb = report.dryRun ? 'Would record' : 'Recorded'
        const lines = [
          headline(world),
          `${verb} ${plural(report.recorded.length, 'migration', 'migrations')} as applied, without running any.`,
          ...report.recorded.map((id) => `  ${id}`),
        ]
        return {
          document: { runId: world.runId, ...report },
          text: [...lines, '', nextCommands(world.output, [STATUS])].join('\n'),
        }
      } finally {
        await world.close()
      }
    }),
})
