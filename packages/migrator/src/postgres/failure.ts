import { excerptOf } from '../core/excerpt.ts'
import { redactPart, redactText } from '../core/redact.ts'
import { type ErrorCode, MigratorError } from '../errors.ts'
import type { DatabaseLocation } from '../ports.ts'
import { afterCodePoints } from '../sql/offsets.ts'
import { type Position, positionAt } from '../sql/text.ts'
import { tellableContext, tellableWords } from './server-words.ts'

/** What the server says of an error; https://www.postgresql.org/docs/current/protocol-error-fields.html */
export interface ServerError extends Error {
  readonly code: string
  readonly severity: string
  readonly position?: string
  readonly detail?: string
  readonly hint?: string
  readonly where?: string
  readonly schema_name?: string
  readonly table_name?: string
  readonly column_name?: string
  readonly constraint_name?: string
}

const CONNECTION_CODES = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
])

/** Finds the server's error below what an ORM wrapped around it. */
export function serverErrorIn(error: unknown): ServerError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('severity' in cause && 'code' in cause) return cause as ServerError
  }
  return undefined
}

/** An ORM wraps what our own checks throw as well. */
function migratorErrorIn(error: unknown): MigratorError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof MigratorError) return cause
  }
  return undefined
}

export function isConnectionLoss(error: unknown): boolean {
  const state = serverErrorIn(error)?.code
  if (state !== undefined) return state.startsWith('08') || state === '57P01' || state === '57P02' || state === '57P03'
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && CONNECTION_CODES.has(String(cause.code))) return true
  }
  return false
}

/** Why a connection could not be opened, in plain words. */
export function connectFailure(error: unknown, location: DatabaseLocation): MigratorError {
  if (error instanceof MigratorError) return error
  const at = `${location.host}:${location.port}`
  const cause = { cause: error }
  const server = serverErrorIn(error)
  const text = server?.message ?? ''
  if (server?.code === '3D000' || /no such database/i.test(text)) {
    return new MigratorError('DATABASE_NOT_FOUND', `The server ${at} has no database "${location.database}".`, cause)
  }
  if (server?.code === '28P01' || server?.code === '28000' || /authentication failed/i.test(text)) {
    return new MigratorError(
      'AUTHENTICATION_FAILED',
      `The server ${at} refused user "${location.user}": ${text}.`,
      cause,
    )
  }
  if (server?.code === '42501')
    return new MigratorError('PERMISSION_DENIED', `The server ${at} refused: ${text}.`, cause)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why = server
    ? text
    : (PLAIN[code] ?? (redactText(error instanceof Error ? error.message : String(error)) || code))
  return new MigratorError('CONNECTION_FAILED', `No connection to ${at}: ${why}.`, {
    ...cause,
    details: { reason: code || server?.code },
  })
}

const PLAIN: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up now',
  CONNECT_TIMEOUT: 'no answer in time',
  ETIMEDOUT: 'no answer in time',
  ECONNRESET: 'the connection was cut',
  CONNECTION_CLOSED: 'the connection was cut',
  ENOENT: 'there is no such socket',
  NOT_POSTGRES: 'what answers there is not PostgreSQL',
}

/** Where a failing text came from. */
export interface Origin {
  readonly file?: string | undefined
  readonly sql?: string | undefined
  /** Where `sql` begins in the file. */
  readonly startsAt?: Position | undefined
}

/** Any failure of a statement or of a migration's own code as one MigratorError that hides nothing. */
export function statementFailure(error: unknown, origin: Origin): MigratorError {
  const ours = migratorErrorIn(error)
  if (ours) return ours
  const server = serverErrorIn(error)
  if (server) return serverFailure(server, error, origin)
  if (isConnectionLoss(error)) {
    return new MigratorError('CONNECTION_LOST', 'The connection to the database was lost.', {
      cause: error,
      details: { file: origin.file },
    })
  }
  const place = frameIn(error, origin.file)
  const message = redactText(ownMessage(error))
  return new MigratorError('MIGRATION_FAILED', place ? `${place}: ${message}` : message, {
    cause: error,
    details: { file: origin.file },
  })
}

/** Drizzle's message of a query that failed holds its parameters; the reason is what it wraps. */
function ownMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!('params' in error)) return error.message
  return error.cause === undefined ? 'a query failed' : ownMessage(error.cause)
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  '55P03': 'LOCK_TIMEOUT',
  '57014': 'STATEMENT_TIMEOUT',
  '57P01': 'CONNECTION_LOST',
  '57P02': 'CONNECTION_LOST',
}

/** 25P02 hides an earlier error, 55P04 is the enum value of the same transaction, 53200 too many locks in one. */
const HINTS: Readonly<Record<string, string>> = {
  '55P04': 'Add the enum value in a transaction of its own: run db:migrate --transaction each.',
  '53200': 'One transaction held too many locks: run db:migrate --transaction each.',
  '25001': 'This statement cannot run in a transaction: set transaction=false in the migration.',
}

function serverFailure(server: ServerError, cause: unknown, origin: Origin): MigratorError {
  const at = placeIn(server, origin)
  const place = at ? `${origin.file ?? 'SQL'}:${at.line}:${at.column}` : (frameIn(cause, origin.file) ?? origin.file)
  const text = tellableWords(server)
  const hint = HINTS[server.code]
  const denied = server.code === '42501' && origin.file === undefined ? 'PERMISSION_DENIED' : undefined
  return new MigratorError(CODES[server.code] ?? denied ?? 'MIGRATION_FAILED', place ? `${place}: ${text}` : text, {
    cause,
    ...(hint ? { hint } : {}),
    details: {
      sqlstate: server.code,
      file: origin.file,
      ...at,
      statement: excerpt(server, origin),
      table: server.table_name,
      constraint: server.constraint_name,
      column_name: server.column_name,
      where: server.where && tellableContext(server.where),
    },
  })
}

function placeIn(server: ServerError, { sql, startsAt }: Origin): Position | undefined {
  if (!server.position || sql === undefined) return undefined
  const at = positionAt(sql, Number(server.position))
  if (!startsAt) return at
  return at.line === 1
    ? { line: startsAt.line, column: startsAt.column + at.column - 1 }
    : { line: startsAt.line + at.line - 1, column: at.column }
}

function excerpt(server: ServerError, { sql }: Origin): string | undefined {
  const text = sql ?? (server as { query?: string }).query
  if (text === undefined) return undefined
  const { from, to } = server.position ? lineAround(text, Number(server.position)) : { from: 0, to: text.length }
  return excerptOf(redactPart(text, from, to).trim(), 300)
}

function lineAround(text: string, position: number): { from: number; to: number } {
  const at = afterCodePoints(text, position - 1)
  const end = text.indexOf('\n', at)
  return { from: text.lastIndexOf('\n', at - 1) + 1, to: end < 0 ? text.length : end }
}

/** The first stack frame inside the migration's own file. */
export function frameIn(error: unknown, file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const frame = cause.stack
      ?.split('\n')
      .find((line) => line.includes(`/${file}:`) || line.includes(`/${encodeURI(file)}:`))
    const at = /:(\d+):(\d+)\)?$/.exec(frame ?? '')
    if (at) return `${file}:${at[1]}:${at[2]}`
  }
  return file
}
