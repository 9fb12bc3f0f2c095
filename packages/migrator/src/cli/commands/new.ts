import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Argv } from 'yargs'
import { compareIds, numberOf } from '../../core/migration.ts'
import { MigratorError } from '../../errors.ts'
import { readDirectory } from '../../migration-files.ts'
import type { Cli } from '../command.ts'
import { migrationsDirectoryOf } from '../migration-set.ts'
import { type CommonFlags, migrationsOption } from '../options.ts'
import { invalid } from '../values.ts'
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
        describe: 'What it does, as in add_plans or "add plans"',
      })
      .option('sql', { type: 'boolean', default: false, describe: 'Create a pair of SQL files instead of a module' })
      .example(`${cli.invocation.command('new')} add_plans`, 'NNNN_add_plans.ts')
      .example(`${cli.invocation.command('new')} add_plans --sql`, 'NNNN_add_plans.up.sql and .down.sql'),
  handler: (flags: NewFlags) =>
    cli.runUntilInterrupted(flags, async (surroundings) => {
      const directory = migrationsDirectoryOf(flags, surroundings)
      if (!existsSync(directory)) mkdirSync(directory, { recursive: true })
      const id = `${nextNumber(takenIds(directory))}_${readName(flags.name)}`
      const files = flags.sql ? pairTemplates(id) : [moduleTemplate(id)]
      for (const { name, content } of files) writeNew(join(directory, name), content)
      const paths = files.map(({ name }) => join(directory, name))
      const shown = paths.map((path) => `  ${relative(surroundings.env.invokedFrom ?? process.cwd(), path)}`)
      const text = [
        'Wrote',
        ...shown,
        '',
        'Next: fill in up and down, then',
        '  db:validate',
        '  db:migrate --dry-run',
        '  db:migrate',
      ].join('\n')
      return { document: { id, files: paths }, text }
    }),
})

/** What is broken has taken its number too. */
function takenIds(directory: string): readonly string[] {
  const { files, problems } = readDirectory(directory)
  return [...files.map(({ id }) => id), ...problems.map(({ path }) => path)]
}

const LONGEST_NAME = 100

/** Lower-case words with underscores, as new ids have them. */
function readName(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    throw invalid(`Invalid migration name: "${text}".`, 'Use letters, digits and underscores, as in add_plans.')
  if (name.length > LONGEST_NAME)
    throw invalid(
      `The name "${name}" has ${name.length} characters; it may have ${LONGEST_NAME}.`,
      'Use few words, as in add_plans.',
    )
  return name
}

/** One above the highest, in the width that the folder has; a folder of timestamps gets the time now. */
function nextNumber(ids: readonly string[]): string {
  const digits = ids.map((id) => /^\d+/.exec(id)?.[0] ?? '')
  const last = ids.toSorted(compareIds).at(-1)
  const width = Math.max(4, ...digits.map((text) => text.length))
  if (width === 14) return new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  return String(BigInt(/^\d+/.exec(numberOf(last ?? '') ?? '0')?.[0] ?? 0) + 1n).padStart(width, '0')
}

function writeNew(path: string, content: string): void {
  try {
    writeFileSync(path, content, { flag: 'wx' })
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException
    if (error.code === 'EEXIST') throw new MigratorError('MIGRATION_EXISTS', `${path} exists already.`, { cause })
    throw new MigratorError('MIGRATIONS_DIRECTORY_MISSING', `${path} can't be written: ${error.message}.`, { cause })
  }
}
