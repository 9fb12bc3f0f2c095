import type { CatalogDigest, HistoryEntry, Progress } from '../core/history.ts'
import type { Migration } from '../core/migration.ts'
import { type Difference, describeDifferences, diffCatalogs, hasObject } from '../core/schema-diff.ts'
import { MigratorError } from '../errors.ts'
import type { StatementWatch } from '../ports.ts'
import { type DroppedObject, droppedBy } from '../sql/drops.ts'
import { loadParser, parseStatements } from '../sql/statements.ts'
import { emit, reportError } from './context.ts'
import { prepareSteps, type ReadyStep } from './prepare.ts'
import { describe } from './progress.ts'
import type { Run } from './run.ts'

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
    const [step] = await prepareSteps(context, run.session, [
      { id: entry.id, direction: 'down', by: file ? 'file' : 'archive', file, entry },
    ])
    if (!step) throw new Error(`no step for ${entry.id}`)
    const before = await context.store.catalogBefore(run.session, entry.id)
    const direction = entry.progress?.direction ?? 'up'
    await recoverStep(run, { ...step, direction }, { before, progress: entry.progress, outcome: 'unknown' })
  } catch (cause) {
    const error = asRecoveryFailure(entry, cause)
    const message = cause instanceof MigratorError ? cause.message : error.message
    emit(context, { kind: 'recovery-failed', level: 'error', version: entry.id, message, error: reportError(error) })
    throw error
  }
  emit(context, {
    kind: 'recovered',
    level: 'info',
    version: entry.id,
    message: `Recovered ${entry.id}: taken back, its record removed`,
    reason: run.options.reason,
  })
}

export interface Evidence {
  /** The catalog as it was before the step began; unknown when the entry was not written by us. */
  readonly before: CatalogDigest | undefined
  readonly progress: Progress | undefined
  /** `failed`: the statement in flight is known to have failed. `unknown`: the process was gone. */
  readonly outcome: 'failed' | 'unknown'
}

/** Takes a half-done step back and settles its record. `step.direction` is the direction that was under way. */
export async function recoverStep(run: Run, step: ReadyStep, evidence: Evidence): Promise<void> {
  const { database, store } = run.context
  await run.session.settle(run.options)
  const now = await database.catalog.digest(run.session)
  const untouched = evidence.before !== undefined && diffCatalogs(evidence.before, now).length === 0
  const nothingRan = untouched && evidence.outcome === 'failed' && evidence.progress?.finished === 0
  if (step.direction === 'down') {
    if (nothingRan) return store.record(run.session, { kind: 'settled', id: step.id, durationMs: undefined })
    await runDown(run, step, { present: now, foreign: undefined, proven: true })
  } else if (!nothingRan) {
    await runDown(run, step, { present: now, foreign: evidence.before, proven: evidence.before !== undefined })
    if (evidence.before) await refuseDifferences(run, step, evidence.before)
  }
  await store.record(run.session, { kind: 'reverted', id: step.id })
}

interface Scene {
  /** What is there when the recovery begins. */
  readonly present: CatalogDigest
  /** What was there before the `up` began and so is not its own. */
  readonly foreign: CatalogDigest | undefined
  /** Whether it is on record what stood there before. Without that, nothing that holds data is dropped. */
  readonly proven: boolean
}

async function runDown(run: Run, { migration }: ReadyStep, scene: Scene): Promise<void> {
  if (!migration?.down) {
    throw new MigratorError('RECOVERY_FAILED', 'No down migration found for dirty migration')
  }
  const watch: StatementWatch = {
    within: migration.transactional ? 'transaction' : 'no-transaction',
    beforeStatement: (sql) => judge(run, sql, scene, migration),
  }
  await loadParser()
  if (!migration.transactional) return run.session.perform(migration.down, watch)
  await run.session.begin(run.options)
  try {
    await run.session.perform(migration.down, watch)
    await run.session.guard(run.lock)
    await run.session.commit()
  } catch (error) {
    await run.session.abort()
    throw error
  }
}

