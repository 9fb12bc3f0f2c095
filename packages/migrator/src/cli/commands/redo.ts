import type { Argv } from 'yargs'
import { redo } from '../../engine/run/redo.ts'
import { backupOptions, chooseBackup } from '../backups.ts'
import type { Cli } from '../command.ts'
import { runOptions } from '../options.ts'
import { readCount } from '../values.ts'
import { createCommandContext, refuseIdleScratch, runOptionsOf } from '../wiring.ts'
import { lossOptions, type RollbackFlags, revertOptions } from './rollback.ts'
import { redoOutcome } from './run-outcome.ts'

export const redoCommand = (cli: Cli) => ({
  command: 'redo',
  describe: 'Roll back the last migration and apply it again',
  builder: (yargs: Argv) =>
    lossOptions(backupOptions(runOptions(yargs)))
      .usage(
        `${cli.invocation.command('redo')} [options]\n\nRoll back the last migration, or the last --steps N, and apply them again.`,
      )
      .option('steps', { type: 'string', requiresArg: true, describe: 'Redo the last N migrations' })
      .option('force', { type: 'boolean', default: false, describe: 'Also redo a migration whose file was edited' })
      .example(cli.invocation.command('redo'), 'redo the last one')
      .example(`${cli.invocation.command('redo')} --dry-run`, 'show what would run'),
  handler: (flags: RollbackFlags) =>
    cli[flags.dryRun ? 'runUntilInterrupted' : 'run'](flags, async (environment) => {
      refuseIdleScratch(flags)
      const count = readCount('steps', flags.steps) ?? 1
      const options = runOptionsOf(flags, environment.config)
      const command = await createCommandContext(flags, environment)
      try {
        const backup = await chooseBackup(flags, command)
        const report = await redo(command.context, command.set, {
          ...options,
          ...(await revertOptions(command, flags, backup)),
          target: { kind: 'count', count },
          // All of it is applied again.
          everything: true,
        })
        return await redoOutcome(command, report, backup)
      } finally {
        await command.close()
      }
    }),
})
