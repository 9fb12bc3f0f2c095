import type { HistoryChange, NewEntry } from '../core/history.ts'
import type { Action } from '../core/migration.ts'
import { MigratorError } from '../errors.ts'
import type { Session, StatementWatch } from '../ports.ts'
import { mayBeForbidden } from '../sql/forbidden.ts'
import { emit, reportError, throwIfInterrupted } from './context.ts'
import type { ReadyStep } from './prepare.ts'
import { checksumOf, watchStep } from './progress.ts'
import type { Run } from './run.ts'

/**
 * One step in a transaction of its own, its history record in the same transaction. After success both are committed;
 * after a failure neither is. Resolves with the duration in ms.
 */
export async function runTransactional(run: Run, step: ReadyStep, index: number): Promise<number> {
  const started = run.context.clock.monotonicMs()
  try {
    if (isPlain(run, step)) await inOneGo(run, step)
    else await inTwoGoes(run, step, started)
  } catch (cause) {
    await run.session.abort()
    throw asStepFailure(run, step, cause)
  }
  return succeeded(run, step, index, run.context.clock.monotonicMs() - started)
}

/** BEGIN and the step, then, when it has succeeded, its record and COMMIT. */
async function inTwoGoes(run: Run, step: ReadyStep, started: number): Promise<void> {
  const begun = run.session.begin(run.options)
  const [, change] = await Promise.all([begun, performStep(run, step, started)])
  await commit(run, [change], () => [run.session.guard(run.lock), ...recordWithStep(run, step, change)])
  await recordAfterStep(run, [change])
}

/** Everything of a step that only sends a text, without waiting in between: after a failure the server refuses the rest. */
async function inOneGo(run: Run, step: ReadyStep): Promise<void> {
  throwIfInterrupted(run.context)
  const { migration, direction } = step
  const action = direction === 'up' ? migration?.up : migration?.down
  const change: HistoryChange =
    direction === 'up'
      ? { kind: 'applied', entry: entryOf(run, step, undefined), timed: 'by-transaction' }
      : { kind: 'reverted', id: step.id }
  await firstFailureOf([
    run.session.begin(run.options),
    action ? run.session.perform(action, { within: 'transaction' }) : Promise.resolve(),
    commit(run, [change], () => [run.session.guard(run.lock), ...recordWithStep(run, step, change)]),
  ])
}

function isPlain(run: Run, { migration, direction }: ReadyStep): boolean {
  const action = direction === 'up' ? migration?.up : migration?.down
  return run.context.store.commitsWithStep && action?.kind === 'sql' && !mayBeForbidden(action.sql)
}

/** Waits for all that was sent; rejects with the failure that came first in the order of sending. */
async function firstFailureOf(sent: readonly Promise<void>[]): Promise<void> {
  const failure = (await Promise.allSettled(sent)).find((result) => result.status === 'rejected')
  if (failure) throw failure.reason
}

/** All steps in one transaction: all or nothing. Resolves with the durations in ms. */
export async function runBatch(run: Run, steps: readonly ReadyStep[]): Promise<readonly number[]> {
  const changes: HistoryChange[] = []
  const durations: number[] = []
  let current = 0
  let pending: { readonly index: number; readonly failure: Promise<unknown> } | undefined
  try {
    await run.session.begin(run.options)
    const deferrable = steps.length > 1 && (await mayDefer(run, steps))
    for (const [index, step] of steps.entries()) {
      current = index
      const started = run.context.clock.monotonicMs()
      const change = await watchStep(run, step, index, () => performStep(run, step, started))
      changes.push(change)
      // Not waited for: it goes ahead of the next step, and when it fails so does everything behind it.
      const recorded = run.session.together(() => [
        ...(deferrable ? [run.session.checkConstraints()] : []),
        run.session.guard(undefined),
        ...recordWithStep(run, step, change),
      ])
      pending = {
        index,
        failure: recorded.then(
          () => undefined,
          (error: unknown) => error,
        ),
      }
      if (steps[index + 1]?.migration?.format !== 'sql') await recorded
      durations.push(run.context.clock.monotonicMs() - started)
    }
    throwIfInterrupted(run.context)
    await commit(run, changes, () => [run.session.guard(run.lock)])
    await recordAfterStep(run, changes)
  } catch (cause) {
    const earlier = await pending?.failure
    await run.session.abort()
    throw asStepFailure(run, steps[earlier && pending ? pending.index : current], earlier ?? cause)
  }
  for (const [index, step] of steps.entries()) succeeded(run, step, index, durations[index] ?? 0)
  return durations
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
  return durationMs
}

