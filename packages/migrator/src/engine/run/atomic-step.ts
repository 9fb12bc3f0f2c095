import { failureKindOf } from '../../core/failure-kind.ts'
import type { HistoryChange, NewEntry } from '../../core/history.ts'
import type { Action } from '../../core/migration.ts'
import { irreversible } from '../../core/plan.ts'
import { MigratorError } from '../../errors.ts'
import type { Session, StatementWatch } from '../../ports/session.ts'
import { preserving, puttingBack, tellKeptData } from '../loss/keep.ts'
import { firstFailureOf, isPlain, recordsAtOnce, sendAhead } from './ahead.ts'
import { emit, reportError, throwIfInterrupted } from './context.ts'
import { confirmation } from './lock-held.ts'
import { committed, isConnectionLost, lostWhile } from './outcome.ts'
import type { ReadyStep } from './prepare.ts'
import { checksumOf, reportProgress, watchStep } from './progress.ts'
import type { Run } from './steps.ts'

/**
 * One step in a transaction of its own, its history record in the same transaction. After success both are committed; after
 * a failure neither is, or the error says that it could not be determined. Resolves with the duration in ms.
 */
export async function runTransactional(run: Run, step: ReadyStep, index: number): Promise<number> {
  const started = run.context.clock.monotonicMs()
  try {
    if (isPlain(run, step)) await committed(run, changeOf(run, step), sendStep(run, step))
    else await runThenCommit(run, step, started)
  } catch (cause) {
    await run.session.abort()
    throw asStepFailure(run, step, cause)
  }
  return succeeded(run, step, index, run.context.clock.monotonicMs() - started)
}

/** BEGIN and the step, then, when it has succeeded, its record and COMMIT. */
async function runThenCommit(run: Run, step: ReadyStep, started: number): Promise<void> {
  await Promise.all([run.session.begin(run.options), performStep(run, step)]).catch(notYetCommitted)
  const change = changeAfter(run, step, started)
  await recordBefore(run, [change])
  await committed(run, change, recordAndCommit(run, change))
  await recordAfterStep(run, [change])
}

/** Everything of a plain step in one go: after a failure the server refuses the rest. */
async function sendStep(run: Run, step: ReadyStep): Promise<void> {
  const action = actionOf(step)
  const change = changeOf(run, step)
  await firstFailureOf([
    run.session.begin(run.options),
    action ? run.session.perform(action, { within: 'transaction' }) : Promise.resolve(),
    recordAndCommit(run, change),
  ])
}

/** No COMMIT was on its way yet. */
function notYetCommitted(error: unknown): never {
  throw isConnectionLost(error) ? lostWhile('not-committed', error) : error
}

function actionOf({ migration, direction }: ReadyStep): Action | undefined {
  return direction === 'up' ? migration?.up : migration?.down
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
  let current = 0
  try {
    await performBatch().catch(notYetCommitted)
    throwIfInterrupted(run.context)
    // One reading for all: a pause between two would set the later one's time before the earlier one's.
    const nowMs = clock.monotonicMs()
    await commitBatch(
      run,
      steps.map((step, index) => batchedChange(run, step, nowMs, ended[index])),
    )
  } catch (cause) {
    await run.session.abort()
    throw asStepFailure(run, steps[current], cause)
  }
  for (const [index, step] of steps.entries()) succeeded(run, step, index, ended[index]?.durationMs ?? 0)
  return ended.map(({ durationMs }) => durationMs)

  async function performBatch(): Promise<void> {
    await run.session.begin(run.options)
    const deferrable = steps.length > 1 && (await mayDefer(run, steps))
    const ahead = sendAhead(run, steps, (step) =>
      firstFailureOf([
        run.session.perform(actionOf(step) as Action, { within: 'transaction' }),
        tidyUp(run, deferrable),
      ]),
    )
    for (const [index, step] of steps.entries()) {
      current = index
      const started = clock.monotonicMs()
      await watchStep(run, step, index, async () => {
        if (isPlain(run, step)) return ahead.answerOf(index)
        await performStep(run, step)
        await tidyUp(run, deferrable)
      })
      ended.push({ durationMs: clock.monotonicMs() - started, atMs: clock.monotonicMs() })
    }
  }
}

