import { pause, pauseFor } from './call.ts'
import { failureKind, isTransient } from './failure-kind.ts'
import { maybeMade, stopped } from './left-behind.ts'
import type { Restoring } from './restoring.ts'

/** Something new, under a name that was free before. */
export interface Making {
  /** For messages: `DB instance x`. */
  readonly what: string
  readonly send: () => Promise<unknown>
  /** What is there under the name; undefined when nothing is. */
  readonly find: () => Promise<unknown>
}

/** How often making something is tried in all. */
const TRIES = 6

/**
 * Sends a call that makes something, until it is accepted or refused. Where a reply was lost, what it was to make is looked
 * for before the call is repeated.
 */
export async function makeOnce({ aws }: Pick<Restoring, 'aws'>, { what, send, find }: Making): Promise<void> {
  let outcome: 'none' | 'unsure' = 'none'
  for (let tries = 1; ; tries += 1) {
    try {
      await send()
      return
    } catch (error) {
      if (failureKind(error) === 'cut') outcome = 'unsure'
      const { aborted, reason } = aws.signal
      if (!aborted && outcome === 'unsure' && (await find()) !== undefined) return
      const failure = aborted ? stopped(reason) : error
      if (aborted || !isTransient(error) || tries >= TRIES)
        throw outcome === 'unsure' ? maybeMade(failure, `The ${what}`, { made: [what] }) : failure
    }
    await pause(aws.clock, pauseFor(tries, aws.retryPauseMs), aws.signal)
  }
}
