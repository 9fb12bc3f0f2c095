// Turns whatever was thrown into one JSON answer. What the caller is not told goes to the log, without query values.
import { DrizzleQueryError } from 'drizzle-orm/errors'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { ApiError } from './api-error.ts'
import type { Log } from './log.ts'

/** Every error answer is `{ error: { code, message, field? } }`. */
export function answerError(error: unknown, c: Context, log: Log): Response {
  const known = error instanceof ApiError ? error : explain(error)
  if (known.status >= 500) {
    log({ level: 'error', method: c.req.method, path: c.req.path, code: known.code, ...describe(error) })
  }
  if (known.status === 401) c.header('WWW-Authenticate', 'Bearer')
  // The rest of the body is not read: the connection serves nothing more, so the client must not send its next request.
  if (known.status === 413) c.header('Connection', 'close')
  const { code, message, field } = known
  return c.json({ error: { code, message, ...(field === undefined ? {} : { field }) } }, known.status)
}

function explain(error: unknown): ApiError {
  if (error instanceof HTTPException && error.status < 500) {
    return new ApiError(error.status, 'INVALID_INPUT', error.message || 'The request cannot be understood.')
  }
  const code = codeOf(rootOf(error))
  if (schemaCodes.has(code)) {
    return new ApiError(503, 'SCHEMA_NOT_READY', 'The database is not migrated for this release. See /api/ready.')
  }
  if (isConnectionCode(code)) {
    return new ApiError(503, 'DATABASE_UNAVAILABLE', 'The database does not answer. Try again in a moment.')
  }
  return new ApiError(500, 'INTERNAL', 'Something went wrong here. Try again; if it stays, tell the operators.')
}

// undefined_table, undefined_column, undefined_function, invalid_schema_name, undefined_object
const schemaCodes = new Set(['42P01', '42703', '42883', '3F000', '42704'])

// https://www.postgresql.org/docs/current/errcodes-appendix.html, system errors, and postgres.js's own codes.
function isConnectionCode(code: string): boolean {
  return (
    /^(08|28|53|57P)[0-9A-Z]*$/.test(code) ||
    /^(CONNECT_TIMEOUT|CONNECTION_\w+|3D000|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/.test(code) ||
    /^E(CONN|HOST|NET)[A-Z]+$/.test(code)
  )
}

/** What failed. A database error's own words only: Drizzle's message around it repeats the query and its values. */
function describe(error: unknown): { readonly error: string; readonly sqlState?: string; readonly stack?: string } {
  const root = rootOf(error)
  if (!(root instanceof Error)) return { error: String(root) }
  if (root === error) return { error: root.message, stack: root.stack ?? '' }
  const sqlState = codeOf(root)
  // Messages of class 22 (data exceptions) quote the value.
  return { error: sqlState.startsWith('22') ? 'data exception' : root.message || root.name, sqlState }
}

function rootOf(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? (error.cause ?? new Error('query failed')) : error
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
