import { isNamedIn } from '../../core/catalog-identity.ts'
import { failureKindOf } from '../../core/failure-kind.ts'
import type { CatalogDigest, HistoryEntry, Progress } from '../../core/history.ts'
import type { Action } from '../../core/migration.ts'
import { describeDifferences, diffDigests } from '../../core/schema-diff.ts'
import { sentence } from '../../core/sentence.ts'
import { MigratorError } from '../../errors.ts'
import type { Session } from '../../ports/session.ts'
import { commitRecorded, recordOf } from './atomic-step.ts'
import { type Context, emit, reportError } from './context.ts'
import { prepareSteps } from './prepare.ts'
import { describe } from './progress.ts'
import { decideStatement, type RecoveryConstraints } from './recovery-constraints.ts'
import { retrying } from './retrying.ts'
import type { ReadyStep, Run } from './types.ts'

/**
 * Recovers one dirty migration: `down`, then its record is removed. What the `down` of a half-done `up` may touch is
 * decided by what is there: an object that stood before the `up` began is never dropped, one that is not there is
 * skipped; and the catalog must be, at the end, what it was before. Otherwise rejects with RECOVERY_FAILED: nothing
 * further is done, the entry stays dirty and keeps the evidence.
 */
export async function recoverEntry(run: Run, entry: HistoryEntry, file: ReadyStep['file']): Promise<void> {
  const { context } = run
  emit(context, {
    kind: 'recovery-started',
    level: 'info',
    version: entry.id,
    message: `Recovering ${entry.id}`,
    details: { progress: entry.progress },
  })
  try {
    await waitForOrphans(run, entry)
    const step = await loadRecovery(context, run.session, entry, file)
    const before = await context.store.catalogBefore(run.session, entry.id)
    const direction = entry.progress?.direction ?? 'up'
    await recoverStep(run, { ...step, direction }, { before, progress: entry.progress, outcome: 'unknown' })
  } catch (cause) {
    const error = run.lockLost ? lockLost(cause) : asRecoveryFailure(entry, cause)
    const message = cause instanceof MigratorError ? cause.message : error.message
    emit(context, { kind: 'recovery-failed', level: 'error', version: entry.id, message, error: reportError(error) })
    throw error
  }
  emit(context, {
    kind: 'recovered',
    level: 'info',
    version: entry.id,
    message: `Recovered ${entry.id}: rolled back and removed from the history`,
    reason: run.options.reason,
  })
}

/** The step of a recovery with what it runs, without running it. Rejects as the recovery would. */
export async function prepareRecovery(
  context: Context,
  on: Session,
  entry: HistoryEntry,
  file: ReadyStep['file'],
): Promise<ReadyStep> {
  return loadRecovery(context, on, entry, file).catch((cause: unknown) => {
    throw asRecoveryFailure(entry, cause)
  })
}

async function loadRecovery(
  context: Context,
  on: Session,
  entry: HistoryEntry,
  file: ReadyStep['file'],
): Promise<ReadyStep> {
  const [step] = await prepareSteps(context, on, [{ id: entry.id, direction: 'down', by: 'recovery', file, entry }])
  if (!step?.migration?.down) throw withoutDown()
  return step
}

function withoutDown(): MigratorError {
  return new MigratorError('RECOVERY_FAILED', 'No down migration found for dirty migration')
}

export interface DirtyEvidence {
  /** The catalog as it was before the step began; unknown when the entry was not written by us. */
  readonly before: CatalogDigest | undefined
  readonly progress: Progress | undefined
  /** `failed`: the statement in flight is known to have failed. `unknown`: the process was gone. */
  readonly outcome: 'failed' | 'unknown'
}

/** Takes a half-done step back and settles its record. `step.direction` is the direction that was under way. */
export async function recoverStep(run: Run, step: ReadyStep, evidence: DirtyEvidence): Promise<void> {
  await run.session.outside(run.options)
  const present = await run.context.database.catalog.digest(run.session)
  if (step.direction === 'down') await finishDown(run, step, evidence, present)
  else await takeBackUp(run, step, evidence, present)
}

/** Whether the step is known to have changed nothing. */
export function nothingRan({ before, progress, outcome }: DirtyEvidence, present: CatalogDigest): boolean {
  return (
    outcome === 'failed' &&
    progress?.finished === 0 &&
    before !== undefined &&
    diffDigests(before, present).length === 0
  )
}

/** A `down` that was cut off goes on: an SQL file behind the statements that had finished, a module from its beginning. */
async function finishDown(
  run: Run,
  step: ReadyStep,
  { progress }: DirtyEvidence,
  present: CatalogDigest,
): Promise<void> {
  const unchanged = step.migration?.format === 'sql' && step.migration.downChecksum === step.entry?.downChecksum
  const skip = unchanged ? (progress?.finished ?? 0) : 0
  await runDown(run, step, { present, foreign: undefined, proven: true, skip, opaque: 'allowed' }, async () => {})
}

async function takeBackUp(run: Run, step: ReadyStep, evidence: DirtyEvidence, present: CatalogDigest): Promise<void> {
  if (nothingRan(evidence, present)) return recordReverted(run, step)
  const { before } = evidence
  const constraints: RecoveryConstraints = {
    present,
    foreign: before,
    proven: before !== undefined,
    skip: 0,
    opaque: 'allowed',
  }
  await runDown(run, step, constraints, async () => {
    if (before) await refuseDifferences(run, step, before)
  })
}

