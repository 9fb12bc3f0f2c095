import { MigratorError } from '../../../errors.ts'

/**
 * DATABASE_URL_INVALID. `why` holds nothing of the text unless it was vouched for: where a password is not
 * percent-encoded, any piece of the text may be a piece of it. There is no cause: one could carry the text.
 */
export function invalid(why: string, hint?: string): MigratorError {
  const init = hint === undefined ? {} : { hint }
  return new MigratorError('DATABASE_URL_INVALID', `DATABASE_URL is malformed: ${why}.`, init)
}

/** The same error or notice in the words of whoever gave the connection string: `--scratch-url`. */
export function calledBy<T>(name: string, told: T): T {
  if (name === USUAL) return told
  if (typeof told === 'string') return told.replaceAll(USUAL, name) as T
  if (!(told instanceof MigratorError)) return told
  const { code, message, hint, details, cause } = told
  const init = { hint: calledBy(name, hint), details, ...(cause === undefined ? {} : { cause }) }
  return new MigratorError(code, calledBy(name, message), init) as T
}

/** What errors call the connection string by default. */
export const USUAL = 'DATABASE_URL'

export const QUOTE_VALUE =
  "Write it as host=localhost port=5432 dbname=app user=app password='…'; between the quotes ' is \\' and a backslash is two."

export const ENCODE_PASSWORD =
  'Write it as postgresql://user:password@host:5432/database, and percent-encode user and password: "@" is %40, ":" is %3A, "/" is %2F, "?" is %3F, "#" is %23, "%" is %25, a space is %20.'
