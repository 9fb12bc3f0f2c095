import type { Action } from '../../core/migration.ts'
import { withoutStop } from '../../core/sentence.ts'
import { MigratorError } from '../../errors.ts'
import type { Session, StepLimits } from '../../ports/session.ts'
import { reportError } from './context.ts'

/**
 * Removes what an action outside a transaction left in the session, before anything else runs there. Throws
 * TRANSACTION_CONTROL when it began a transaction and did not end it; that one is rolled back.
 */
export async function settleAfter({ file }: Action, on: Session, limits: StepLimits): Promise<void> {
  const cause = on.firstFailure
  const left = await on.settle(limits)
  if (left === 'none') return
  const why =
    left === 'aborted' && cause !== undefined ? ` after an error: ${withoutStop(reportError(cause).message)}` : ''
  throw new MigratorError('TRANSACTION_CONTROL', `${file} left a transaction open${why}. It was rolled back.`, {
    cause,
    hint: 'End every BEGIN with a COMMIT in the same file; in a module, use db.transaction().',
    details: { file },
  })
}
