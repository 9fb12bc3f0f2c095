import { excerptOf } from '../../core/excerpt.ts'
import type { CatalogDigest, HistoryChange, Progress } from '../../core/history.ts'
import { sentence, withoutStop } from '../../core/sentence.ts'
import { MigratorError } from '../../errors.ts'
import type { ScriptStatement } from '../../ports/script-language.ts'
import type { OutsideStep, StatementWatch } from '../../ports/step.ts'
import { allOrNothing, ownerOf, preserving, returning } from '../loss/keep.ts'
import { asStepFailure, entryOf, guarded, recordBehind, recordOf, refuseWithoutDown, succeeded } from './atomic-step.ts'
import { interrupted } from './context.ts'
import { onRecords, refuseWithoutLock } from './lock-held.ts'
import { entryNow, isConnectionLost, isNotWritten, lostWhile } from './outcome.ts'
import { reportProgress } from './progress.ts'
import { type DirtyEvidence, nothingRan, recoverStep } from './recover.ts'
import type { ReadyStep, Run } from './types.ts'

/**
 * One step outside a transaction: recorded dirty in a commit of its own, together with the catalog as it is before;
 * run statement by statement; then the record is cleared. After a failure the step is rolled back at once, by looking
 * at what is there; where that does not succeed, the entry stays dirty and `details.dirty` is true.
 */
export async function runOutside(run: Run, step: ReadyStep, index: number): Promise<number> {
  const { clock, database } = run.context
  refuseWithoutDown(step)
  const started = clock.monotonicMs()
  const outside = await run.session.outside(run.options)
  const before = await database.catalog.digest(run.session)
  const invalidBefore = await invalidNow(run)
  const tracker = trackStatements(run, step)
  try {
    await guarded('VALIDATION_FAILED', step.id, async () => {
      if (step.direction === 'up' && step.migration?.validate) await outside.perform(step.migration.validate)
    })
    const entry = entryOf(run, step, undefined)
    const began = { kind: 'began', entry, progress: tracker.progress(), before } as const
    await run.session.record(recordOf(run, [began]))
  } catch (cause) {
    if (run.session.isLost) throw await lostOutside(run, step, cause)
    throw asStepFailure(step, cause)
  }
  try {
    const putBack = await performStep(run, step, outside, tracker.watch)
    await refuseInvalidIndexes(run, step, invalidBefore, tracker.created)
    await guarded('VERIFICATION_FAILED', step.id, async () => {
      if (step.direction === 'up' && step.migration?.verify) await outside.perform(step.migration.verify)
    })
    await refuseWithoutLock(run)
    await recordSettled(run, step, { outside, putBack, durationMs: clock.monotonicMs() - started })
  } catch (cause) {
    if (isNotWritten(cause)) throw asStepFailure(step, cause)
    const failure = run.session.isLost
      ? await lostOutside(run, step, cause)
      : await undo(run, step, cause, before, tracker.progress())
    if (failure) throw failure
  }
  return succeeded(run, step, index, clock.monotonicMs() - started)
}

/** Resolves with what restores the data kept for it. */
async function performStep(
  run: Run,
  step: ReadyStep,
  outside: OutsideStep,
  watch: Partial<StatementWatch>,
): Promise<() => Promise<void>> {
  const action = step.migration?.[step.direction]
  const perform = async (note?: NonNullable<StatementWatch['beforeStatement']>) => {
    if (action) await outside.perform(action, note ? withKeeping(watch, note) : watch)
  }
  if (step.direction === 'up') return returning(run, step, outside, perform)
  if (step.data && action) await preserving(run, step, outside, perform)
  else await perform()
  return async () => {}
}

/** What is put back comes last, and commits with the record: the `down` that takes a failed step back would destroy it. */
async function recordSettled(
  run: Run,
  step: ReadyStep,
  { outside, putBack, durationMs }: { outside: OutsideStep; putBack: () => Promise<void>; durationMs: number },
): Promise<void> {
  const change = settled(step, durationMs)
  const { store } = run.context
  const record = () =>
    store.commitsWithStep ? run.session.record(recordOf(run, [change])) : recordBehind(run, [change])
  if (step.direction === 'down' || !step.data) return record()
  await allOrNothing(outside, async () => {
    await putBack()
    await record()
  })
}

