import { redactText } from '../../../core/redact.ts'
import { type ErrorCode, MigratorError } from '../../../errors.ts'

/** The SQLSTATE of an error that came from a session, if the server sent one. */
export function sqlstateOf(error: unknown): string | undefined {
  const state = error instanceof MigratorError ? error.details.sqlstate : undefined
  return typeof state === 'string' ? state : undefined
}

/** What an error says, without secrets. */
export function textOf(error: unknown): string {
  return redactText(error instanceof Error ? error.message : String(error))
}

/** An error of the server, described by what was being done; one that already names a backup stays as it is. */
export function explained(code: ErrorCode, doing: string, cause: unknown, details = {}): MigratorError {
  if (cause instanceof MigratorError && OURS.test(cause.code)) return cause
  const hint = sqlstateOf(cause) === '42501' ? { hint: DENIED } : {}
  return new MigratorError(code, `${doing}: ${textOf(cause)}`, {
    cause,
    ...hint,
    details: { ...(cause instanceof MigratorError ? cause.details : {}), ...details },
  })
}

const OURS = /^(?:BACKUP|RESTORE)_|^INTERRUPTED$/
const DENIED = 'Connect as a role that may do this, or use another kind of backup.'

export function backupNotFound(id: string, provider: string): MigratorError {
  return new MigratorError('BACKUP_NOT_FOUND', `There is no ${provider} backup "${id}".`, { details: { id, provider } })
}

export function targetExists(kind: string, name: string): MigratorError {
  const message = `The ${kind} "${name}" already exists.`
  return new MigratorError('RESTORE_TARGET_EXISTS', message, { details: { kind, name } })
}
