import { MigratorError } from '../../errors.ts'
import { runAtomic, tellFailure } from './atomic-step.ts'
import { reportError } from './context.ts'
import { isNotWritten, replaceLost } from './outcome.ts'
import { runOutside } from './outside-step.ts'
import { watchStep } from './progress.ts'
import { retrying } from './retrying.ts'
import { isUnknown } from './steps.ts'
import type { ReadyStep, Run, StepResult } from './types.ts'

/**
 * After a failed step of a run with one transaction each: takes the earlier steps back by their `down`, in reverse
 * order. Stops at the first that can't be rolled back; the error then carries `rollbackError`. Does nothing when the run
 * was interrupted, when the lock is lost (somebody else may be running), when the step was committed or that is unknown, or
 * when `onFailure` is `stop`.
 */
export async function compensate(
  run: Run,
  steps: readonly ReadyStep[],
  failed: { readonly results: readonly StepResult[]; readonly error?: MigratorError },
): Promise<{ readonly results: readonly StepResult[]; readonly error?: MigratorError }> {
  const error = failed.error
  const applied = failed.results.flatMap((result, index) => (result.status === 'applied' ? [index] : [])).reverse()
  if (!error || applied.length === 0) return failed
  const stays =
    error.code === 'INTERRUPTED' || run.lockLost || error.details.dirty || isUnknown(error) || isNotWritten(error)
  if (run.options.onFailure === 'stop' || stays) {
    if (isNotWritten(error)) return failed
    return { ...failed, error: withKept(error, applied.length) }
  }
  const results = [...failed.results]
  for (const index of applied) {
    const step = steps[index]
    const result = results[index]
    if (!step || !result) continue
    try {
      const durationMs = await takeBack(run, step, index)
      results[index] = { step: result.step, status: 'reverted', durationMs }
    } catch (cause) {
      if (cause instanceof MigratorError) {
        tellFailure(run, { ...step, direction: 'down' }, index, cause)
        if (isUnknown(cause)) results[index] = { ...result, status: 'unknown', error: cause }
      }
      const left = results.filter(({ status }) => status === 'applied').length
      return { results, error: withRollbackError(error, step.id, cause, left) }
    }
  }
  return { results, error }
}

async function takeBack(run: Run, step: ReadyStep, index: number): Promise<number> {
  const down: ReadyStep = { ...step, direction: 'down' }
  if (!step.migration?.down) {
    throw new MigratorError(
      'MIGRATION_IRREVERSIBLE',
      `Migration ${step.id} is irreversible: ${step.migration?.irreversible}`,
    )
  }
  await replaceLost(run)
  const back = step.migration.transactional ? runAtomic : runOutside
  return retrying(run, down, () => watchStep(run, down, index, () => back(run, down, index)))
}

function withKept(error: MigratorError, count: number): MigratorError {
  const message = `${error.message}\n${count === 1 ? 'The migration that was applied before it stays' : `The ${count} migrations that were applied before it stay`} applied.`
  return new MigratorError(error.code, message, { cause: error, hint: error.hint, details: error.details })
}

function withRollbackError(error: MigratorError, id: string, cause: unknown, left: number): MigratorError {
  const rollbackError = reportError(cause)
  const message = `${error.message}\nRolling back ${id} failed as well: ${rollbackError.message}\n${left} of this run ${left === 1 ? 'stays' : 'stay'} applied; nothing further was reverted.`
  return new MigratorError(error.code, message, {
    cause,
    hint: 'Look at db:migrate:status, then see docs/runbooks/rollback.md.',
    details: { ...error.details, rollbackError },
  })
}
