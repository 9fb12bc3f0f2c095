/** What a session refuses, or the server on its behalf, in words. */
import { MigratorError } from '../../../errors.ts'
import { frameIn } from '../failure/failure.ts'
import type { Position } from '../script/text.ts'

/** The failure of a guard, for what it means: 2201F of the lock's condition, 2201E of the transaction's. */
export function guardFailure(error: unknown): unknown {
  const state = error instanceof MigratorError ? error.details.sqlstate : undefined
  if (state === '2201F')
    return new MigratorError('LOCK_LOST', 'The run lock was lost; the current step was not committed.', {
      cause: error,
    })
  if (state !== '2201E') return error
  const message = 'The migration ended its own transaction; everything before that point is committed.'
  return new MigratorError('TRANSACTION_CONTROL', message, { cause: error })
}

export function forbidden(
  found: { what: string; statement: string; at?: Position | undefined },
  file: string,
  site?: Error,
): MigratorError {
  const place = found.at ? `${file}:${found.at.line}:${found.at.column}` : (frameIn(site, file) ?? file)
  const details = { details: { file, ...found.at, statement: found.statement } }
  if (found.what === 'transaction-control') {
    return new MigratorError(
      'TRANSACTION_CONTROL',
      `${place}: ${found.statement} is not allowed in a transactional migration.`,
      details,
    )
  }
  const hint = 'Write the rows as INSERT … VALUES, or load them with another tool.'
  return new MigratorError(
    'MIGRATION_FAILED',
    `${place}: COPY … FROM STDIN needs a stream, which a migration does not have.`,
    {
      ...details,
      hint,
    },
  )
}
