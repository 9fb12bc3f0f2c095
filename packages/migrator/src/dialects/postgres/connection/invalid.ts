import { MigratorError } from '../../../errors.ts'

/**
 * DATABASE_URL_INVALID. `why` holds nothing of the text unless it was vouched for: where a password is not
 * percent-encoded, any piece of the text may be a piece of it. There is no cause: one could carry the text.
 */
export function invalid(why: string, hint?: string): MigratorError {
  const init = hint === undefined ? {} : { hint }
  return new MigratorError('DATABASE_URL_INVALID', `DATABASE_URL is malformed: ${why}.`, init)
}

export const ENCODE_PASSWORD =
  'Write it as postgresql://user:password@host:5432/database, and percent-encode user and password: "@" is %40, ":" is %3A, "/" is %2F, "?" is %3F, "#" is %23, "%" is %25, a space is %20.'
