import { firstFailureOf } from '../../core/first-failure.ts'
import type { HistoryChange, NewEntry } from '../../core/history.ts'
import type { Action } from '../../core/migration.ts'
import { irreversible } from '../../core/plan.ts'
import { sentence } from '../../core/sentence.ts'
import { MigratorError } from '../../errors.ts'
import type { AtomicStep, StatementWatch, StepRecord } from '../../ports/step.ts'
import { preserving, returning, tellKeptData } from '../loss/keep.ts'
import { isPlain, sendAhead } from './ahead.ts'
import { emit, reportError, throwIfInterrupted } from './context.ts'
import { committed, notCommitted } from './outcome.ts'
import { checksumOf, reportProgress, watchStep } from './progress.ts'
import type { ReadyStep, Run } from './types.ts'

/**
 * One step in a transaction of its own, its history record in the same transaction. After success both are committed; after
 * a failure neither is, or the error says that it could not be determined. Resolves with the duration in ms.
 */
export async function runAtomic(run: Run, step: ReadyStep, index: number): Promise<number> {
  const started = run.context.clock.monotonicMs()
  const atomic = await run.session.atomic(run.options, actionsOf([step]))
  try {
    if (isPlain(run, step)) await sendWhole(run, step, atomic)
    else await performThenCommit(run, step, atomic, started)
  } catch (cause) {
    await atomic.abort()
    throw asStepFailure(step, cause)
  }
  return succeeded(run, step, index, run.context.clock.monotonicMs() - started)
}

/** Everything of a plain step in one go: after a failure the server refuses the rest. */
async function sendWhole(run: Run, step: ReadyStep, atomic: AtomicStep): Promise<void> {
  const change = changeOf(run, step)
  const performed = actionsOf([step]).map((action) => atomic.perform(action))
  await committed(run, change, firstFailureOf([...performed, atomic.commit(recordOf(run, [change]))]))
}

/** The step, then, when it has succeeded, its record and the commit. */
async function performThenCommit(run: Run, step: ReadyStep, atomic: AtomicStep, started: number): Promise<void> {
  await performStep(run, step, atomic).catch((error) => notCommitted(run, error))
  await commitRecorded(run, atomic, [changeAfter(run, step, started)])
}

/** Commits what was done, with its record: in the same transaction, or right behind it where the store lives elsewhere. */
export async function commitRecorded(run: Run, atomic: AtomicStep, changes: readonly HistoryChange[]): Promise<void> {
  const last = changes.at(-1)
  if (!last) return
  const { store } = run.context
  await committed(run, last, atomic.commit(recordOf(run, changes)))
  if (!store.commitsWithStep) await recordBehind(run, changes)
}

/** The step is committed, whatever the store says: its failure must not look like the step's. */
export async function recordBehind({ context, session }: Run, changes: readonly HistoryChange[]): Promise<void> {
  try {
    await context.store.record(session, ...changes)
  } catch (cause) {
    const ids = changes.map((change) => ('entry' in change ? change.entry.id : change.id))
    const done = changes.every(({ kind }) => kind === 'reverted') ? 'rolled back' : 'applied'
    throw new MigratorError(
      'HISTORY_NOT_WRITTEN',
      `${ids.join(', ')} ${ids.length === 1 ? 'is' : 'are'} ${done} and committed, but the history was not written: ${sentence(reportError(cause).message)} Nothing was reverted.`,
      { cause, details: { versions: ids } },
    )
  }
}

/** What was on record before must still be there: a step that empties the history would take it along without a word. */
export function recordOf({ context, lock, recorded }: Run, changes: readonly HistoryChange[]): StepRecord {
  const there = new Set(recorded)
  for (const change of changes) {
    const id = 'entry' in change ? change.entry.id : change.id
    // An entry that may be gone is no longer expected, whether or not this transaction commits.
    if (change.kind === 'reverted') recorded.delete(id)
    if (change.kind === 'reverted') there.delete(id)
    else there.add(id)
  }
  return { store: context.store, changes, lock, atLeast: there.size }
}

function actionsOf(steps: readonly ReadyStep[]): readonly Action[] {
  return steps.flatMap(({ migration, direction }) => migration?.[direction] ?? [])
}

