import { existsSync, mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Argv } from 'yargs'
import { nextNumber, readName } from '../../core/new-id.ts'
import { writeNew } from '../../load/write-new.ts'
import { readDirectory } from '../../migration-files.ts'
import type { Cli } from '../command.ts'
import { migrationsDirectoryOf } from '../migration-set.ts'
import { type CommonFlags, migrationsOption } from '../options.ts'
import { typescriptEnding } from '../typescript-ending.ts'
import { moduleTemplate, pairTemplates } from './templates.ts'

interface NewFlags extends CommonFlags {
  readonly name: string
  readonly sql?: boolean
}

export const newCommand = (cli: Cli) => ({
  command: 'new <name>',
  describe: 'Create a migration from a template, with the next id',
  builder: (yargs: Argv) =>
    migrationsOption(yargs)
      .usage(
        `${cli.invocation.command('new')} NAME [options]\n\nCreate a migration from a template. Its id is above every other id in the directory.`,
      )
      .positional('name', {
        type: 'string',
        demandOption: true,
        describe: 'What it does, such as add_plans or "add plans"',
      })
      .option('sql', { type: 'boolean', default: false, describe: 'Create a pair of SQL files instead of a module' })
      .example(`${cli.invocation.command('new')} add_plans`, 'NNNN_add_plans.ts')
      .example(`${cli.invocation.command('new')} add_plans --sql`, 'NNNN_add_plans.up.sql and .down.sql'),
  handler: (flags: NewFlags) =>
    cli.runUntilInterrupted(flags, async (environment) => {
      const directory = migrationsDirectoryOf(flags, environment)
      if (!existsSync(directory)) mkdirSync(directory, { recursive: true })
      const id = `${nextNumber(takenIds(directory), new Date())}_${readName(flags.name)}`
      const files = flags.sql ? pairTemplates(id) : [moduleTemplate(id, typescriptEnding(directory))]
      for (const { name, content } of files) writeNew(join(directory, name), content)
      const paths = files.map(({ name }) => join(directory, name))
      const shown = paths.map((path) => `  ${relative(environment.env.invokedFrom ?? process.cwd(), path)}`)
      const { carried } = environment.output
      const text = [
        'Wrote',
        ...shown,
        '',
        'Next: fill in up and down, then',
        ...['db:validate', 'db:migrate --dry-run', 'db:migrate'].map((command) => `  ${command}${carried(command)}`),
      ].join('\n')
      return { document: { id, files: paths }, text }
    }),
})

/** What is broken has taken its number too. */
function takenIds(directory: string): readonly string[] {
  const { files, problems } = readDirectory(directory)
  return [...files.map(({ id }) => id), ...problems.map(({ path }) => path)]
}
