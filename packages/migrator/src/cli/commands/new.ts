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
      const files = flags.sql ? pairTemplates(id) : [moduleTemplate(id)]
      for (const { name, content } of files) writeNew(join(directory, name), content)
      const paths = files.map(({ name }) => join(directory, name))
      const shown = paths.map((path) => `  ${relative(environment.env.invokedFrom ?? process.cwd(), path)}`)
      const { carried } = environment.output
      const text = [
        'Wrote',
        ...shown,
        '',
        'Next: fill in up and down, then',
        ...['db:validate', 'db:migrate --dry-run', 'db:migrate'].map((command) => `  ${command}${carried}`),
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
export function readName(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    throw invalid(`Invalid migration name: "${text}".`, 'Use letters, digits and underscores, as in add_plans.')
  if (name.length > LONGEST_NAME)
    throw invalid(
      `The name "${name}" has ${name.length} characters; the maximum is ${LONGEST_NAME}.`,
      'Use fewer words, as in add_plans.',
    )
  return name
}

/**
 * Above every other, in the width that the folder has; in a folder of timestamps it is the time now, written as theirs are,
 * unless one of them is in the future.
 */
export function nextNumber(ids: readonly string[], now: Date): string {
  const highest = (numberOf(ids.toSorted(compareIds).at(-1) ?? '') ?? '0').split('.')[0] ?? '0'
  const next = BigInt(highest) + 1n
  const time = TIMESTAMPS.find(({ looksLike }) => looksLike.test(highest))?.write(now)
  if (time !== undefined && BigInt(time) >= next) return time
  const digits = ids.map((id) => /^\d+/.exec(id)?.[0] ?? '')
  const width = Math.max(4, ...digits.map((text) => text.length))
  return String(next).padStart(width, '0')
}

const DAY = '(?:19|20)\\d\\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])'

/** How tools write the time into an id. */
const TIMESTAMPS = [
  { looksLike: new RegExp(`^${DAY}\\d{9}$`), write: (now: Date) => digitsOf(now).slice(0, 17) },
  { looksLike: new RegExp(`^${DAY}\\d{6}$`), write: (now: Date) => digitsOf(now).slice(0, 14) },
  { looksLike: new RegExp(`^${DAY}\\d{4}$`), write: (now: Date) => digitsOf(now).slice(0, 12) },
  { looksLike: new RegExp(`^${DAY}$`), write: (now: Date) => digitsOf(now).slice(0, 8) },
  { looksLike: /^1[5-9]\d{11}$/, write: (now: Date) => String(now.getTime()) },
  { looksLike: /^1[5-9]\d{8}$/, write: (now: Date) => String(Math.floor(now.getTime() / 1000)) },
] as const

function digitsOf(now: Date): string {
  return now.toISOString().replace(/\D/g, '')
}

/** Throws MIGRATION_EXISTS rather than replace a file. */
export function writeNew(path: string, content: string): void {
  try {
    writeFileSync(path, content, { flag: 'wx' })
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException
    if (error.code === 'EEXIST') throw new MigratorError('MIGRATION_EXISTS', `${path} exists already.`, { cause })
    throw new MigratorError('MIGRATIONS_DIRECTORY_MISSING', `${path} can't be written: ${error.message}.`, { cause })
  }
}