/** Whether a statement of the `down` may run in this scene. */
async function judge(run: Run, sql: string, scene: Scene, { id }: Migration): Promise<'run' | 'skip'> {
  const { present, foreign } = scene
  const parsed = parseStatements(sql)
  if (!parsed.ok) return 'run'
  const dropped = parsed.statements.flatMap(droppedBy)
  if (dropped.length === 0) return 'run'
  const onlyDrops = parsed.statements.every(({ type }) => type === 'DropStmt' || type === 'AlterTableStmt')
  const left = dropped.filter((object) => object.kind !== 'database' && hasObject(present, object))
  const others = foreign ? left.filter((object) => hasObject(foreign, object)) : []
  if (left.length === 0 && onlyDrops) return 'skip'
  if (!scene.proven) await refuseToLoseData(run, left, id)
  if (others.length === 0) return 'run'
  if (others.length === left.length && onlyDrops) return 'skip'
  throw new MigratorError(
    'RECOVERY_FAILED',
    `The down of ${id} would destroy ${others.map(nameOf).join(', ')}, which stood there before its up began`,
  )
}

async function refuseToLoseData(run: Run, dropped: readonly DroppedObject[], id: string): Promise<void> {
  for (const object of dropped) {
    if (!(await run.context.database.catalog.holdsData(run.session, object))) continue
    const message = `The down of ${id} would drop ${nameOf(object)}, which holds data, and nothing on record tells whether it stood there before`
    throw new MigratorError('RECOVERY_FAILED', message)
  }
}

function nameOf({ kind, schema, name, part }: DroppedObject): string {
  return `${kind} ${[schema, name, part].filter(Boolean).join('.')}`
}

async function refuseDifferences(run: Run, { id }: ReadyStep, before: CatalogDigest): Promise<void> {
  const differences: readonly Difference[] = diffCatalogs(
    before,
    await run.context.database.catalog.digest(run.session),
  )
  if (differences.length === 0) return
  const message = `After the down of ${id} the schema is not what it was before its up: ${describeDifferences(differences)}`
  throw new MigratorError('RECOVERY_FAILED', message, { details: { differences } })
}

const ORPHAN_PAUSE_MS = 250

/** A process that was killed may have left a statement that the server still works on. */
async function waitForOrphans(run: Run, { id, progress }: HistoryEntry): Promise<void> {
  if (!progress) return
  const { clock, database, signal } = run.context
  const deadline = clock.monotonicMs() + run.options.lockWaitMs
  for (;;) {
    const orphans = await database.activity.stillWorking(run.session, progress.applicationName)
    if (orphans.length === 0) return
    if (clock.monotonicMs() >= deadline) {
      const message = `The server still works on ${id}: ${orphans.map(describe).join(', ')}.`
      const hint = `Wait for it, or end it with SELECT pg_terminate_backend(${orphans[0]?.pid}); then run the command again.`
      throw new MigratorError('RECOVERY_FAILED', message, { hint, details: { orphans } })
    }
    await clock.sleep(ORPHAN_PAUSE_MS, signal)
  }
}

function asRecoveryFailure({ id, progress }: HistoryEntry, cause: unknown): MigratorError {
  const error = cause instanceof MigratorError ? cause : undefined
  if (error?.code === 'LOCK_LOST' || error?.code === 'INTERRUPTED' || error?.code.startsWith('ARCHIVE_')) return error
  const stopped = progress?.statement ? `. It had stopped at: ${progress.statement.split('\n')[0]}` : ''
  const why = error?.message ?? reportError(cause).message
  const own = error?.code === 'RECOVERY_FAILED' ? { hint: error.hint } : {}
  return new MigratorError('RECOVERY_FAILED', `Migration ${id} is dirty and was not recovered: ${why}${stopped}`, {
    cause,
    ...own,
    details: { ...error?.details, id, progress },
  })
}
