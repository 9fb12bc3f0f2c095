import type { Migration } from '../../core/migration.ts'
import type { Step } from '../../core/plan.ts'
import { type ErrorCode, MigratorError } from '../../errors.ts'
import type { Database } from '../../ports/database.ts'
import type { ScriptLanguage } from '../../ports/script-language.ts'
import { runAtomic, runBatch, succeeded, tellFailure } from './atomic-step.ts'
import { interrupted, type RunOptions, reportError } from './context.ts'
import { isNotWritten } from './outcome.ts'
import { runOutside } from './outside-step.ts'
import { watchStep } from './progress.ts'
import { retrying } from './retrying.ts'
import type { ReadyStep, Run, StepResult } from './types.ts'

/** Runs the steps in order. Never rejects for a failed step: the results tell, the last failure first in `error`. */
export async function runSteps(
  run: Run,
  steps: readonly ReadyStep[],
): Promise<{ results: readonly StepResult[]; error?: MigratorError }> {
  const abandon = () => void abandonStep(run)
  run.context.signal.addEventListener('abort', abandon, { once: true })
  try {
    return transactionMode(run.options, steps, run.context.database) === 'batch'
      ? await asBatch(run, steps)
      : await oneByOne(run, steps)
  } finally {
    run.context.signal.removeEventListener('abort', abandon)
  }
}

/** Throws USAGE_INVALID when one transaction was asked for and a step can't run in one. */
export function transactionMode(
  { transaction }: Pick<RunOptions, 'transaction'>,
  steps: readonly ReadyStep[],
  { capabilities, script }: Pick<Database, 'capabilities' | 'script'>,
): 'batch' | 'each' {
  const alone = steps.find(({ migration }) => migration && (!migration.transactional || standsAlone(migration, script)))
  if (transaction === 'default' && !capabilities.oneTransactionForAll) return 'each'
  if (transaction === 'default') return alone ? 'each' : 'batch'
  if (transaction === 'batch' && alone && !alone.migration?.transactional) {
    throw new MigratorError(
      'USAGE_INVALID',
      `Migration ${alone.id} does not run in a transaction, so not all can share one.`,
      {
        hint: 'Leave out --transaction batch, or stop before it with --target.',
      },
    )
  }
  return transaction
}

/** What it adds cannot be used in the transaction that adds it. */
function standsAlone({ sources }: Pick<Migration, 'sources'>, script: ScriptLanguage | undefined): boolean {
  return sources.some(({ content }) => script?.standsAlone(content) ?? false)
}

async function asBatch(
  run: Run,
  steps: readonly ReadyStep[],
): Promise<{ results: readonly StepResult[]; error?: MigratorError }> {
  try {
    const durations = await retrying(run, steps[0], () => runBatch(run, steps))
    return { results: steps.map((step, index) => ({ step, status: outcome(step), durationMs: durations[index] ?? 0 })) }
  } catch (cause) {
    const failure = explain(run, cause)
    if (isNotWritten(failure)) {
      const results = steps.map((step, index): StepResult => {
        return { step, status: outcome(step), durationMs: succeeded(run, step, index, 0) }
      })
      return { results, error: failure }
    }
    const at = steps.findIndex(({ id }) => id === failure.details.id)
    const step = steps[at]
    if (step) tellFailure(run, step, at, failure)
    return {
      results: steps.map((step, index) => resultOfFailedBatch(step, index - (at < 0 ? steps.length : at), failure)),
      error: failure,
    }
  }
}

function resultOfFailedBatch(step: Step, distance: number, error: MigratorError): StepResult {
  if (isUnknown(error)) return { step, status: 'unknown', durationMs: 0, error }
  if (distance === 0) return { step, status: 'failed', durationMs: 0, error }
  if (distance > 0 || step.direction === 'down') return { step, status: 'not-run', durationMs: 0 }
  return { step, status: 'reverted', durationMs: 0 }
}

async function oneByOne(
  run: Run,
  steps: readonly ReadyStep[],
): Promise<{ results: readonly StepResult[]; error?: MigratorError }> {
  const results: StepResult[] = []
  for (const [index, step] of steps.entries()) {
    let allowed = false
    try {
      if (run.context.signal.aborted) throw interrupted()
      await run.beforeStep?.(step)
      allowed = true
      const durationMs = await retrying(run, step, () => runOne(run, step, index))
      results.push({ step, status: outcome(step), durationMs })
    } catch (cause) {
      const error = explain(run, cause)
      const rest = steps.slice(index + 1).map((step): StepResult => ({ step, status: 'not-run', durationMs: 0 }))
      if (isNotWritten(error)) {
        const done: StepResult = { step, status: outcome(step), durationMs: succeeded(run, step, index, 0) }
        return { results: [...results, done, ...rest], error }
      }
      const notBegun = !allowed || (error.code === 'INTERRUPTED' && error.details.id === undefined)
      if (!notBegun) tellFailure(run, step, index, error)
      const failed: StepResult = notBegun
        ? { step, status: 'not-run', durationMs: 0 }
        : { step, status: isUnknown(error) ? 'unknown' : 'failed', durationMs: 0, error }
      return { results: [...results, failed, ...rest], error }
    }
  }
  return run.context.signal.aborted ? { results, error: interrupted() } : { results }
}

/** Nobody could be asked whether it was committed. */
export function isUnknown({ details }: MigratorError): boolean {
  return details.outcome === 'unknown'
}

function outcome({ direction }: Step): 'applied' | 'reverted' {
  return direction === 'up' ? 'applied' : 'reverted'
}

function runOne(run: Run, step: ReadyStep, index: number): Promise<number> {
  run.current = step
  return watchStep(run, step, index, () =>
    step.migration?.transactional === false ? runOutside(run, step, index) : runAtomic(run, step, index),
  )
}

/** The first Ctrl-C: a transaction is cancelled, a step outside one may finish. */
async function abandonStep(run: Run): Promise<void> {
  if (run.current?.migration?.transactional !== false) await run.session.cancel()
}

/** The failure as the operator should read it: what really ended the run, not the error that followed from it. */
function explain(run: Run, cause: unknown): MigratorError {
  const error = cause instanceof MigratorError ? cause : unexpected(cause)
  const details = { details: error.details, cause }
  if (run.lockLost && error.code !== 'LOCK_LOST' && error.code !== 'CONNECTION_LOST') {
    return new MigratorError('LOCK_LOST', `The connection that holds the run lock was lost: ${error.message}`, details)
  }
  if (run.context.signal.aborted && CANCELLED.has(error.code)) {
    return new MigratorError('INTERRUPTED', 'Interrupted. No step is left half done.', details)
  }
  return error
}

/** What a cancelled statement looks like; a module may have caught it and gone on. */
const CANCELLED = new Set<ErrorCode>(['STATEMENT_TIMEOUT', 'SWALLOWED_ERROR'])

function unexpected(cause: unknown): MigratorError {
  return new MigratorError('MIGRATION_FAILED', reportError(cause).message, { cause })
}