/**
 * Runs the `down` and removes the record, in one transaction wherever its statements allow it: what it did is compared with
 * what is on record before anything is committed. What must not stand in a transaction (CONCURRENTLY …) is run statement by
 * statement.
 */
async function runDown(
  run: Run,
  step: ReadyStep,
  constraints: RecoveryConstraints,
  check: () => Promise<void>,
): Promise<void> {
  const down = step.migration?.down
  if (!down) throw withoutDown()
  if (run.context.database.capabilities.atomic !== 'schema-and-data')
    return downOutside(run, step, down, { ...constraints, opaque: 'refused' }, check)
  try {
    await retrying(run, step, () => downInTransaction(run, step, down, { ...constraints }, check))
  } catch (error) {
    if (!(error instanceof MigratorError) || !needsNoTransaction(error)) throw error
    await downOutside(run, step, down, { ...constraints, opaque: 'refused' }, check)
  }
}

function recordReverted(run: Run, { id }: ReadyStep): Promise<void> {
  return run.session.record(recordOf(run, [{ kind: 'reverted', id }]))
}

/** The database refuses it in a transaction; or the down controls transactions itself. */
function needsNoTransaction(error: MigratorError): boolean {
  return failureKindOf(error) === 'needs-no-transaction' || error.code === 'TRANSACTION_CONTROL'
}

async function downInTransaction(
  run: Run,
  step: ReadyStep,
  down: Action,
  constraints: RecoveryConstraints,
  check: () => Promise<void>,
): Promise<void> {
  const atomic = await run.session.atomic(run.options, [down])
  try {
    await atomic.perform(down, { beforeStatement: (sql) => decideStatement(run, step, constraints, sql) })
    await atomic.endOfStep()
    await check()
    await commitRecorded(run, atomic, [{ kind: 'reverted', id: step.id }])
  } catch (error) {
    await atomic.abort()
    throw error
  }
}

async function downOutside(
  run: Run,
  step: ReadyStep,
  down: Action,
  constraints: RecoveryConstraints,
  check: () => Promise<void>,
): Promise<void> {
  const outside = await run.session.outside(run.options)
  await outside.perform(down, { beforeStatement: (sql) => decideStatement(run, step, constraints, sql) })
  await check()
  await recordReverted(run, step)
}

/** What the migration does not even name was changed by others meanwhile, and is theirs. */
async function refuseDifferences(run: Run, { id, migration }: ReadyStep, before: CatalogDigest): Promise<void> {
  const after = await run.context.database.catalog.digest(run.session)
  const text = migration?.sources.map(({ content }) => content).join('\n') ?? ''
  const differences = diffDigests(before, after).filter(({ object }) => isNamedIn(object, text))
  if (differences.length === 0) return
  const message = `After the down of ${id} the schema differs from before its up: ${describeDifferences(differences)}`
  throw new MigratorError('RECOVERY_FAILED', message, { details: { differences } })
}

const ORPHAN_PAUSE_MS = 250

/** A process that was killed may have left a statement that the server still works on. */
async function waitForOrphans(run: Run, { id, progress }: HistoryEntry): Promise<void> {
  if (!progress) return
  const { clock, database, signal } = run.context
  const { activity } = database
  if (!activity) return
  const deadline = clock.monotonicMs() + run.options.lockWaitMs
  for (;;) {
    const orphans = await activity.endOrphansOf(run.session, progress.applicationName)
    if (orphans.length === 0) return
    if (clock.monotonicMs() >= deadline) {
      const message = `The server is still working on ${id}: ${orphans.map(describe).join(', ')}.`
      const ending = orphans.map((orphan) => activity.endingOf(orphan)).join('; ')
      const hint = `Wait for it, or end it with ${ending}; then run the command again.`
      throw new MigratorError('RECOVERY_FAILED', message, { hint, details: { orphans } })
    }
    await clock.sleep(ORPHAN_PAUSE_MS, signal)
  }
}

function lockLost(cause: unknown): MigratorError {
  const message = 'The connection that holds the run lock was lost during a recovery; the migration is still dirty.'
  return new MigratorError('LOCK_LOST', message, { cause })
}

function asRecoveryFailure({ id, progress }: HistoryEntry, cause: unknown): MigratorError {
  const error = cause instanceof MigratorError ? cause : undefined
  if (
    error?.code === 'LOCK_LOST' ||
    error?.code === 'HISTORY_NOT_WRITTEN' ||
    error?.code === 'CONNECTION_LOST' ||
    error?.code === 'INTERRUPTED' ||
    error?.code.startsWith('ARCHIVE_')
  )
    return error
  const stopped = progress?.statement ? ` It had stopped at: ${progress.statement.split('\n')[0]}` : ''
  const why = error?.message ?? reportError(cause).message
  const own = error?.code === 'RECOVERY_FAILED' ? { hint: error.hint } : {}
  return new MigratorError(
    'RECOVERY_FAILED',
    `Migration ${id} is dirty and was not recovered: ${sentence(why)}${stopped}`,
    {
      cause,
      ...own,
      details: { ...error?.details, id, progress },
    },
  )
}
