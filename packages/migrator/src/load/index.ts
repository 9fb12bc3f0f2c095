import { type FileProblem, invalidFiles, problemsIn } from '../core/file-problem.ts'
import type { Migration } from '../core/migration.ts'
import type { ScriptText } from '../ports/script-language.ts'
import { type Directory, readDirectory } from './directory.ts'

/**
 * Loads every migration of a directory, modules included, ordered by id. Rejects with MIGRATION_FILES_INVALID carrying
 * all problems in `details.problems`, or with MIGRATIONS_DIRECTORY_MISSING. Executes nothing but the modules' own
 * top level.
 */
export async function loadMigrations(path: string, script: ScriptText): Promise<readonly Migration[]> {
  const directory = readDirectory(path, script)
  const { migrations, problems } = await loadAll(directory)
  if (problems.length > 0) throw invalidFiles(problems)
  return migrations
}

/** Loads all that can be loaded, and tells every problem. */
export async function loadAll(
  directory: Pick<Directory, 'files' | 'problems'>,
): Promise<{ migrations: readonly Migration[]; problems: readonly FileProblem[] }> {
  const migrations: Migration[] = []
  const problems = [...directory.problems]
  const broken = new Set(problems.map(({ id }) => id))
  for (const file of directory.files) {
    if (broken.has(file.id)) continue
    const loaded = await file.load().catch(problemsIn)
    if (Array.isArray(loaded)) problems.push(...loaded)
    else migrations.push(loaded as Migration)
  }
  return { migrations, problems }
}
