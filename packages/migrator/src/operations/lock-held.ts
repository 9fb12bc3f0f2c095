import { MigratorError } from '../errors.ts'
import type { Run } from './run.ts'

/** Outside a transaction nothing can be undone afterwards, so the lock is asked for before each statement and record. */
export async function refuseWithoutLock(run: Run): Promise<void> {
  if (!run.lockLost && (await run.lock.isHeld(await run.records()))) return
  run.lockLost = true
  throw new MigratorError('LOCK_LOST', 'The connection that holds the run lock was lost.')
}
