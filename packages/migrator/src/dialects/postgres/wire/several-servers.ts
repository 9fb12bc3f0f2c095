import { MigratorError } from '../../../errors.ts'
import { serverErrorIn } from '../failure/server-error.ts'

/**
 * As in libpq: the next server is tried where one cannot be reached, is starting or stopping (57P0x), or is not what
 * target_session_attrs asks for; not where it refuses the password.
 */
export function letsNextServerTry(error: unknown): boolean {
  const server = serverErrorIn(error)
  if (server) return server.code?.startsWith('57P0') ?? true
  return !(error instanceof MigratorError) || error.details.reason === 'session-attributes'
}

export function noneAnswered(failures: readonly MigratorError[]): MigratorError {
  const [first] = failures
  if (first && failures.length === 1) return first
  const message = [...new Set(failures.map((failure) => failure.message))].join(' ')
  return new MigratorError('CONNECTION_FAILED', message, {
    cause: new AggregateError(failures),
    ...(first ? { hint: first.hint, details: first.details } : {}),
  })
}
