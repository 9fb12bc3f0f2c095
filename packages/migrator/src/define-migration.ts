import { createHash } from 'node:crypto'
import { type Action, isNumberedId, type Migration, type MigrationContext } from './core/migration.ts'
import { MigratorError } from './errors.ts'
import { actionOfCode } from './load/migration-code.ts'

/** An inline migration, without a file. `Db` is the Drizzle database that the steps receive. */
export interface MigrationDefinition {
  readonly id: string
  readonly description?: string
  readonly up: (db: never, context: MigrationContext) => unknown
  readonly down?: (db: never, context: MigrationContext) => unknown
  /** Why there is no `down`. */
  readonly irreversible?: string
  /** False for a migration that must not run in a transaction. */
  readonly transaction?: boolean
  readonly validate?: (db: never) => unknown
  readonly verify?: (db: never) => unknown
  /** Hand-written rows for its rehearsal; not part of the checksum. */
  readonly seed?: (db: never) => unknown
}

/**
 * Creates a migration from a definition. The checksum covers the source text of its functions, so an edit is detected.
 * Nothing is archived, so a rollback needs the definition. Throws MIGRATION_FILES_INVALID if there is neither a `down`
 * nor a reason.
 */
export function defineMigration(definition: MigrationDefinition): Migration {
  const { id, description, up, down, irreversible, transaction = true, validate, verify, seed } = definition
  if (!isNumberedId(id)) throw invalid(`"${id}" is no id: it is digits, "_" or "-", then a name.`)
  if (!down && !irreversible?.trim()) throw invalid(`Migration ${id} does not have a down() function.`)
  const action = (code: (db: never, context: MigrationContext) => unknown): Action => actionOfCode(id, code)
  return {
    id,
    description,
    format: 'module',
    checksum: createHash('sha256').update([up, down, validate, verify].map(String).join('\n')).digest('hex'),
    path: id,
    transactional: transaction,
    irreversible,
    up: action(up),
    down: down && action(down),
    validate: validate && action(validate),
    verify: verify && action(verify),
    seed: seed && action(seed),
    sources: [],
  }
}

function invalid(message: string): MigratorError {
  return new MigratorError('MIGRATION_FILES_INVALID', message)
}
