import postgres from 'postgres'
import { isBrokenWire } from '../wire/broken-wire.ts'

/**
 * What a server says of an error; https://www.postgresql.org/docs/current/protocol-error-fields.html. Poolers that answer
 * for it leave fields out: PgBouncer the severity, others the SQLSTATE too.
 */
export interface ServerError extends Error {
  readonly code?: string
  /** ERROR, FATAL or PANIC, in English whatever `lc_messages` is. */
  readonly severity?: string
  readonly position?: string
  readonly detail?: string
  readonly hint?: string
  readonly where?: string
  readonly schema_name?: string
  readonly table_name?: string
  readonly column_name?: string
  readonly constraint_name?: string
}

/** Finds the server's error below what an ORM wrapped around it. */
export function serverErrorIn(error: unknown): ServerError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof postgres.PostgresError || ('severity' in cause && 'code' in cause)) return cause as ServerError
  }
  return undefined
}

/** A pooler's own words, not passed on from the server. */
export function isOfPooler({ severity, code = '' }: ServerError): boolean {
  return severity === undefined && (code === '' || code.startsWith('08'))
}

/** Whether the session is over: a migration may raise any SQLSTATE itself, but only the server a FATAL one. */
export function endsSession(server: ServerError): boolean {
  return isOfPooler(server) || server.severity === 'FATAL' || server.severity === 'PANIC'
}

export function isConnectionLoss(error: unknown): boolean {
  const server = serverErrorIn(error)
  if (server) return endsSession(server)
  return isBrokenWire(error)
}

/** Too many connections, for the server, the role or the database; starting up, shutting down. */
export const BUSY_STATES: ReadonlySet<string> = new Set(['53300', '57P03'])
