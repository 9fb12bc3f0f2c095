import { writeFileSync } from 'node:fs'
import { MigratorError } from '../errors.ts'

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