/** Between two steps of a batch: the transaction is still ours, nothing is deferred, and the session is as it was. */
function tidyUp(run: Run, deferrable: boolean): Promise<void> {
  return run.session.together(() => [
    run.session.guard(undefined),
    ...(deferrable ? [run.session.checkConstraints()] : []),
    run.session.freshen(run.options, 'step'),
  ])
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

async function commitBatch(run: Run, changes: readonly HistoryChange[]): Promise<void> {
  const last = changes.at(-1)
  if (!last) return
  await recordBefore(run, changes)
  const sent = run.session.together(() => [
    ...(recordsAtOnce(run.context) ? recordConfirmed(run, changes) : []),
    run.session.guard(run.lock),
    run.session.commit(),
  ])
  await committed(run, last, sent)
  await recordAfterStep(run, changes)
}

/** Only where a constraint can wait until COMMIT does its violation have to be looked for after each step. */
async function mayDefer(run: Run, steps: readonly ReadyStep[]): Promise<boolean> {
  const named = steps.some(
    ({ migration }) => migration?.sources.some(({ content }) => /deferr/i.test(content)) ?? false,
  )
  return named || run.context.database.catalog.hasDeferrable(run.session)
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
      ? `The record of ${step.id} was dropped; NOTHING WAS RUN, its changes stay in the schema`
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
export function asStepFailure(run: Run, step: ReadyStep | undefined, cause: unknown): MigratorError {
  const swallowed = swallowedIn(run.session, step, cause)
  const known = swallowed ?? (cause instanceof MigratorError ? cause : undefined)
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

/** What to tell of a failed step: the error that a module caught rather than the one that followed from it. */
export function rootCauseOf(session: Session, step: ReadyStep, cause: unknown): unknown {
  return swallowedIn(session, step, cause) ?? cause
}

/** After an error that a module caught, the server refuses everything until the transaction ends. */
function swallowedIn(session: Session, step: ReadyStep | undefined, cause: unknown): MigratorError | undefined {
  if (failureKindOf(cause) !== 'doomed') return undefined
  const first = reportError(session.firstFailure).message
  const message = `Migration ${step?.id} caught an error of the database and went on, but its transaction was lost by it: ${first}`
  return new MigratorError('SWALLOWED_ERROR', message, { cause: session.firstFailure })
}

async function performStep(run: Run, step: ReadyStep): Promise<void> {
  const { migration, direction } = step
  if (!migration) return
  refuseWithoutDown(step)
  if (direction === 'down' && step.data) {
    return preserving(run, step, 'transaction', (keep) => perform(run, step, migration.down, keep))
  }
  if (direction === 'down') return perform(run, step, migration.down)
  await guarded('VALIDATION_FAILED', migration.id, () => perform(run, step, migration.validate))
  await perform(run, step, migration.up)
  await puttingBack(run, step)
  await guarded('VERIFICATION_FAILED', migration.id, () => perform(run, step, migration.verify))
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
    const what = code === 'VALIDATION_FAILED' ? 'validate() stopped it' : 'verify() found it wrong'
    throw new MigratorError(code, `Migration ${id}: ${what}: ${cause.message}`, { cause, details: cause.details })
  }
}

async function perform(
  run: Run,
  step: ReadyStep,
  action: Action | undefined,
  keep?: NonNullable<StatementWatch['beforeStatement']>,
): Promise<void> {
  if (!action) return
  const { id } = step
  throwIfInterrupted(run.context)
  const watch: StatementWatch = {
    within: 'transaction',
    beforeScript: refuseWhenInterrupted,
    progress: reportProgress(run, step),
    ...(action.kind === 'module' || keep ? { beforeStatement } : {}),
  }
  await run.session.perform(action, watch)

  function refuseWhenInterrupted(): void {
    if (run.context.signal.aborted)
      throw new MigratorError('INTERRUPTED', 'Interrupted. No step is left half done.', { details: { id } })
  }

  async function beforeStatement(sql: string): Promise<'run' | 'skip'> {
    refuseWhenInterrupted()
    return keep ? keep(sql) : 'run'
  }
}

/**
 * Ends a step's own transaction, with its record where the store lives in it. What the step left in the session is removed
 * first, in a message of its own: the server reads a message in the client_encoding that is set when it arrives.
 */
function recordAndCommit(run: Run, change: HistoryChange): Promise<void> {
  return firstFailureOf([
    run.session.freshen(run.options, 'commit'),
    run.session.together(() => [
      ...(recordsAtOnce(run.context) ? recordConfirmed(run, [change]) : []),
      run.session.guard(run.lock),
      run.session.commit(),
    ]),
  ])
}

/** In the step's transaction, but before the message that commits it: how long the store takes, and what it sends, is its own. */
async function recordBefore(run: Run, changes: readonly HistoryChange[]): Promise<void> {
  const { store } = run.context
  if (!store.commitsWithStep || recordsAtOnce(run.context)) return
  try {
    await run.session.freshen(run.options, 'commit')
    await run.session.guard(run.lock)
    await store.record(run.session, ...changes)
    await Promise.all(confirmation(run, run.session, changes))
  } catch (error) {
    notYetCommitted(error)
  }
}

function recordConfirmed(run: Run, changes: readonly HistoryChange[]): readonly Promise<void>[] {
  return [run.context.store.record(run.session, ...changes), ...confirmation(run, run.session, changes)]
}

async function recordAfterStep(run: Run, changes: readonly HistoryChange[]): Promise<void> {
  if (run.context.store.commitsWithStep) return
  await run.context.store.record(run.session, ...changes)
}
