import { MigratorError } from '../../errors.ts'
import type { StepSession } from '../../ports/step.ts'
import { isConnectionLost } from './outcome.ts'
import type { Run } from './types.ts'

/** Outside a transaction nothing can be undone afterwards, so the lock is asked for before each statement and record. */
export async function refuseWithoutLock(run: Run): Promise<void> {
  if (!run.lockLost && (await onRecords(run, (on) => run.lock.isHeld(on)))) return
  run.lockLost = true
  throw new MigratorError('LOCK_LOST', 'The connection that holds the run lock was lost.')
}

/** Something that may be done twice, on the session beside the step's; once more on a new one where that is lost. */
export async function onRecords<T>(run: Run, work: (on: StepSession) => Promise<T>): Promise<T> {
  try {
    return await work(await run.records())
  } catch (error) {
    if (!isConnectionLost(error)) throw error
    return work(await run.records())
  }
}
