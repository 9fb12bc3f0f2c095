import { relative } from 'node:path'
import type { Argv } from 'yargs'
import { plural } from '../../core/plural.ts'
import { postgresScript } from '../../dialects/postgres/script/language.ts'
import { squashFolder } from '../../runner/squash.ts'
import type { Cli } from '../command.ts'
import { namedDatabase } from '../database.ts'
import { migrationsDirectoryOf, readMigrationSet } from '../migration-set.ts'
import { type CommonFlags, migrationsOption } from '../options.ts'
import { nextCommands } from '../output.ts'
import { withScratch } from '../scratch.ts'
import { SCRATCH_URL, type ScratchFlags } from '../scratch-options.ts'
import { invalid } from '../values.ts'

interface SquashFlags extends CommonFlags, ScratchFlags {
  readonly to?: string
  readonly name?: string
  readonly delete?: boolean
  readonly dryRun?: boolean
}

export const squashCommand = (cli: Cli) => ({
  command: 'squash',
  describe: 'Replace the first migrations, up to and including --to ID, with one',
  builder: (yargs: Argv) =>
    migrationsOption(yargs)
      .usage(
        `${cli.invocation.command('squash')} --to ID [options]\n\nReplace the first migrations, up to and including ID, with one that is proven to make the same schema. It counts as applied in databases that have all of them.`,
      )
      .option('to', { type: 'string', requiresArg: true, describe: 'The last migration to replace (required)' })
      .option('name', { type: 'string', requiresArg: true, describe: 'Name of the new migration (default: squashed)' })
      .option('delete', {
        type: 'boolean',
        default: false,
        describe: 'Delete the replaced files (default: move them to squashed/)',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Show what would happen; change nothing' })
      .option('scratch-url', SCRATCH_URL)
      .example(`${cli.invocation.command('squash')} --to 0042_invoices --dry-run`, 'prove it; change nothing'),
  handler: (flags: SquashFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const { to, name, dryRun = false } = flags
      if (!to) throw invalid('Name the last migration to replace: squash --to ID.')
      const live = namedDatabase(flags, environment)?.connectionString
      const report = await squashFolder(
        {
          ...{ set: readMigrationSet(flags, environment), directory: migrationsDirectoryOf(flags, environment) },
          ...{ script: postgresScript, to, name, fate: flags.delete ? 'delete' : 'move', dryRun },
        },
        (work) => withScratch(flags, environment, live, work),
      )
      const { files, replaced, moved, provenOn } = report
      const fate = moved === null ? 'deleted' : `moved to ${shownAt(moved)}`
      const lines = [
        `${dryRun ? 'Would write' : 'Wrote'} ${files.map(shownAt).join(', ')}`,
        `in place of ${plural(replaced.length, 'migration', 'migrations')}, ${replaced[0]} to ${to}; their files ${dryRun ? 'would be' : 'are'} ${fate}.`,
        `Proven on ${provenOn}: it makes the same schema${files.length > 1 ? ', and its down removes all of it' : ''}.`,
        ...(dryRun ? [] : ['', nextCommands(environment.output, NEXT)]),
      ]
      return { document: report, text: lines.join('\n') }

      function shownAt(path: string): string {
        return relative(environment.env.invokedFrom ?? process.cwd(), path)
      }
    }),
})

const NEXT = [
  ['db:migrate', 'record it in a database that has the replaced ones'],
  ['db:rehearse --all --write', 'certify it'],
] as const
