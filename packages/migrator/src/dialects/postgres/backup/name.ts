/**
 * Backup providers. This room copies data away before a run and puts it back; it knows no plan, no migration files and
 * no command line: what it needs of them comes in a BackupScope. This file: the names that backups get.
 */
import type { BackupScope } from '../../../ports/backup.ts'

const PREFIXES: Readonly<Record<BackupScope['operation'], string>> = {
  migrate: 'pre-migrate',
  rollback: 'pre-rollback',
  manual: 'manual',
}

/** `pre-rollback-20260131-235959`; the time is UTC. */
export function backupId(operation: BackupScope['operation'], at: Date): string {
  return `${PREFIXES[operation]}-${stampOf(at, '-')}`
}

/** What `backupId` and `uniqueName` make, anywhere in a name. */
export const BACKUP_ID = /(?:pre-migrate|pre-rollback|manual)-\d{8}-\d{6}(?:-\d+)?/

/** `20260131-235959` in UTC, with another sign between day and time if wished. */
export function stampOf(at: Date, between: string): string {
  const digits = at.toISOString().replace(/\D/g, '')
  return `${digits.slice(0, 8)}${between}${digits.slice(8, 14)}`
}

/** The name, or the first of `name-2`, `name-3` … that is not taken. */
export function uniqueName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name
  for (let number = 2; ; number++) {
    if (!taken.has(`${name}-${number}`)) return `${name}-${number}`
  }
}

/** PostgreSQL cuts names at 63 bytes, silently. https://www.postgresql.org/docs/current/sql-syntax-lexical.html */
export const NAME_BYTES = 63

/** The beginning of a name that takes at most so many bytes, never cut in the middle of a character. */
export function clipped(name: string, bytes: number): string {
  let length = 0
  let end = 0
  for (const character of name) {
    length += Buffer.byteLength(character)
    if (length > bytes) break
    end += character.length
  }
  return name.slice(0, end)
}

/** `name` and `ending` as one name; of a long name its beginning. */
export function suffixed(name: string, ending: string): string {
  return `${clipped(name, NAME_BYTES - Buffer.byteLength(ending))}${ending}`
}
