import { excerptOf } from '../../../core/excerpt.ts'
import { redactText } from '../../../core/redact.ts'
import { withoutStop } from '../../../core/sentence.ts'
import { type ErrorCode, MigratorError } from '../../../errors.ts'
import type { DatabaseLocation } from '../../../ports/location.ts'
import { afterCodePoints } from '../script/offsets.ts'
import { type Position, positionAt } from '../script/text.ts'
import { withoutNumbers, withoutValues } from '../script/without-values.ts'
import { failureKindOfState } from './failure-kind.ts'
import { BUSY_STATES, isConnectionLoss, isOfPooler, type ServerError, serverErrorIn } from './server-error.ts'
import { tellableContext, tellableWords } from './server-words.ts'

/** An ORM wraps what our own checks throw as well. */
function migratorErrorIn(error: unknown): MigratorError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof MigratorError) return cause
  }
  return undefined
}

/** Why a connection could not be opened, in plain words. */
export function connectFailure(error: unknown, location: DatabaseLocation): MigratorError {
  if (error instanceof MigratorError) return error
  const at = `${location.host}:${location.port}`
  const cause = { cause: error }
  const server = serverErrorIn(error)
  const text = withoutStop(redactText(server?.message ?? ''))
  const pooler = server !== undefined && isOfPooler(server)
  if (server?.code === '3D000' || (pooler && POOLER_SAYS.noDatabase.test(text))) {
    return new MigratorError('DATABASE_NOT_FOUND', `The server ${at} has no database "${location.database}".`, cause)
  }
  if (server?.code?.startsWith('28') || (pooler && POOLER_SAYS.noEntry.test(text))) {
    return new MigratorError(
      'AUTHENTICATION_FAILED',
      `The server ${at} refused user "${location.user}": ${text}.`,
      cause,
    )
  }
  if (server?.code === '42501')
    return new MigratorError('PERMISSION_DENIED', `The server ${at} refused: ${text}.`, cause)
  if (server && (pooler || BUSY_STATES.has(server.code ?? '')))
    return busy(server, pooler ? `The pooler ${at}` : `The server ${at}`, text)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why = server
    ? text
    : (PLAIN[code] ?? (redactText(error instanceof Error ? error.message : String(error)) || code))
  return new MigratorError('CONNECTION_FAILED', `Cannot connect to ${at}: ${why}.`, {
    ...cause,
    details: { reason: code || server?.code },
  })
}

/** PgBouncer has one SQLSTATE for everything (08P01), and never translates its messages. */
const POOLER_SAYS = { noDatabase: /no such database|database .* does not exist/i, noEntry: /authentication failed/i }

function busy(server: ServerError, who: string, text: string): MigratorError {
  return new MigratorError('CONNECTION_FAILED', `${who} is busy: ${text}.`, {
    cause: server,
    hint: 'Wait, or free connections (a run needs up to 5 at once), then run the command again.',
    details: { reason: 'busy', sqlstate: server.code },
  })
}

/** Whether a connection that was refused may be had a moment later. */
export function isBusy(error: unknown): boolean {
  return error instanceof MigratorError && error.details.reason === 'busy'
}

/** Whether a connection was refused by a server or a pooler that answered, not by the network. */
export function isAnswered(error: unknown): boolean {
  if (!(error instanceof MigratorError)) return false
  const mayBeOfNetwork = error.code === 'CONNECTION_FAILED' || error.code === 'CONNECTION_LOST'
  return !mayBeOfNetwork || serverErrorIn(error.cause) !== undefined
}

const PLAIN: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
  CONNECT_TIMEOUT: 'no answer in time',
  ETIMEDOUT: 'no answer in time',
  ECONNRESET: 'the connection was cut',
  CONNECTION_CLOSED: 'the connection was cut',
  ENOENT: 'the socket does not exist',
  NOT_POSTGRES: 'the server there is not PostgreSQL',
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
  if (isConnectionLoss(error)) return connectionLost(server, error, origin)
  if (server) return serverFailure(server, error, origin)
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

function connectionLost(server: ServerError | undefined, cause: unknown, { file }: Origin): MigratorError {
  const by = server && (isOfPooler(server) ? 'pooler' : 'server')
  const why = server ? ` The ${by} ended the session: ${withoutStop(redactText(server.message))}.` : ''
  return new MigratorError('CONNECTION_LOST', `The connection to the database was lost.${why}`, {
    cause,
    details: { kind: 'lost', file, sqlstate: server?.code },
  })
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  '55P03': 'LOCK_TIMEOUT',
  '57014': 'STATEMENT_TIMEOUT',
  '40P01': 'DEADLOCK',
  '40001': 'SERIALIZATION_FAILURE',
  '25006': 'DATABASE_READ_ONLY',
}

/** What to do next, where that is not to correct the migration. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const HINTS: Readonly<Record<string, string>> = {
  '25001': 'This statement cannot run in a transaction: set transaction=false in the migration.',
  '3F000': 'No schema in the search_path of the database or role exists: set it, or qualify names in the migration.',
  '53100': 'The disk of the server is full. Free space, then run db:migrate again.',
  // Too many locks in one transaction is one of its reasons.
  '53200': 'The server ran out of memory, or one transaction held too many locks: try db:migrate --transaction each.',
  '55P04': 'Add the enum value in a transaction of its own: run db:migrate --transaction each.',
  '58030': 'The server could not read or write its files; see its log.',
  XX000: 'This is an internal error of the server; see its log.',
  XX001: 'The server found corrupted data; see its log before anything else.',
  XX002: 'The server found a corrupted index; see its log before anything else.',
}

function serverFailure(server: ServerError, cause: unknown, origin: Origin): MigratorError {
  const at = placeIn(server, origin)
  const place = at ? `${origin.file ?? 'SQL'}:${at.line}:${at.column}` : (frameIn(cause, origin.file) ?? origin.file)
  const text = tellableWords(server)
  const state = server.code ?? ''
  const hint = HINTS[state]
  const denied = state === '42501' && origin.file === undefined ? 'PERMISSION_DENIED' : undefined
  return new MigratorError(CODES[state] ?? denied ?? 'MIGRATION_FAILED', place ? `${place}: ${text}` : text, {
    cause,
    ...(hint ? { hint } : {}),
    details: {
      kind: failureKindOfState(state),
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

/** What a statement inserts reaches logs and events no more than what a row holds. */
function excerpt(server: ServerError, { sql }: Origin): string | undefined {
  const text = sql ?? (server as { query?: string }).query
  if (text === undefined) return undefined
  const { from, to } = server.position ? lineAround(text, Number(server.position)) : { from: 0, to: text.length }
  const told = redactText(withoutValues(text, from, to)).trim()
  return excerptOf(/^2[23]/.test(server.code ?? '') ? withoutNumbers(told) : told, 300)
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
