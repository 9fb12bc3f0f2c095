import { lasting } from '../../core/once.ts'
import { overriding } from '../../core/overriding.ts'
import { type ErrorCode, MigratorError } from '../../errors.ts'
import type { Database } from '../../ports/database.ts'
import type { LockHolder, RunLock } from '../../ports/run-lock.ts'
import type { StepSession } from '../../ports/step.ts'
import { type Context, emit, throwIfInterrupted } from './context.ts'

/**
 * Waits for the run lock, holds it while `work` runs, and releases it afterwards, also after a failure. The lock is only
 * tried, never waited for in the server: a waiting session would deadlock with CREATE INDEX CONCURRENTLY. Connections that
 * are cut or refused meanwhile are opened again; `work` gets a live session. Rejects after `waitMs` with LOCK_UNAVAILABLE,
 * naming the holder, or with what kept it from asking.
 */
export async function withRunLock<T>(
  context: Context,
  on: StepSession,
  waitMs: number,
  work: (lock: RunLock, session: StepSession) => Promise<T>,
): Promise<T> {
  const { database } = context
  const opened = new Set<StepSession>()
  const live = lasting(
    async () => {
      if (!on.isLost) return on
      const session = await database.connect({ modules: false })
      opened.add(session)
      return session
    },
    ({ isLost }) => isLost,
  )
  try {
    const lock = await obtain(context, live, waitMs)
    try {
      return await work(lock, await live())
    } finally {
      await lock.release()
    }
  } finally {
    for (const session of opened) await session.close()
  }
}

/**
 * Keeps the run lock that a run obtains for the runs that follow, and releases it when `work` has settled. In between no
 * other runner can obtain it. A lock that was lost is obtained anew.
 */
export async function keepingRunLock<T>(context: Context, work: (context: Context) => Promise<T>): Promise<T> {
  let kept: { readonly lock: RunLock; isLost: boolean } | undefined
  try {
    return await work({ ...context, tryRunLock })
  } finally {
    await kept?.lock.release()
  }

  async function tryRunLock(): Promise<RunLock | undefined> {
    if (kept?.isLost) {
      await kept.lock.release()
      kept = undefined
    }
    kept ??= await obtained()
    return kept && overriding(kept.lock, { release: async () => {} })
  }

  async function obtained(): Promise<typeof kept> {
    const lock = await context.database.tryRunLock()
    if (!lock) return undefined
    const obtained = { lock, isLost: false }
    void lock.lost.then(() => {
      obtained.isLost = true
    })
    return obtained
  }
}

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

async function obtain(context: Context, live: () => Promise<StepSession>, waitMs: number): Promise<RunLock> {
  const { clock, database } = context
  const deadline = clock.monotonicMs() + waitMs
  for (let pause = FIRST_PAUSE_MS, told = false; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    throwIfInterrupted(context)
    const left = deadline - clock.monotonicMs()
    const lock = await tryOnce(context, live, left)
    if (lock) return lock
    if (left <= 0) throw unavailable(await holderOf(database, live), waitMs)
    if (!told && pause > 200) {
      told = true
      tell(context, await holderOf(database, live), waitMs)
    }
    await clock.sleep(Math.min(left, pause * (0.5 + Math.random())), context.signal)
  }
}

/** Undefined while the lock is not to be had, or the server not to be reached; once time is up, the failure itself. */
async function tryOnce(
  { database, tryRunLock = () => database.tryRunLock() }: Context,
  live: () => Promise<StepSession>,
  leftMs: number,
): Promise<RunLock | undefined> {
  let lock: RunLock | undefined
  try {
    lock = await tryRunLock()
    if (lock) await database.refuseWithoutRoom?.(await live())
    return lock
  } catch (error) {
    await lock?.release()
    if (leftMs <= 0 || !isUnreachable(error)) throw error
    return undefined
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof MigratorError && UNREACHABLE.has(error.code)
}

const UNREACHABLE = new Set<ErrorCode>(['CONNECTION_FAILED', 'CONNECTION_LOST'])

/** The message does without whom it cannot ask for. */
async function holderOf(database: Database, live: () => Promise<StepSession>): Promise<LockHolder | undefined> {
  try {
    return await database.runLockHolder(await live())
  } catch (error) {
    if (isUnreachable(error)) return undefined
    throw error
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
