import { MigratorError } from '../errors.ts'
import type { Outcome } from './output.ts'

/**
 * How a command ends when it is interrupted. `orderly`: it is waited for, because it changes things and stops where that is
 * safe. `at-once`: it changes nothing that would be left half done, so whatever keeps it waiting is abandoned.
 */
export type Ending = 'orderly' | 'at-once'

/** So long a command that ends at once may take to clear up after itself. */
const PATIENCE_MS = 5_000

/** The work's outcome; once `signal` is aborted it rejects with INTERRUPTED, whatever the work made of it. */
export async function unlessInterrupted(
  signal: AbortSignal,
  ending: Ending,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    const outcome = await (ending === 'orderly' ? work() : Promise.race([work(), abandoned(signal)]))
    return signal.aborted && !outcome.error
      ? { ...outcome, error: interrupted('The command had already finished.') }
      : outcome
  } catch (error) {
    throw signal.aborted ? asInterruption(error) : error
  }
}

function abandoned(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const giveUp = () => setTimeout(() => reject(signal.reason), PATIENCE_MS).unref()
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
  })
}

/** An interruption shows itself as all sorts of failures: an aborted wait, a program that was ended, a cancelled statement. */
function asInterruption(error: unknown): MigratorError {
  if (!(error instanceof MigratorError)) return interrupted('', error)
  if (error.code === 'INTERRUPTED') return error
  const { message, hint, details } = error
  return new MigratorError('INTERRUPTED', `Interrupted. ${message}`, { cause: error, hint, details })
}

function interrupted(more: string, cause?: unknown): MigratorError {
  return new MigratorError('INTERRUPTED', `Interrupted. ${more}`.trim(), { cause })
}