/** What a statement destroys is kept after it is on record that the statement is about to run. */
function withKeeping(
  watch: Partial<StatementWatch>,
  keep: NonNullable<StatementWatch['beforeStatement']>,
): Partial<StatementWatch> {
  return {
    ...watch,
    async beforeStatement(sql, parameters) {
      await watch.beforeStatement?.(sql, parameters)
      return keep(sql, parameters)
    },
  }
}

function settled({ id, direction }: ReadyStep, durationMs: number): HistoryChange {
  return direction === 'up' ? { kind: 'settled', id, durationMs: Math.round(durationMs) } : { kind: 'reverted', id }
}

/** Keeps the history told how far the step has come, before each statement. */
function trackStatements(
  run: Run,
  { id, direction }: ReadyStep,
): { watch: Partial<StatementWatch>; progress(): Progress; readonly created: ReadonlySet<string> } {
  const created = new Set<string>()
  const committed = countCommitted()
  let statement: string | undefined
  let reading: readonly ScriptStatement[] = []
  const progress = (): Progress => ({
    direction,
    applicationName: run.context.database.applicationName,
    finished: committed.count,
    statement,
  })
  return {
    progress,
    created,
    watch: {
      progress: reportProgress(run, { id, direction }),
      statementBegins: (place) => {
        run.statement = place
      },
      async beforeStatement(sql) {
        refuseHarm(run, id, sql)
        await refuseWithoutLock(run)
        reading = (await run.context.database.script?.statements(sql)) ?? []
        for (const name of reading.flatMap(({ createsIndexes }) => createsIndexes)) created.add(name)
        statement = excerptOf(told(run, sql), 500)
        await tellProgress(run, id, progress())
        return 'run'
      },
      async afterStatement() {
        committed.add(reading)
        statement = undefined
      },
    },
  }
}

/** In a transaction the history is looked at before COMMIT; here what is lost stays lost. */
function refuseHarm(run: Run, id: string, sql: string): void {
  if (!run.context.store.mayBeHarmedBy?.(sql)) return
  const message = `${id}: ${excerptOf(told(run, sql), 80)} would change the migrator's own history outside a transaction, where it cannot be undone. It was not sent.`
  throw new MigratorError('HISTORY_CHANGED', message, {
    hint: 'Remove it from the migration; use db:repair or db:baseline to correct the history.',
  })
}

function told({ context }: Run, sql: string): string {
  return (context.database.script?.withoutValues(sql) ?? sql).trim()
}

/** Statements of a transaction that the step began count from its COMMIT on: until then all of them can be lost. */
function countCommitted(): { readonly count: number; add(statements: readonly ScriptStatement[]): void } {
  let [count, pending, open] = [0, 0, false]
  return {
    get count() {
      return count
    },
    add(statements) {
      const last = statements.findLast(({ transaction }) => transaction !== 'as-before')
      if (last) open = last.transaction === 'open'
      pending++
      if (!open) [count, pending] = [count + pending, 0]
    },
  }
}

/** On a session of its own: the step may have taken another role, or opened a transaction. */
async function tellProgress(run: Run, id: string, progress: Progress): Promise<void> {
  await onRecords(run, (on) => on.record(recordOf(run, [{ kind: 'progressed', id, progress }])))
}

/** CONCURRENTLY leaves an invalid index when it fails; IF NOT EXISTS then keeps it and reports success. */
async function refuseInvalidIndexes(
  run: Run,
  step: ReadyStep,
  before: readonly string[],
  created: ReadonlySet<string>,
): Promise<void> {
  if (step.direction === 'down') return
  const invalid = (await run.context.database.catalog.invalidIndexes?.(run.session)) ?? []
  const ours = invalid.filter((name) => !before.includes(name) || created.has(bareName(name)))
  if (ours.length === 0) return
  const message = `${step.id} left the index ${ours.join(', ')} INVALID: the server does not use it.`
  throw new MigratorError('INVALID_INDEX', message, { details: { invalidIndexes: ours } })
}

function bareName(qualified: string): string {
  const name = /(?:^|\.)("(?:[^"]|"")*"|[^".]+)$/.exec(qualified)?.[1] ?? qualified
  return name.replace(/^"|"$/g, '').replaceAll('""', '"')
}

