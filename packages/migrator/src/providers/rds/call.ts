import type { Clock } from '../../ports/clock.ts'
import { type FailureKind, failureKind } from './failure-kind.ts'

export interface Persistence {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Doubles with every try. */
  readonly pauseMs: number
}

/** How often a call is tried, by what became of it. An API that is not there at all is not worth waiting for. */
const TRIES: Readonly<Record<FailureKind, number>> = {
  throttled: 8,
  cut: 5,
  unreached: 3,
  unimplemented: 1,
  refused: 1,
}
const LONGEST_PAUSE_MS = 5_000

/**
 * Tries a call that may be repeated without harm until it succeeds, is refused, or has failed too often; then rejects
 * with the last failure. Aborted, it rejects with the signal's reason.
 */
export async function persist<T>(attempt: () => Promise<T>, { clock, signal, pauseMs }: Persistence): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      signal.throwIfAborted()
      if (tries >= TRIES[failureKind(error)]) throw error
    }
    await pause(clock, pauseFor(tries, pauseMs), signal)
  }
}

/** Sleeps; aborted, it rejects with the signal's own reason, whatever the clock makes of it. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/** Between half and the whole of the doubled pause, so that many clients do not come back at once. */
export function pauseFor(tries: number, pauseMs: number): number {
  const whole = Math.min(pauseMs * 2 ** (tries - 1), LONGEST_PAUSE_MS)
  return whole / 2 + (Math.random() * whole) / 2
}
