import { mayBeForbidden } from '../sql/forbidden.ts'
import { throwIfInterrupted } from './context.ts'
import type { ReadyStep } from './prepare.ts'
import type { Run } from './run.ts'

/** How many steps may be under way at once: enough that the server never waits for us, few enough to stop soon. */
const WINDOW = 32

/** How many commits share one wait for the server's disk. */
const GROUP = 16

/** Steps that were sent before the answers to those ahead of them have come. */
export interface Ahead {
  /** Whether the step may run, or have run, on the server by now. */
  isUnderWay(index: number): boolean
  /**
   * Resolves with the time in ms that a plain step took, once it is durable; they are asked for in order. When it rejects,
   * everything that was under way is over and nothing is any more: the caller ends the transaction, and may then ask again.
   */
  answerOf(index: number): Promise<number>
}

/** Whether the server may answer a COMMIT before the transaction is on its disk; see `Session.commit`. */
export type Durability = 'now' | 'later'

/**
 * Sends plain steps ahead of the answers. The server executes them in order; after a failure it refuses what is behind
 * it until the transaction that failed is ended. After an interruption nothing more is sent. A step that commits `later`
 * is told of only when one behind it has committed `now`, or all was flushed: nothing is said to be applied that a crash of
 * the server could still take back.
 */
export function sendAhead(
  run: Run,
  steps: readonly ReadyStep[],
  commits: 'each' | 'once',
  send: (step: ReadyStep, index: number, durability: Durability) => Promise<void>,
): Ahead {
  const { clock, signal } = run.context
  const plain = steps.map((step) => isPlain(run, step))
  const underWay = new Map<number, Sent>()
  const flushed = new Map<number, Promise<void>>()
  let answeredMs = 0
  let failed = false
  return {
    isUnderWay: (index) => underWay.has(index),
    async answerOf(index) {
      if (!underWay.has(index)) throwIfInterrupted(run.context)
      fill(index)
      try {
        await underWay.get(index)?.answer
      } catch (error) {
        await allAnswered()
        underWay.clear()
        failed = false
        throw error
      }
      await durable(index)
      const durationMs = underWay.get(index)?.durationMs ?? 0
      underWay.delete(index)
      return durationMs
    },
  }

  function fill(from: number): void {
    for (const [offset, step] of steps.slice(from, from + (run.beforeStep ? 1 : WINDOW)).entries()) {
      const index = from + offset
      if (signal.aborted || failed || !plain[index]) return
      if (!underWay.has(index))
        underWay.set(index, watch(send(step, index, endOfGroup(index) === index ? 'now' : 'later')))
    }
  }

  async function allAnswered(): Promise<void> {
    await Promise.allSettled([...underWay.values()].map(({ answer }) => answer))
  }

  /** A rejection is looked at when its turn comes, which may be later. */
  function watch(answer: Promise<void>): Sent {
    const sent: Sent = { answer, durationMs: 0 }
    const sentMs = clock.monotonicMs()
    answer.then(
      () => {
        sent.durationMs = clock.monotonicMs() - Math.max(sentMs, answeredMs)
        answeredMs = clock.monotonicMs()
      },
      () => {
        failed = true
      },
    )
    return sent
  }

  /** The step whose commit waits for the disk on behalf of this one. */
  function endOfGroup(index: number): number {
    if (commits === 'once' || run.beforeStep) return index
    let end = index
    for (let next = index + 1; end % GROUP !== GROUP - 1; next++) {
      if (!plain[next]) break
      end = next
    }
    return end
  }

  /** When the group was not finished, because a step of it failed or was never sent, what is committed is flushed. */
  async function durable(index: number): Promise<void> {
    const end = endOfGroup(index)
    if (end === index) return
    const group = Array.from({ length: end - index }, (_, offset) => underWay.get(index + 1 + offset)?.answer)
    const answers = await Promise.allSettled(group)
    if (group.every((sent) => sent !== undefined) && answers.every(({ status }) => status === 'fulfilled')) return
    if (!flushed.has(end)) flushed.set(end, flushAll())
    await flushed.get(end)
  }

  /** The transaction of a step that failed is still open; what it left is taken back before its failure is told. */
  async function flushAll(): Promise<void> {
    await allAnswered()
    await run.session.abort()
    await run.session.flush()
  }
}

interface Sent {
  readonly answer: Promise<void>
  /** Known once it is answered: the time since the answer before it. */
  durationMs: number
}

/** Whether a step does nothing but send an SQL text, in a transaction, with its record beside it. */
export function isPlain(run: Run, { migration, direction, data }: ReadyStep): boolean {
  if (data || !migration?.transactional || !run.context.store.commitsWithStep) return false
  const action = direction === 'up' ? migration.up : migration.down
  return action?.kind === 'sql' && !mayBeForbidden(action.sql)
}

/** Waits for all that was sent; rejects with the failure that came first in the order of sending. */
export async function firstFailureOf(sent: readonly Promise<void>[]): Promise<void> {
  const failure = (await Promise.allSettled(sent)).find((result) => result.status === 'rejected')
  if (failure) throw failure.reason
}
