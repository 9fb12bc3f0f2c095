import { join } from 'node:path'
import type { FileProblem } from '../core/file-problem.ts'
import type { MigrationFile } from '../core/migration.ts'
import { overriding } from '../core/overriding.ts'
import { plural } from '../core/plural.ts'
import { MigratorError } from '../errors.ts'
import type { Directory } from '../load/directory.ts'
import { looksLikeMigrations } from '../load/formats/index.ts'
import { listDirectory } from '../load/fs-listing.ts'
import { readDirectory } from '../migration-files.ts'
import type { CliEnvironment } from './command-context.ts'
import { configPath } from './config.ts'
import type { CommonFlags } from './options.ts'
import { invalid, readPath } from './values.ts'

export function migrationsDirectoryOf(flags: Pick<CommonFlags, 'migrations'>, { env, config }: CliEnvironment): string {
  if (flags.migrations?.trim() === '') throw invalid('--migrations needs a directory.')
  return readPath(flags.migrations, env.invokedFrom) ?? configPath(config, config.config.migrations ?? 'src/migrations')
}

/**
 * The migrations that a command works with, with what is notable about them on stderr. Throws
 * MIGRATIONS_NOT_RECOGNISED rather than take a wrong folder for one with nothing to do.
 */
export function readMigrationSet(flags: Pick<CommonFlags, 'migrations'>, environment: CliEnvironment): Directory {
  const path = migrationsDirectoryOf(flags, environment)
  const directory = readDirectory(path, { strict: environment.config.config.strict })
  const empty = directory.files.length === 0 && directory.problems.length === 0
  if (empty && (flags.migrations !== undefined || looksLikeMigrations(listDirectory(path)))) throw unrecognised(path)
  for (const line of warningLines(directory.warnings)) environment.output.warn(line)
  return { ...directory, files: directory.files.map((file, index) => telling(file, index)) }

  function telling(file: MigrationFile, index: number): MigrationFile {
    const load: MigrationFile['load'] = (...args) => {
      environment.output.doing(`Loading ${file.id} (${index + 1} of ${directory.files.length})`)
      return file.load(...args)
    }
    return overriding(file, { load })
  }
}

function unrecognised(path: string): MigratorError {
  const inside = listDirectory(path).folders.find((folder) => holdsMigrations(join(path, folder)))
  const hint = inside === undefined ? {} : { hint: `Did you mean --migrations ${join(path, inside)}?` }
  return new MigratorError('MIGRATIONS_NOT_RECOGNISED', `No migrations were recognised in ${path}.`, hint)
}

function holdsMigrations(path: string): boolean {
  const { files, problems } = readDirectory(path)
  return files.length > 0 || problems.length > 0
}

const SHOWN = 5

/** One line for all empty downs; the rest line by line, but never a flood. */
function warningLines(warnings: readonly FileProblem[]): readonly string[] {
  const empty = warnings.filter(({ kind }) => kind === 'empty-down').map(({ id }) => id ?? '')
  const other = warnings.filter(({ kind }) => kind !== 'empty-down').map(({ message }) => `${message}.`)
  return [...emptyDowns(empty), ...other.slice(0, SHOWN), ...more(other.length - SHOWN)]
}

function emptyDowns(ids: readonly string[]): readonly string[] {
  if (ids.length === 0) return []
  const named = ids.slice(0, SHOWN).join(', ')
  const rest = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : ''
  const subject =
    ids.length === 1
      ? '1 migration has an empty down and counts'
      : `${ids.length} migrations have an empty down and count`
  return [`${subject} as irreversible: ${named}${rest}.`]
}

function more(count: number): readonly string[] {
  return count > 0
    ? [`${plural(count, 'more warning', 'more warnings')} about the migration files; db:validate lists them.`]
    : []
}