/**
 * The step's connection is lost: the server ends what it has under way, and its history tells how far the step came. Undefined
 * when it had already been completed; otherwise it is left for the next run, which looks at what is there.
 */
async function lostOutside(run: Run, step: ReadyStep, cause: unknown): Promise<MigratorError | undefined> {
  const error = isConnectionLost(cause) ? cause : new MigratorError('CONNECTION_LOST', String(cause), { cause })
  const entry = await entryNow(run, step.id)
  if (entry === 'unknown') return asStepFailure(step, lostWhile('unknown', error))
  if (entry?.dirty) return asStepFailure(step, asDirty(step, error, 'the next run recovers it'))
  const done = (entry !== undefined) === (step.direction === 'up')
  return done ? undefined : asStepFailure(step, lostWhile('not-committed', error))
}

/** Takes a failed step back where that is safe; says in the error what is left where it is not. */
async function undo(
  run: Run,
  step: ReadyStep,
  cause: unknown,
  before: CatalogDigest,
  progress: Progress,
): Promise<MigratorError> {
  const error = cause instanceof MigratorError ? cause : undefined
  const broken = error?.code === 'LOCK_LOST' || error?.code === 'CONNECTION_LOST' || run.lockLost
  if (broken) return asStepFailure(step, asDirty(step, cause, 'the next run recovers it'))
  // A session that was lost meanwhile shows below, where the step is rolled back.
  await run.session.outside(run.options).catch(() => undefined)
  const evidence: DirtyEvidence = { before, progress, outcome: 'failed' }
  if (step.direction === 'down') return asStepFailure(step, await undoDown(run, step, cause, evidence))
  const invalid = await invalidNow(run)
  try {
    await recoverStep(run, step, evidence)
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure)
    const left = invalid.length > 0 ? ` Invalid indexes were left: ${invalid.join(', ')}.` : ''
    return asStepFailure(step, asDirty(step, cause, `it could not be rolled back: ${withoutStop(why)}`, left))
  }
  const remaining = new Set(await invalidNow(run))
  const told = invalid.map((name) =>
    remaining.has(name)
      ? ` The index ${name} is INVALID.`
      : ` It had left the index ${name} INVALID; that was removed.`,
  )
  const taken = new MigratorError(
    error?.code ?? 'MIGRATION_FAILED',
    `${sentence(error?.message ?? String(cause))}${told.join('')}`,
    {
      cause,
      ...(error ? { hint: error.hint } : {}),
      details: { ...error?.details, ...(invalid.length > 0 ? { invalidIndexes: invalid } : {}) },
    },
  )
  return asStepFailure(step, run.context.signal.aborted ? interrupted() : taken)
}

/** A down that fails stops there: nothing further is automated, unless nothing of it had run. */
async function undoDown(run: Run, step: ReadyStep, cause: unknown, evidence: DirtyEvidence): Promise<unknown> {
  const { catalog } = run.context.database
  await run.session.outside(run.options)
  if (!nothingRan(evidence, await catalog.digest(run.session))) {
    return asDirty(step, cause, 'its down stopped partway; nothing further was done')
  }
  if (step.data) await run.context.database.keptData?.discard(run.session, ownerOf(run, step))
  await run.session.record(recordOf(run, [{ kind: 'settled', id: step.id, durationMs: undefined }]))
  return cause
}

async function invalidNow(run: Run): Promise<readonly string[]> {
  // What can no longer be read cannot be named; the failure itself is reported in any case.
  const invalid = run.context.database.catalog.invalidIndexes?.(run.session)
  return (await invalid?.catch(() => [])) ?? []
}

function asDirty({ id }: ReadyStep, cause: unknown, why: string, left = ''): MigratorError {
  const error = cause instanceof MigratorError ? cause : undefined
  const message = `${sentence(error?.message ?? String(cause))}${left} Migration ${id} is dirty: ${why}.`
  return new MigratorError(error?.code ?? 'MIGRATION_FAILED', message, {
    cause,
    hint: `Inspect the database, then run db:migrate (which recovers it), or db:repair clear-dirty ${id} --as applied|pending.`,
    details: { ...error?.details, dirty: true },
  })
}
