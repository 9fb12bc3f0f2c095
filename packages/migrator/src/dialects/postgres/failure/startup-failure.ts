import { redactText } from '../../../core/redact.ts'
import { MigratorError } from '../../../errors.ts'
import { type Connection, placeText, type Target } from '../connection/connection.ts'

/** Of a setting: it is unknown, its value is not one, its text cannot be read, this role may not set it. */
const REFUSALS = new Set(['42704', '22023', '42601', '42501', '22P02'])

/** A connection that failed for what `options` or `search_path` ask for; undefined where it failed for something else. */
export function refusedSettings(error: unknown, { startup }: Connection, target: Target): MigratorError | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const message = error instanceof Error ? error.message : ''
  const given = Object.keys(startup).map((name) => (name === 'search_path' ? 'search_path (or schema)' : name))
  if (given.length === 0) return undefined
  if (code === '08P01' && message.includes('startup parameter')) {
    return new MigratorError(
      'CONNECTION_FAILED',
      `The connection pooler ${placeText(target)} refuses ${given.join(' and ')}: ${message}.`,
      {
        cause: error,
        hint: `Connect to the server itself, or leave ${given.join(' and ')} out of DATABASE_URL; or let the pooler pass it on (PgBouncer: track_extra_parameters).`,
        details: { reason: 'startup-parameter' },
      },
    )
  }
  if (!REFUSALS.has(code)) return undefined
  return new MigratorError(
    'CONNECTION_FAILED',
    `The server ${placeText(target)} refuses a setting of the connection: ${redactText(message)}.`,
    { cause: error, hint: `Correct ${given.join(' and ')} in DATABASE_URL.`, details: { reason: code } },
  )
}
