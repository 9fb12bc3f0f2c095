import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Argv } from 'yargs'
import type { SourceFile } from '../../core/migration.ts'
import { type Repair, repair } from '../../engine/history/repair.ts'
import { MigratorError } from '../../errors.ts'
import { approveHistory } from '../approval.ts'
import type { Cli } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { type HistoryFlags, historyOptions } from '../options.ts'
import { nextCommands } from '../output.ts'
import { invalid } from '../values.ts'
import { createCommandContext, runOptionsOf } from '../wiring.ts'
import { headline, STATUS } from './run-outcome.ts'

interface RepairFlags extends HistoryFlags {
  readonly what: Repair['kind']
  readonly id: string
  readonly as?: 'applied' | 'pending'
}

export const repairCommand = (cli: Cli) => ({
  command: 'repair <what> <id>',
  describe: 'Repair the migration history: accept a reviewed edit, clear a dirty state, restore a lost file',
  builder: (yargs: Argv) =>
    historyOptions(yargs)
      .usage(
        `${cli.invocation.command('repair')} accept-checksum|clear-dirty|drop-record|restore-file ID [options]\n\nRepair the record of one migration. No migration is run, and the schema stays as it is.`,
      )
      .positional('what', {
        choices: ['accept-checksum', 'clear-dirty', 'drop-record', 'restore-file'] as const,
        demandOption: true,
      })
      .positional('id', { type: 'string', demandOption: true, describe: 'The id of the migration' })
      .option('as', {
        choices: ['applied', 'pending'] as const,
        requiresArg: true,
        describe: 'clear-dirty: the state in which you found it',
      })
      .example(`${cli.invocation.command('repair')} accept-checksum 0003_sessions`, 'the edit has been reviewed')
      .example(
        `${cli.invocation.command('repair')} clear-dirty 0008_index --as pending`,
        'you checked that none of it is in the database',
      )
      .example(`${cli.invocation.command('repair')} restore-file 0003_sessions`, 'restore its file from the history'),
  handler: (flags: RepairFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const options = runOptionsOf(flags, environment.config)
      const command = await createCommandContext(flags, environment)
      try {
        await approve(command, flags)
        const report = await repair(command.context, command.set, repairOf(flags, command), {
          ...options,
          dryRun: flags.dryRun ?? false,
        })
        return {
          document: { runId: command.runId, ...report },
          text: [headline(command), report.message, '', nextCommands(command.output, [STATUS])].join('\n'),
        }
      } finally {
        await command.close()
      }
    }),
})

function repairOf({ what, id, as }: RepairFlags, command: CommandContext): Repair {
  if (what === 'clear-dirty') {
    if (as === undefined)
      throw invalid(
        'clear-dirty needs --as applied or --as pending.',
        'Check the database first, then state what you found.',
      )
    return { kind: what, id, as }
  }
  if (as !== undefined) throw invalid(`--as belongs to clear-dirty; ${what} does not take it.`)
  if (what === 'accept-checksum' || what === 'drop-record') return { kind: what, id }
  return { kind: what, id, write: (source) => writeSource(command, source) }
}

async function approve(command: CommandContext, { confirm, what, dryRun }: RepairFlags): Promise<void> {
  if (what !== 'restore-file' && !dryRun) await approveHistory(command, confirm)
}

/** Never over a file that is there. */
async function writeSource({ migrationsDirectory }: CommandContext, { path, content }: SourceFile): Promise<void> {
  const file = resolve(migrationsDirectory, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content, { flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST')
      throw new MigratorError('MIGRATIONS_DIRECTORY_MISSING', `${file} can't be written: ${cause.message}.`, { cause })
  })
}
