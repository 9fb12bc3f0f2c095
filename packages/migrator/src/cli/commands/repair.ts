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
        describe: 'clear-dirty: the state that you found it in',
      })
      .example(`${cli.invocation.command('repair')} accept-checksum 0003_sessions`, 'the edit has been reviewed')
      .example(
        `${cli.invocation.command('repair')} clear-dirty 0008_index --as pending`,
        'you checked: none of it is in the database',
      )
      .example(`${cli.invocation.command('repair')} restore-file 0003_sessions`, 'restore its file from the history'),
  handler: (flags: RepairFlags) =>
    cli.runUntilInterrupted(flags, async (surroundings) => {
      const options = runOptionsOf(flags, surroundings.config)
      const world = await createCommandContext(flags, surroundings)
      try {
        await approve(world, flags)
        const report = await repair(world.context, world.set, repairOf(flags, world), {
          ...options,
          dryRun: flags.dryRun ?? false,
        })
        return {
          document: { runId: world.runId, ...report },
          text: [headline(world), report.message, '', nextCommands(world.output, [STATUS])].join('\n'),
        }
      } finally {
        await world.close()
      }
    }),
})

function repairOf({ what, id, as }: RepairFlags, world: CommandContext): Repair {
  if (what === 'clear-dirty') {
    if (as === undefined)
      throw invalid(
        'clear-dirty needs --as applied or --as pending.',
        'Look at the database first, then say what you found.',
      )
    return { kind: what, id, as }
  }
  if (as !== undefined) throw invalid(`--as belongs to clear-dirty; ${what} does not take it.`)
  if (what === 'accept-checksum' || what === 'drop-record') return { kind: what, id }
  return { kind: what, id, write: (source) => writeSource(world, source) }
}

async function approve(world: CommandContext, { confirm, what, dryRun }: RepairFlags): Promise<void> {
  if (what !== 'restore-file' && !dryRun) await approveHistory(world, confirm)
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
