import { MigratorError } from '../errors.ts'
import type { LockHolder, RunLock, Session } from '../ports.ts'
import { type Context, emit, throwIfInterrupted } from './context.ts'

/**
 * Waits for the run lock, holds it while `work` runs, and lets it go afterwards, also after a failure. The lock is only
 * tried, never waited for in the server: a waiting session would deadlock with CREATE INDEX CONCURRENTLY. Rejects with
 * LOCK_UNAVAILABLE, naming the holder, after `waitMs`.
 */
export async function withRunLock<T>(
  context: Context,
  on: Session,
  waitMs: number,
  work: (lock: RunLock) => Promise<T>,
): Promise<T> {
  const lock = await obtain(context, on, waitMs)
  try {
    return await work(lock)
  } finally {
    await lock.release()
  }
}

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

async function obtain(context: Context, on: Session, waitMs: number): Promise<RunLock> {
  const { clock, database } = context
  const deadline = clock.monotonicMs() + waitMs
  for (let pause = FIRST_PAUSE_MS, told = false; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    throwIfInterrupted(context)
    const lock = await database.tryRunLock()
    if (lock) return lock
    const left = deadline - clock.monotonicMs()
    if (left <= 0) throw unavailable(await database.runLockHolder(on), waitMs)
    if (!told && pause > 200) {
      told = true
      tell(context, await database.runLockHolder(on), waitMs)
    }
    await clock.sleep(Math.min(left, pause * (0.5 + Math.random())), context.signal)
  }
}

function tell(context: Context, holder: LockHolder | undefined, waitMs: number): void {
  const message = `Waiting up to ${waitMs / 1000} s for the run lock${held(holder)}.`
  emit(context, { kind: 'lock-waiting', level: 'info', message, details: { holder } })
}

function unavailable(holder: LockHolder | undefined, waitMs: number): MigratorError {
  const message = `The run lock was not obtained within ${waitMs / 1000} s${held(holder)}.`
  return new MigratorError('LOCK_UNAVAILABLE', message, { details: { holder } })
}

function held(holder: LockHolder | undefined): string {
  if (!holder) return ''
  return `; it is held by "${holder.applicationName}", pid ${holder.pid}, since ${holder.since}`
}
