import { MigratorError } from '../errors.ts'
import type { Blocker } from '../ports.ts'
import { emit } from './context.ts'
import type { ReadyStep } from './prepare.ts'
import type { Run } from './run.ts'

const TICK_MS = 1_000
const SHORTEST_TICK_MS = 50

/**
 * Runs one step and, while it lasts, tells about once a second for how long it has been running and who keeps it waiting.
 * The last blockers seen are attached to the LOCK_TIMEOUT that they caused.
 */
export async function watchStep<T>(run: Run, step: ReadyStep, index: number, work: () => Promise<T>): Promise<T> {
  const { context } = run
  const started = context.clock.monotonicMs()
  let blockers: readonly Blocker[] = []
  const place = { version: step.id, direction: step.direction, index: index + 1, total: run.total }
  const verb = step.direction === 'up' ? 'Applying' : 'Rolling back'
  emit(context, {
    kind: 'step-started',
    level: 'debug',
    ...place,
    checksum: checksumOf(step),
    message: `${verb} ${step.id}`,
  })
  // Who keeps the step waiting has to be seen before the lock timeout strikes.
  const half = run.options.lockTimeoutMs === 0 ? TICK_MS : run.options.lockTimeoutMs / 2
  const timer = setInterval(
    () => void tick().catch(() => undefined),
    Math.max(SHORTEST_TICK_MS, Math.min(TICK_MS, half)),
  )
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MigratorError) || error.code !== 'LOCK_TIMEOUT' || blockers.length === 0) throw error
    const message = `${error.message}; kept waiting by ${blockers.map(describe).join(', ')}`
    throw new MigratorError('LOCK_TIMEOUT', message, { cause: error, details: { ...error.details, blockers } })
  } finally {
    clearInterval(timer)
  }

  /** What can't be seen of the blockers is left out: the tick only informs. */
  async function tick(): Promise<void> {
    if (!run.session.pooled) blockers = await context.database.activity.blockersOf(run.session.serverPid)
    const durationMs = context.clock.monotonicMs() - started
    const waiting = blockers.length > 0 ? `, kept waiting by ${blockers.map(describe).join(', ')}` : ''
    const message = `${step.id}: ${(durationMs / 1000).toFixed(0)} s${waiting}`
    emit(context, { kind: 'step-progress', level: 'debug', ...place, durationMs, message, details: { blockers } })
  }
}

export function describe({ pid, applicationName, state, since }: Blocker): string {
  return `pid ${pid} (${applicationName || 'unnamed'}, ${state}, since ${since})`
}

export function checksumOf({ migration, entry }: ReadyStep): string | undefined {
  return migration?.checksum ?? entry?.checksum
}
