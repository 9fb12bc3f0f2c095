import type { Argv } from 'yargs'
import { invalidFiles } from '../../core/file-problem.ts'
import { isUnfinished } from '../../core/reconcile.ts'
import { type StatusReport, status } from '../../engine/history/status.ts'
import { MigratorError } from '../../errors.ts'
import type { Protection } from '../../ports/protection.ts'
import { statusDocument } from '../../report/status-json.ts'
import { statusTable, summaryLine } from '../../report/status-text.ts'
import type { Cli } from '../command.ts'
import { type CommonFlags, projectOptions } from '../options.ts'
import { createCommandContext } from '../wiring.ts'
import { headline } from './run-outcome.ts'

interface StatusFlags extends CommonFlags {
  readonly check?: boolean
}

export const statusCommand = (cli: Cli) => ({
  command: 'status',
  describe: 'Show the state of every migration',
  builder: (yargs: Argv) =>
    projectOptions(yargs)
      .usage(
        `${cli.invocation.command('status')} [options]\n\nShow every migration with its state, and when and how long it ran. Changes nothing.`,
      )
      .option('check', {
        type: 'boolean',
        default: false,
        describe: 'Exit with 5 if anything is pending, running, dirty, changed or missing',
      })
      .example(cli.invocation.command('status'), 'show the table')
      .example(`${cli.invocation.command('status')} --check`, 'for CI and readiness checks'),
  handler: (flags: StatusFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const command = await createCommandContext(flags, environment)
      try {
        const report = await status(command.context, command.set, command.protection)
        const { style } = command.output
        const protection = await command.protection()
        const lines = [
          headline(command),
          ...protectedBy(protection),
          '',
          statusTable(report.migrations, style),
          '',
          `Status: ${summaryLine(report.summary)}`,
        ]
        return {
          document: {
            ...statusDocument(report.migrations, report.summary),
            protection: { protected: protection.protected, by: protection.by },
          },
          text: lines.join('\n'),
          error: errorIn(report, flags),
        }
      } finally {
        await command.close()
      }
    }),
})

function protectedBy({ protected: isProtected, by, mark }: Protection): readonly string[] {
  if (!isProtected) return []
  const why = by === 'mark' ? `marked in the database${mark?.by ? ` by ${mark.by}` : ''}` : REASONS[by]
  return [`Protected: ${why}.`]
}

const REASONS = {
  configuration: 'by migrator.config.ts',
  environment: 'NODE_ENV is production',
  host: 'it is not on this machine',
} as const

function errorIn({ migrations, problems }: StatusReport, { check }: StatusFlags): MigratorError | undefined {
  if (problems.length > 0) return invalidFiles(problems)
  const found = migrations.filter(isUnfinished)
  if (!check || found.length === 0) return undefined
  // A renamed file is two rows of one thing.
  const named = found.filter(({ renamedFrom }) => !found.some(({ id }) => id === renamedFrom))
  const names = named
    .slice(0, 5)
    .map(({ id, state, renamedTo }) => (renamedTo ? `${id} was renamed to ${renamedTo}` : `${id} is ${state}`))
  const more = named.length > 5 ? ` and ${named.length - 5} more` : ''
  return new MigratorError('CHECK_FAILED', `${names.join(', ')}${more}.`, {
    details: { ids: found.map(({ id }) => id) },
  })
}
