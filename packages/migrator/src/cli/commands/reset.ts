import type { Argv } from 'yargs'
import { invalidFiles } from '../../core/file-problem.ts'
import { validateFiles } from '../../engine/history/validate.ts'
import { migrate } from '../../engine/run/migrate.ts'
import { rollback } from '../../engine/run/rollback.ts'
import { approveLocal } from '../approval.ts'
import type { Cli } from '../command.ts'
import { type RunFlags, stepOptions, type YesFlag, yesOption } from '../options.ts'
import { createCommandContext, refuseIdleScratch, runOptionsOf } from '../wiring.ts'
import { runOutcome } from './run-outcome.ts'

export const resetCommand = (cli: Cli) => ({
  command: 'reset',
  describe: 'Roll back every migration and apply them all again (local databases only)',
  builder: (yargs: Argv) =>
    yesOption(stepOptions(yargs))
      .usage(
        `${cli.invocation.command('reset')} [options]\n\nRoll back every migration and apply them all again. The data of the local database is lost.`,
      )
      .option('force', { type: 'boolean', default: false, describe: 'Same as --yes' })
      .example(`${cli.invocation.command('reset')} --yes`, 'do not ask'),
  handler: (flags: RunFlags & YesFlag & { force?: boolean }) =>
    cli.run(flags, async (environment) => {
      refuseIdleScratch(flags)
      const options = {
        ...runOptionsOf(flags, environment.config),
        dryRun: flags.dryRun ?? false,
        approve: async () => {},
      }
      const command = await createCommandContext(flags, environment)
      try {
        await approveLocal(
          command,
          'This rolls back every migration and applies them all again; the data is lost.',
          flags.yes || flags.force === true || options.dryRun,
        )
        const { problems } = await validateFiles(command.set, command.context.database.script)
        if (problems.length > 0) throw invalidFiles(problems)
        const down = await rollback(command.context, command.set, {
          ...options,
          target: { kind: 'empty' },
          force: true,
          everything: true,
        })
        if (down.error || options.dryRun) return await runOutcome(command, down)
        const up = await migrate(command.context, command.set, {
          ...options,
          target: { kind: 'latest' },
          allowOutOfOrder: false,
        })
        return await runOutcome(command, { ...up, results: [...down.results, ...up.results] })
      } finally {
        await command.close()
      }
    }),
})
