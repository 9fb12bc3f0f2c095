import type { Step } from '../../core/plan.ts'
import { withoutStop } from '../../core/sentence.ts'
import { type ErrorCode, MigratorError } from '../../errors.ts'
import { emit } from './context.ts'
import { namingObjector } from './objection.ts'
import type { Run } from './types.ts'

const FIRST_BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 10_000

/** What another session's work caused, and a later try may not meet again. */
const MET: Readonly<Partial<Record<ErrorCode, string>>> = {
  LOCK_TIMEOUT: 'a lock was not available',
  DEADLOCK: 'the server ended a deadlock with another session',
  SERIALIZATION_FAILURE: 'another session changed the same rows',
}

/** Tries again, with backoff and jitter, what another session stood in the way of and what was undone cleanly. */
export async function retrying<T>(
  run: Run,
  step: Pick<Step, 'id' | 'direction'> | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tried = 0; ; tried++) {
    try {
      return await attempt()
    } catch (error) {
      const met = metIn(error)
      if (!met || run.lockLost || tried >= run.options.lockRetries || run.context.signal.aborted)
        throw await namingObjector(run.context, run.session, error)
      const pause = Math.min(FIRST_BACKOFF_MS * 2 ** tried, LONGEST_BACKOFF_MS) * (0.5 + Math.random())
      const next = `Trying again in ${(pause / 1000).toFixed(1)} s, ${tried + 1} of ${run.options.lockRetries}.`
      emit(run.context, {
        kind: 'step-retrying',
        level: 'warn',
        version: step?.id,
        direction: step?.direction,
        message: `${step?.id}: ${met.why} (${withoutStop(met.error.message)}). ${next}`,
        details: { blockers: met.error.details.blockers },
      })
      await run.context.clock.sleep(pause, run.context.signal)
      await endAbandoned(run)
    }
  }
}

/** A run that lost its connection may have left a transaction that keeps its locks. What can't be ended is waited for. */
async function endAbandoned({ context, session }: Run): Promise<void> {
  if (!session.isLost) await context.database.activity?.endAbandoned(session).catch(() => undefined)
}

function metIn(error: unknown): { readonly error: MigratorError; readonly why: string } | undefined {
  if (!(error instanceof MigratorError) || error.details.dirty) return undefined
  const why = MET[error.code]
  return why === undefined ? undefined : { error, why }
}
