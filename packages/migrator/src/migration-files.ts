/** Where the loader meets the dialect whose scripts it reads. */
import type { Migration } from './core/migration.ts'
import { postgresScript } from './dialects/postgres/script/language.ts'
import { type Directory, type DirectoryOptions, readDirectory as readDirectoryWith } from './load/directory.ts'
import { loadMigrations as loadMigrationsWith } from './load/index.ts'

/**
 * Reads a directory, without executing anything: this tool's own pairs and modules, or another tool's format, to which
 * own ones may have been added. Throws MIGRATIONS_DIRECTORY_MISSING.
 */
export function readDirectory(path: string, options: DirectoryOptions = {}): Directory {
  return readDirectoryWith(path, postgresScript, options)
}

/**
 * Loads every migration of a directory, modules included, ordered by id. Rejects with MIGRATION_FILES_INVALID carrying
 * all problems in `details.problems`, or with MIGRATIONS_DIRECTORY_MISSING. Executes nothing but the modules' own
 * top level.
 */
export function loadMigrations(path: string): Promise<readonly Migration[]> {
  return loadMigrationsWith(path, postgresScript)
}