/** What a plain step leaves in the history; the server measures how long it takes. */
function changeOf(run: Run, step: ReadyStep): HistoryChange {
  if (step.direction === 'down') return { kind: 'reverted', id: step.id }
  return { kind: 'applied', entry: entryOf(run, step, undefined), timed: 'by-transaction' }
}

/**
 * All steps in one transaction: all or nothing. They are recorded together at its end. Resolves with the durations in ms.
 */
export async function runBatch(run: Run, steps: readonly ReadyStep[]): Promise<readonly number[]> {
  const { clock } = run.context
  const ended: { readonly durationMs: number; readonly atMs: number }[] = []
  let atomic: AtomicStep | undefined
  let current = 0
  try {
    atomic = await run.session.atomic(run.options, actionsOf(steps)).catch((error) => notCommitted(run, error))
    await performBatch(atomic).catch((error) => notCommitted(run, error))
    throwIfInterrupted(run.context)
    // One reading for all: a pause between two would set the later one's time before the earlier one's.
    const nowMs = clock.monotonicMs()
    const changes = steps.map((step, index) => batchedChange(run, step, nowMs, ended[index]))
    await commitRecorded(run, atomic, changes)
  } catch (cause) {
    await atomic?.abort()
    throw asStepFailure(steps[current], cause)
  }
  for (const [index, step] of steps.entries()) succeeded(run, step, index, ended[index]?.durationMs ?? 0)
  return ended.map(({ durationMs }) => durationMs)

  async function performBatch(within: AtomicStep): Promise<void> {
    const ahead = sendAhead(run, steps, (step) =>
      firstFailureOf([...actionsOf([step]).map((action) => within.perform(action)), within.endOfStep()]),
    )
    for (const [index, step] of steps.entries()) {
      current = index
      const started = clock.monotonicMs()
      await watchStep(run, step, index, async () => {
        if (isPlain(run, step)) return ahead.answerOf(index)
        await performStep(run, step, within)
        await within.endOfStep()
      })
      ended.push({ durationMs: clock.monotonicMs() - started, atMs: clock.monotonicMs() })
    }
  }
}

function batchedChange(
  run: Run,
  step: ReadyStep,
  nowMs: number,
  ended?: { durationMs: number; atMs: number },
): HistoryChange {
  if (step.direction === 'down' || !step.migration) return { kind: 'reverted', id: step.id }
  return { kind: 'applied', entry: entryOf(run, step, ended?.durationMs), agoMs: nowMs - (ended?.atMs ?? nowMs) }
}

/** The entry that a step up leaves in the history. */
export function entryOf(run: Run, step: ReadyStep, durationMs: number | undefined): NewEntry {
  const { migration } = step
  if (!migration) throw new Error(`step ${step.id} has nothing to run`)
  const { id, format, checksum, downChecksum, importsChecksum, description, transactional, irreversible, sources } =
    migration
  return {
    ...{ id, format, checksum, downChecksum, importsChecksum, description, transactional, irreversible, sources },
    durationMs: durationMs === undefined ? undefined : Math.round(durationMs),
    batch: run.batch,
    operator: run.operator,
    toolVersion: run.context.toolVersion,
    runId: run.context.runId,
  }
}

export function succeeded(run: Run, step: ReadyStep, index: number, durationMs: number): number {
  const applied = step.direction === 'up'
  if (applied) run.recorded.add(step.id)
  const dropped = step.by === 'record'
  emit(run.context, {
    kind: dropped ? 'record-dropped' : applied ? 'step-applied' : 'step-reverted',
    level: dropped ? 'warn' : 'info',
    message: dropped
      ? `The record of ${step.id} was dropped; NOTHING WAS RUN, its schema changes stay`
      : applied
        ? 'Migration applied successfully'
        : 'Migration rolled back successfully',
    version: step.id,
    direction: step.direction,
    checksum: checksumOf(step),
    durationMs,
    index: index + 1,
    total: run.total,
    reason: run.options.reason,
  })
  tellKeptData(run, step)
  return durationMs
}

