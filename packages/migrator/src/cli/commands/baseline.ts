import type { Argv } from 'yargs'
import { plural } from '../../core/plural.ts'
import { baseline } from '../../engine/history/baseline.ts'
import { approveHistory } from '../approval.ts'
import type { Cli } from '../command.ts'
import type { CliEnvironment } from '../command-context.ts'
import { historyOptions } from '../options.ts'
import { nextCommands, type Outcome } from '../output.ts'
import { SCRATCH_URL } from '../scratch-options.ts'
import { invalid } from '../values.ts'
import { createCommandContext, runOptionsOf } from '../wiring.ts'
import type { FromDatabaseFlags } from './baseline-from-database.ts'
import { headline, STATUS } from './run-outcome.ts'

interface BaselineFlags extends FromDatabaseFlags {
  readonly id?: string
  readonly fromDatabase?: boolean
}

export const baselineCommand = (cli: Cli) => ({
  command: 'baseline [id]',
  describe: 'Adopt an existing database: record migrations up to ID as applied, without running them',
  builder: (yargs: Argv) =>
    historyOptions(yargs)
      .usage(
        `${cli.invocation.command('baseline')} ID [options]\n${cli.invocation.command('baseline')} --from-database [options]\n\nRecord every pending migration up to and including ID as applied, without running any. With --from-database, write the first migration from the live schema, prove it on a scratch database, and record it.`,
      )
      .positional('id', {
        type: 'string',
        describe: 'The newest migration that the database already has',
      })
      .option('from-database', {
        type: 'boolean',
        default: false,
        describe: "Write the project's first migration from the database's schema",
      })
      .option('name', {
        type: 'string',
        requiresArg: true,
        describe: 'Name of that migration (default: baseline)',
      })
      .option('scratch-url', SCRATCH_URL)
      .example(`${cli.invocation.command('baseline')} 0004_reports --dry-run`, 'show what would be recorded')
      .example(`${cli.invocation.command('baseline')} --from-database --dry-run`, 'show the migration; write nothing'),
  handler: (flags: BaselineFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const { id, fromDatabase = false, name, scratchUrl } = flags
      if (fromDatabase && id !== undefined) throw invalid('--from-database takes no ID.')
      if (fromDatabase) return (await import('./baseline-from-database.ts')).fromDatabase(flags, environment)
      if (name !== undefined) throw invalid('--name belongs to --from-database.')
      if (scratchUrl !== undefined) throw invalid('--scratch-url belongs to --from-database.')
      if (!id) throw invalid('Name the newest migration that the database already has: baseline ID.')
      return upTo(id, flags, environment)
    }),
})

async function upTo(id: string, flags: BaselineFlags, environment: CliEnvironment): Promise<Outcome> {
  const options = runOptionsOf(flags, environment.config)
  const command = await createCommandContext(flags, environment)
  try {
    const report = await baseline(command.context, command.set, id, {
      ...options,
      dryRun: flags.dryRun ?? false,
      approve: () => approveHistory(command, flags.confirm),
    })
    const verb = report.dryRun ? 'Would record' : 'Recorded'
    const lines = [
      headline(command),
      `${verb} ${plural(report.recorded.length, 'migration', 'migrations')} as applied, without running any.`,
      ...report.recorded.map((each) => `  ${each}`),
    ]
    return {
      document: { runId: command.runId, ...report },
      text: [...lines, '', nextCommands(command.output, [STATUS])].join('\n'),
    }
  } finally {
    await command.close()
  }
}
