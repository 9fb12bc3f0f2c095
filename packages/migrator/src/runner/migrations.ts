import type { Migration } from '../core/migration.ts'
import { refusal } from '../core/options.ts'
import { defineMigration, type MigrationDefinition } from '../define-migration.ts'
import type { MigrationSet } from '../engine/run/context.ts'
import { readDirectory } from '../load/directory.ts'
import type { ScriptText } from '../ports/script-language.ts'

/** A loaded migration (`loadMigrations`), or an inline definition: `{ id, up, down }`. */
export type MigrationInput = Migration | MigrationDefinition

/**
 * The migrations of one call: a directory, what `readDirectory` found in one, or a list of loaded ones or definitions in
 * the order in which they apply.
 */
export type Migrations = string | MigrationSet | readonly MigrationInput[]

/** Those of a call; without any the directory, which is read anew. Undefined where there is neither. */
export function migrationsOf(
  given: Migrations | undefined,
  directory: string | undefined,
  script: ScriptText,
): MigrationSet | undefined {
  const from = given ?? directory
  if (from === undefined || typeof from === 'string')
    return from === undefined ? undefined : readDirectory(from, script)
  if ('files' in from) return from
  if (!Array.isArray(from)) throw refusal('MigrationRunner', 'migrations must be a directory or a list.', 'migrations')
  return { files: defined(from).map((migration) => ({ ...migration, load: async () => migration })), problems: [] }
}

/** Their directory, as far as they name one. */
export function directoryOf(given: Migrations | undefined): string | undefined {
  if (typeof given === 'string') return given
  return given !== undefined && 'path' in given && typeof given.path === 'string' ? given.path : undefined
}

/** Migrations as they run: those written in place are checked, and get their checksums. */
export function defined(migrations: readonly MigrationInput[]): readonly Migration[] {
  return migrations.map((input) => ('sources' in input ? input : defineMigration(input)))
}
