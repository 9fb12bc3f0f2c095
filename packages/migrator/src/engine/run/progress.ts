import { statementText } from '../../core/figures.ts'
import type { MigrationContext } from '../../core/migration.ts'
import { withoutStop } from '../../core/sentence.ts'
import { MigratorError } from '../../errors.ts'
import type { Blocker } from '../../ports/activity.ts'
import { emit } from './context.ts'
import type { ReadyStep, Run } from './types.ts'

const TICK_MS = 1_000
const SHORTEST_TICK_MS = 50

/**
 * Runs one step and, while it lasts, reports about once a second how long it has been running, at which statement it is where
 * its script is sent statement by statement, and who keeps it waiting.
 * The last blockers seen are attached to the LOCK_TIMEOUT that they caused: a look between the timeout and its answer finds
 * nobody any more, and takes none of them away.
 */
export async function watchStep<T>(run: Run, step: ReadyStep, index: number, work: () => Promise<T>): Promise<T> {
  const { context } = run
  const started = context.clock.monotonicMs()
  run.statement = undefined
  let lastSeen: readonly Blocker[] = []
  let gaveUp = false
  let looking = false
  const place = { version: step.id, direction: step.direction, index: index + 1, total: run.total }
  const verb = step.direction === 'up' ? 'Applying' : 'Rolling back'
  emit(context, {
    kind: 'step-started',
    level: 'debug',
    ...place,
    checksum: checksumOf(step),
    message: `${verb} ${step.id}`,
    details: { transactional: step.migration?.transactional !== false },
  })
  // Who keeps the step waiting has to be seen before the lock timeout strikes, so the connection to look over is there first.
  const quarter = run.options.lockTimeoutMs === 0 ? TICK_MS : run.options.lockTimeoutMs / 4
  if (quarter < TICK_MS) await tick().catch(() => undefined)
  const timer = setInterval(
    () => void tick().catch(() => undefined),
    Math.max(SHORTEST_TICK_MS, Math.min(TICK_MS, quarter)),
  )
  try {
    return await work()
  } catch (error) {
    if (gaveUp && error instanceof MigratorError) throw waitedTooLong(error)
    if (!(error instanceof MigratorError) || error.code !== 'LOCK_TIMEOUT' || lastSeen.length === 0) throw error
    const message = `${withoutStop(error.message)}; blocked by ${lastSeen.map(describe).join(', ')}`
    throw new MigratorError('LOCK_TIMEOUT', message, {
      cause: error,
      details: { ...error.details, blockers: lastSeen },
    })
  } finally {
    clearInterval(timer)
  }

  /** Where the server does not enforce the lock timeout of a step outside a transaction, it is enforced from here. */
  async function giveUpWaiting(): Promise<void> {
    const { lockTimeoutMs } = run.options
    if (step.migration?.transactional !== false || lockTimeoutMs === 0) return
    const { activity, applicationName } = context.database
    if (!activity || (await activity.lockWaitMs(await run.observer(), applicationName)) < lockTimeoutMs) return
    gaveUp = true
    await run.session.cancel()
  }

  /** What can't be seen of the blockers is left out: the tick only informs. */
  async function tick(): Promise<void> {
    // One look at a time: what answers slowly is not asked again meanwhile.
    if (looking) return
    looking = true
    await look().finally(() => {
      looking = false
    })
  }

  async function look(): Promise<void> {
    if (!run.session.enforcesLimits) await giveUpWaiting()
    const { activity } = context.database
    const blockers = (await activity?.blockersOf(await run.observer(), run.session)) ?? []
    if (blockers.length > 0) lastSeen = blockers
    const durationMs = context.clock.monotonicMs() - started
    const waiting = blockers.length > 0 ? `, blocked by ${blockers.map(describe).join(', ')}` : ''
    const running = [statementText(run.statement), `${(durationMs / 1000).toFixed(0)} s`].filter(Boolean).join(', ')
    const message = `${step.id}: ${running}${waiting}`
    const details = { blockers, ...(run.statement ? { statement: run.statement } : {}) }
    emit(context, { kind: 'step-progress', level: 'debug', ...place, durationMs, message, details })
  }
}

const PROGRESS_MS = 200

/** What a migration says of itself becomes events, a few a second at most; the last one always. What is no number is left out. */
export function reportProgress(
  run: Run,
  { id, direction }: Pick<ReadyStep, 'id' | 'direction'>,
): MigrationContext['progress'] {
  const { clock } = run.context
  const started = clock.monotonicMs()
  let told = Number.NEGATIVE_INFINITY
  return (done, total) => {
    if (!Number.isFinite(done)) return
    const known = total !== undefined && Number.isFinite(total) && total > 0
    const now = clock.monotonicMs()
    if (now - told < PROGRESS_MS && !(known && done >= total)) return
    told = now
    const part = known ? ` of ${total} (${Math.floor((100 * done) / total)} %)` : ''
    emit(run.context, {
      ...({ kind: 'step-progress', level: 'debug', version: id, direction } as const),
      message: `${id}: ${done}${part}`,
      durationMs: now - started,
      details: { done, ...(known ? { total } : {}) },
    })
  }
}

function waitedTooLong(cause: MigratorError): MigratorError {
  const message = `${withoutStop(cause.message)}: it waited too long for a lock.`
  return new MigratorError('LOCK_TIMEOUT', message, { cause, details: cause.details })
}

export function describe({ pid, applicationName, state, since }: Blocker): string {
  return `pid ${pid} (${applicationName || 'unnamed'}, ${state}, since ${since})`
}

export function checksumOf({ migration, entry }: ReadyStep): string | undefined {
  return migration?.checksum ?? entry?.checksum
}