/** Tells the logs of a step that failed for good. */
export function tellFailure(run: Run, step: ReadyStep, index: number, error: MigratorError): void {
  emit(run.context, {
    kind: 'step-failed',
    level: 'error',
    message: error.details.dirty ? 'Migration failed and is dirty' : 'Migration failed and was rolled back',
    version: step.id,
    direction: step.direction,
    checksum: checksumOf(step),
    index: index + 1,
    total: run.total,
    error: reportError(error),
    reason: run.options.reason,
  })
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

/** After an error that a module caught, the server refuses everything (25P02) until the transaction ends. */
function swallowedIn(session: Session, step: ReadyStep | undefined, cause: unknown): MigratorError | undefined {
  if (!(cause instanceof MigratorError) || cause.details.sqlstate !== '25P02') return undefined
  const first = reportError(session.firstFailure).message
  const message = `Migration ${step?.id} caught an error of the database and went on, but its transaction was lost by it: ${first}`
  return new MigratorError('SWALLOWED_ERROR', message, { cause: session.firstFailure })
}

async function performStep(run: Run, step: ReadyStep, started: number): Promise<HistoryChange> {
  const { migration, direction } = step
  if (!migration) return { kind: 'reverted', id: step.id }
  if (direction === 'down') {
    await perform(run, step, migration.down)
    return { kind: 'reverted', id: step.id }
  }
  await guarded('VALIDATION_FAILED', migration.id, () => perform(run, step, migration.validate))
  await perform(run, step, migration.up)
  await guarded('VERIFICATION_FAILED', migration.id, () => perform(run, step, migration.verify))
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

async function perform(run: Run, { id }: ReadyStep, action: Action | undefined): Promise<void> {
  if (!action) return
  throwIfInterrupted(run.context)
  const watch: StatementWatch = { within: 'transaction', ...(action.kind === 'module' ? { beforeStatement } : {}) }
  await run.session.perform(action, watch)

  async function beforeStatement(): Promise<'run'> {
    if (run.context.signal.aborted)
      throw new MigratorError('INTERRUPTED', 'Interrupted. No step is left half done.', { details: { id } })
    return 'run'
  }
}

/** In the step's own transaction, where the store lives there. The role and settings of the step are undone first. */
function recordWithStep(run: Run, step: ReadyStep, change: HistoryChange): readonly Promise<void>[] {
  if (!run.context.store.commitsWithStep) return []
  const fresh = mayLeaveSettings(step) ? [run.session.freshen(run.options)] : []
  return [...fresh, run.context.store.record(run.session, change)]
}

/** Whether a step can leave a role or a setting behind. Only of an SQL text without any of these words it is known not to. */
function mayLeaveSettings({ migration, direction }: ReadyStep): boolean {
  const action = direction === 'up' ? migration?.up : migration?.down
  if (!action) return false
  return (
    action.kind === 'module' || /\b(?:set|reset|set_config|do|call|select|execute|discard|load)\b/i.test(action.sql)
  )
}

async function recordAfterStep(run: Run, changes: readonly HistoryChange[]): Promise<void> {
  if (run.context.store.commitsWithStep) return
  for (const change of changes) await run.context.store.record(run.session, change)
}

/** Commits together with what goes before it. When the connection is lost meanwhile, only the history knows what happened. */
async function commit(
  run: Run,
  changes: readonly HistoryChange[],
  before: () => readonly Promise<void>[],
): Promise<void> {
  try {
    await run.session.together(() => [...before(), run.session.commit()])
  } catch (error) {
    if (!(error instanceof MigratorError) || error.code !== 'CONNECTION_LOST') throw error
    if (!(await isRecorded(run, changes.at(-1)))) throw error
  }
}

async function isRecorded(run: Run, change: HistoryChange | undefined): Promise<boolean> {
  if (!change || !run.context.store.commitsWithStep) return false
  run.session = await run.context.database.connect({ modules: true })
  const history = await run.context.store.read(run.session)
  const id = 'entry' in change ? change.entry.id : change.id
  const present = history.some((entry) => entry.id === id)
  return change.kind === 'applied' ? present : !present
}
