import { failureKindOf } from '../../core/failure-kind.ts'
import type { Action, Direction, Migration } from '../../core/migration.ts'
import { plural } from '../../core/plural.ts'
import { MigratorError } from '../../errors.ts'
import type { ScratchDatabase } from '../../ports/scratch.ts'
import type { Session, StatementWatch, StepLimits } from '../../ports/session.ts'
import { guarded } from '../run/atomic-step.ts'
import { interrupted, reportError } from '../run/context.ts'
import { settleAfter } from '../run/left-open.ts'

/** A scratch database has nobody to wait for; a step that waits there waits for itself. */
const LIMITS: StepLimits = { lockTimeoutMs: 10_000, statementTimeoutMs: 0 }

export interface Tried {
  readonly migration: Migration
  readonly direction: Direction
  /** Once it is aborted, no further statement is sent. */
  readonly signal: AbortSignal
  /** Sees the statements of `up` or `down`, not those of the guards around it. */
  readonly watch?: Partial<StatementWatch>
  /** Called at the end of its transaction. */
  readonly beforeCommit?: (() => Promise<void>) | undefined
  /** Called at the end of its transaction, which is then rolled back; a step outside a transaction stays as it is. */
  readonly insteadOfCommit?: (() => Promise<void>) | undefined
}

/**
 * Runs one step on a scratch database as a run would, with its guards and in its own transaction, but without history and
 * lock. After success it is committed, unless something else was asked for; after a failure (a MigratorError) a
 * transactional one has left nothing.
 */
export async function tryStep(on: Session, scratch: ScratchDatabase, tried: Tried): Promise<void> {
  try {
    await (tried.migration.transactional ? inTransaction(on, scratch, tried) : outside(on, scratch, tried))
  } catch (cause) {
    throw asFailure(on, cause)
  } finally {
    // Roles and settings that the step left are not the next one's.
    await on.settle(LIMITS).catch(ignoreLost)
  }
}

async function inTransaction(on: Session, scratch: ScratchDatabase, tried: Tried): Promise<void> {
  try {
    await on.begin(LIMITS)
    await performAll(on, scratch, tried, 'transaction')
    await on.guard(undefined)
    await on.checkConstraints()
    await on.freshen(LIMITS, 'commit')
    await tried.beforeCommit?.()
    if (!tried.insteadOfCommit) return await on.commit()
    await tried.insteadOfCommit()
    await on.abort()
  } catch (error) {
    await on.abort()
    throw error
  }
}

async function outside(on: Session, scratch: ScratchDatabase, tried: Tried): Promise<void> {
  await on.settle(LIMITS)
  await performAll(on, scratch, tried, 'no-transaction')
  if (tried.direction === 'down') return
  const invalid = await scratch.database.catalog.invalidIndexes(on)
  if (invalid.length === 0) return
  const message = `${plural(invalid.length, 'index is', 'indexes are')} left INVALID: ${invalid.join(', ')}.`
  throw new MigratorError('INVALID_INDEX', message, { details: { invalidIndexes: invalid } })
}

async function performAll(
  on: Session,
  scratch: ScratchDatabase,
  { migration, direction, signal, watch = {} }: Tried,
  within: StatementWatch['within'],
): Promise<void> {
  const perform = async (action: Action | undefined, seen: Partial<StatementWatch> = {}) => {
    if (!action) return
    const shared = scratch.watchShared(on, action)
    await on.perform(action, stoppable(signal, { within, ...(shared ? both(shared, seen) : seen) }))
    if (within === 'no-transaction') await settleAfter(action, on, LIMITS)
  }
  if (direction === 'down') return perform(migration.down, watch)
  await guarded('VALIDATION_FAILED', migration.id, () => perform(migration.validate))
  await perform(migration.up, watch)
  await guarded('VERIFICATION_FAILED', migration.id, () => perform(migration.verify))
}

/** A script that is sent whole is cancelled whole; of others each statement is asked for. */
function stoppable(signal: AbortSignal, watch: StatementWatch): StatementWatch {
  const { within, beforeStatement } = watch
  if (within === 'transaction' && !beforeStatement) return watch
  return {
    ...watch,
    async beforeStatement(sql, parameters) {
      if (signal.aborted) throw interrupted()
      return (await beforeStatement?.(sql, parameters)) ?? 'run'
    },
  }
}

/** What belongs to the server is looked after first; a statement that is left out is not seen. */
function both(
  shared: NonNullable<StatementWatch['beforeStatement']>,
  watch: Partial<StatementWatch>,
): Partial<StatementWatch> {
  return {
    ...watch,
    async beforeStatement(sql, parameters) {
      if ((await shared(sql, parameters)) === 'skip') return 'skip'
      return (await watch.beforeStatement?.(sql, parameters)) ?? 'run'
    },
  }
}

/** After an error that a module caught, the server refuses everything: the first one is the one to tell. */
function asFailure(on: Session, cause: unknown): MigratorError {
  if (failureKindOf(cause) === 'doomed' && on.firstFailure !== undefined) {
    const message = `it caught an error of the database and went on: ${reportError(on.firstFailure).message}`
    return new MigratorError('SWALLOWED_ERROR', message, { cause })
  }
  if (cause instanceof MigratorError) return cause
  return new MigratorError('MIGRATION_FAILED', reportError(cause).message, { cause })
}

function ignoreLost(error: unknown): void {
  // The step's own failure, a lost connection, is the one to tell.
  if (!(error instanceof MigratorError)) throw error
}
