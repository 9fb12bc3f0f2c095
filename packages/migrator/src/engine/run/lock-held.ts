import type { HistoryChange } from '../../core/history.ts'
import { MigratorError } from '../../errors.ts'
import type { Session } from '../../ports/session.ts'
import { recordsAtOnce } from './ahead.ts'
import { isConnectionLost } from './outcome.ts'
import type { Run } from './steps.ts'

/** Outside a transaction nothing can be undone afterwards, so the lock is asked for before each statement and record. */
export async function refuseWithoutLock(run: Run): Promise<void> {
  if (!run.lockLost && (await onRecords(run, (on) => run.lock.isHeld(on)))) return
  run.lockLost = true
  throw new MigratorError('LOCK_LOST', 'The connection that holds the run lock was lost.')
}

/** Something that may be done twice, on the session beside the step's; once more on a new one where that is lost. */
export async function onRecords<T>(run: Run, work: (on: Session) => Promise<T>): Promise<T> {
  try {
    return await work(await run.records())
  } catch (error) {
    if (!isConnectionLost(error)) throw error
    return work(await run.records())
  }
}

/**
 * Records in one message that commits only while the run lock is held: one that reaches the server late, after this process is
 * gone and another run has begun, changes nothing.
 */
export async function recordUnderLock(run: Run, on: Session, change: HistoryChange): Promise<void> {
  const { store } = run.context
  if (!store.commitsWithStep) return store.record(on, change)
  // A store that takes its time sends its record when the message has gone: what is behind that cannot be expected yet.
  const atOnce = recordsAtOnce(run.context)
  await on.together(() => [
    store.record(on, change),
    ...(atOnce ? confirmation(run, on, [change]) : []),
    on.guard(run.lock),
  ])
}

/**
 * Behind the records of `changes`, in the same message: what was on record before must still be there. A step that drops or
 * empties the history would otherwise take it along without a word.
 */
export function confirmation(run: Run, on: Session, changes: readonly HistoryChange[]): readonly Promise<void>[] {
  const { recorded } = run
  const there = new Set(recorded)
  for (const change of changes) {
    const id = 'entry' in change ? change.entry.id : change.id
    // Of one that may be gone no more is expected, whatever becomes of this transaction.
    if (change.kind === 'reverted') recorded.delete(id)
    if (change.kind === 'reverted') there.delete(id)
    else there.add(id)
  }
  const sent = run.context.store.confirm?.(on, there.size)
  return sent ? [sent] : []
}
