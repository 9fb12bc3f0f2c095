import { mayBeForbidden } from '../sql/forbidden.ts'
import { throwIfInterrupted } from './context.ts'
import type { ReadyStep } from './prepare.ts'
import type { Run } from './run.ts'

/** How many steps may be under way at once: enough that the server never waits for us, few enough to stop soon. */
const WINDOW = 32

/** Steps that were sent before the answers to those ahead of them have come. */
export interface Ahead {
  /** Whether the step may run, or have run, on the server by now. */
  isUnderWay(index: number): boolean
  /**
   * Resolves with the answer to a plain step; they are asked for in order. When it rejects, everything that was under way
   * is over and nothing is any more: the caller ends the transaction, and may then ask again.
   */
  answerOf(index: number): Promise<void>
}

/**
 * Sends plain steps ahead of the answers. The server executes them in order; after a failure it refuses what is behind
 * it until the transaction that failed is ended. After an interruption nothing more is sent.
 */
export function sendAhead(
  run: Run,
  steps: readonly ReadyStep[],
  send: (step: ReadyStep, index: number) => Promise<void>,
): Ahead {
  const underWay = new Map<number, Promise<void>>()
  return {
    isUnderWay: (index) => underWay.has(index),
    async answerOf(index) {
      if (!underWay.has(index)) throwIfInterrupted(run.context)
      fill(index)
      try {
        await underWay.get(index)
        underWay.delete(index)
      } catch (error) {
        await Promise.allSettled(underWay.values())
        underWay.clear()
        throw error
      }
    },
  }

  function fill(from: number): void {
    for (const [offset, step] of steps.slice(from, from + (run.beforeStep ? 1 : WINDOW)).entries()) {
      const index = from + offset
      if (run.context.signal.aborted || !isPlain(run, step)) return
      if (!underWay.has(index)) underWay.set(index, watched(send(step, index)))
    }
  }
}

/** Whether a step does nothing but send an SQL text, in a transaction, with its record beside it. */
export function isPlain(run: Run, { migration, direction }: ReadyStep): boolean {
  if (!migration?.transactional || !run.context.store.commitsWithStep) return false
  const action = direction === 'up' ? migration.up : migration.down
  return action?.kind === 'sql' && !mayBeForbidden(action.sql)
}

/** Waits for all that was sent; rejects with the failure that came first in the order of sending. */
export async function firstFailureOf(sent: readonly Promise<void>[]): Promise<void> {
  const failure = (await Promise.allSettled(sent)).find((result) => result.status === 'rejected')
  if (failure) throw failure.reason
}

/** Its rejection is looked at when its turn comes, which may be later. */
function watched(sent: Promise<void>): Promise<void> {
  sent.catch(() => undefined)
  return sent
}
