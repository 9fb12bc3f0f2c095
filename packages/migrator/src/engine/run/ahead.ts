import { throwIfInterrupted } from './context.ts'
import type { ReadyStep, Run } from './types.ts'

/** How many steps may be under way at once: enough that the server never waits for us, few enough to stop soon. */
const WINDOW = 32

/** Steps of one transaction that were sent before the answers to those ahead of them have come. */
export interface Ahead {
  /**
   * Resolves when a plain step is answered; they are asked for in order. When it rejects, everything that was sent has been
   * answered, and the caller ends the transaction.
   */
  answerOf(index: number): Promise<void>
}

/**
 * Sends plain steps of one transaction ahead of the answers. The server executes them in order; after a failure it refuses
 * what is behind it until the transaction is ended. After an interruption nothing more is sent. Nothing of it is a COMMIT.
 */
export function sendAhead(run: Run, steps: readonly ReadyStep[], send: (step: ReadyStep) => Promise<void>): Ahead {
  const plain = steps.map((step) => isPlain(run, step))
  const underWay = new Map<number, Promise<void>>()
  let failed = false
  return {
    async answerOf(index) {
      if (!underWay.has(index)) throwIfInterrupted(run.context)
      fill(index)
      try {
        await underWay.get(index)
      } catch (error) {
        await Promise.allSettled(underWay.values())
        throw error
      }
      underWay.delete(index)
    },
  }

  function fill(from: number): void {
    for (const [offset, step] of steps.slice(from, from + WINDOW).entries()) {
      const index = from + offset
      if (run.context.signal.aborted || failed || !plain[index]) return
      if (!underWay.has(index)) underWay.set(index, watch(send(step)))
    }
  }

  /** A rejection is looked at when its turn comes, which may be later. */
  function watch(answer: Promise<void>): Promise<void> {
    answer.catch(() => {
      failed = true
    })
    return answer
  }
}

/** Whether a step does nothing but send one message, in a transaction, with its record beside it. */
export function isPlain({ context, session }: Run, { migration, direction, data }: ReadyStep): boolean {
  if (data || !migration?.transactional || !context.store.commitsWithStep || !context.store.recordsAtOnce?.())
    return false
  const action = migration[direction]
  const checked = direction === 'up' && (migration.validate ?? migration.verify) !== undefined
  return action !== undefined && !checked && session.sendsWhole(action)
}