/** Tells the logs of a step that failed for good. */
export function tellFailure(run: Run, step: ReadyStep, index: number, error: MigratorError): void {
  emit(run.context, {
    kind: 'step-failed',
    level: 'error',
    message: failureMessage(error),
    version: step.id,
    direction: step.direction,
    checksum: checksumOf(step),
    index: index + 1,
    total: run.total,
    error: reportError(error),
    reason: run.options.reason,
  })
}

function failureMessage({ details }: MigratorError): string {
  if (details.outcome === 'unknown') return 'The outcome of the migration is unknown'
  return details.dirty ? 'Migration failed and is dirty' : 'Migration failed and was rolled back'
}

/** The failure with the step's id. */
export function asStepFailure(step: Pick<ReadyStep, 'id' | 'direction'> | undefined, cause: unknown): MigratorError {
  const known = cause instanceof MigratorError ? cause : undefined
  const code = known?.code ?? 'MIGRATION_FAILED'
  const message = known?.message ?? reportError(cause).message
  const final = step?.direction === 'down' && code === 'MIGRATION_FAILED' ? 'ROLLBACK_FAILED' : code
  const own = known && final === code ? { hint: known.hint } : {}
  return new MigratorError(final, message, {
    cause,
    ...own,
    details: { ...known?.details, id: step?.id, direction: step?.direction },
  })
}

async function performStep(run: Run, step: ReadyStep, within: AtomicStep): Promise<void> {
  const { migration, direction } = step
  if (!migration) return
  refuseWithoutDown(step)
  if (direction === 'down' && step.data) {
    return preserving(run, step, undefined, (keep) => perform(run, step, within, migration.down, keep))
  }
  if (direction === 'down') return perform(run, step, within, migration.down)
  await guarded('VALIDATION_FAILED', migration.id, () => perform(run, step, within, migration.validate))
  const putBack = await returning(run, step, undefined, (note) => perform(run, step, within, migration.up, note))
  await putBack()
  await guarded('VERIFICATION_FAILED', migration.id, () => perform(run, step, within, migration.verify))
}

/** Its record would vanish, and what it did would stay. */
export function refuseWithoutDown({ id, direction, migration }: ReadyStep): void {
  if (direction === 'up' || !migration || migration.down) return
  throw new MigratorError('MIGRATION_IRREVERSIBLE', irreversible(id, migration.irreversible).message)
}

function changeAfter(run: Run, step: ReadyStep, started: number): HistoryChange {
  if (step.direction === 'down' || !step.migration) return { kind: 'reverted', id: step.id }
  return { kind: 'applied', entry: entryOf(run, step, run.context.clock.monotonicMs() - started) }
}

/** A guard that throws is no fault of the step: it gets its own code. */
export async function guarded(
  code: 'VALIDATION_FAILED' | 'VERIFICATION_FAILED',
  id: string,
  check: () => Promise<void>,
): Promise<void> {
  try {
    await check()
  } catch (cause) {
    if (!(cause instanceof MigratorError) || cause.code !== 'MIGRATION_FAILED') throw cause
    const what = code === 'VALIDATION_FAILED' ? 'validate() stopped it' : 'verify() rejected it'
    throw new MigratorError(code, `Migration ${id}: ${what}: ${cause.message}`, { cause, details: cause.details })
  }
}

async function perform(
  run: Run,
  step: ReadyStep,
  within: AtomicStep,
  action: Action | undefined,
  keep?: NonNullable<StatementWatch['beforeStatement']>,
): Promise<void> {
  if (!action) return
  const { id } = step
  throwIfInterrupted(run.context)
  const watch: StatementWatch = {
    beforeScript: refuseWhenInterrupted,
    signal: run.context.signal,
    progress: reportProgress(run, step),
    statementBegins: (place) => {
      run.statement = place
    },
    ...(action.kind === 'module' || keep ? { beforeStatement } : {}),
  }
  await within.perform(action, watch)

  function refuseWhenInterrupted(): void {
    if (run.context.signal.aborted)
      throw new MigratorError('INTERRUPTED', 'Interrupted. No step is left half done.', { details: { id } })
  }

  async function beforeStatement(sql: string, parameters?: readonly unknown[]): Promise<'run' | 'skip'> {
    refuseWhenInterrupted()
    return keep ? keep(sql, parameters) : 'run'
  }
}
