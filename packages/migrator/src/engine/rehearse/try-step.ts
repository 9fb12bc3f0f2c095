import type { Action, Direction, Migration } from '../../core/migration.ts'
import { plural } from '../../core/plural.ts'
import { MigratorError } from '../../errors.ts'
import type { ScratchContext, ScratchDatabase } from '../../ports/scratch.ts'
import type { AtomicStep, OutsideStep, StatementWatch, StepLimits, StepSession } from '../../ports/step.ts'
import { guarded } from '../run/atomic-step.ts'
import { interrupted, reportError } from '../run/context.ts'

/** Nothing else uses a scratch database; a step that waits there waits for itself. */
export const LIMITS: StepLimits = { lockTimeoutMs: 10_000, statementTimeoutMs: 0 }

export interface Tried {
  readonly migration: Migration
  readonly direction: Direction
  /** Once it is aborted, no further statement is sent. */
  readonly signal: AbortSignal
  /** Sees the statements of `up` or `down`, not those of the guards around it. */
  readonly watch?: StatementWatch
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
export async function tryStep(on: StepSession, scratch: ScratchDatabase, tried: Tried): Promise<void> {
  try {
    await (tried.migration.transactional ? atomically(on, scratch, tried) : outside(on, scratch, tried))
  } catch (cause) {
    throw asFailure(cause)
  } finally {
    // Roles, settings and temporary objects that the step left are not the next one's.
    await on.outside(LIMITS).catch(ignoreLost)
  }
}

/** Reports which step is about to be tried; the watch that it returns reports its statements. */
export function announced(
  { onStep }: Pick<ScratchContext, 'onStep'>,
  { id }: Migration,
  direction: Direction,
): Pick<StatementWatch, 'statementBegins'> {
  onStep?.(id, direction)
  return { statementBegins: (statement) => onStep?.(id, direction, statement) }
}

async function atomically(on: StepSession, scratch: ScratchDatabase, tried: Tried): Promise<void> {
  const { migration, direction } = tried
  const step = await on.atomic(LIMITS, [migration[direction] ?? []].flat())
  try {
    await performAll(step, { on, scratch, tried })
    await step.endOfStep()
    await tried.beforeCommit?.()
    if (!tried.insteadOfCommit) return await step.commit()
    await tried.insteadOfCommit()
    await step.abort()
  } catch (error) {
    await step.abort()
    throw error
  }
}

async function outside(on: StepSession, scratch: ScratchDatabase, tried: Tried): Promise<void> {
  await performAll(await on.outside(LIMITS), { on, scratch, tried })
  if (tried.direction === 'down') return
  const invalid = (await scratch.database.catalog.invalidIndexes?.(on)) ?? []
  if (invalid.length === 0) return
  const message = `${plural(invalid.length, 'index is', 'indexes are')} left INVALID: ${invalid.join(', ')}.`
  throw new MigratorError('INVALID_INDEX', message, { details: { invalidIndexes: invalid } })
}

interface Trying {
  readonly on: StepSession
  readonly scratch: ScratchDatabase
  readonly tried: Tried
}

async function performAll(step: AtomicStep | OutsideStep, { on, scratch, tried }: Trying): Promise<void> {
  const { migration, direction, signal, watch = {} } = tried
  const perform = async (action: Action | undefined, seen: StatementWatch = {}) => {
    if (!action) return
    const shared = scratch.watchShared(on, action)
    await step.perform(action, stoppable(signal, migration.transactional, shared ? both(shared, seen) : seen))
  }
  if (direction === 'down') return perform(migration.down, watch)
  await guarded('VALIDATION_FAILED', migration.id, () => perform(migration.validate))
  await perform(migration.up, watch)
  await guarded('VERIFICATION_FAILED', migration.id, () => perform(migration.verify))
}

/** A script that is sent whole is cancelled whole; of others each statement is asked for. */
function stoppable(signal: AbortSignal, atomic: boolean, watch: StatementWatch): StatementWatch {
  const { beforeStatement } = watch
  if (atomic && !beforeStatement) return watch
  return {
    ...watch,
    async beforeStatement(sql, parameters) {
      if (signal.aborted) throw interrupted()
      return (await beforeStatement?.(sql, parameters)) ?? 'run'
    },
  }
}

/** What belongs to the server is looked after first; a statement that is left out is not seen. */
function both(shared: NonNullable<StatementWatch['beforeStatement']>, watch: StatementWatch): StatementWatch {
  return {
    ...watch,
    async beforeStatement(sql, parameters) {
      if ((await shared(sql, parameters)) === 'skip') return 'skip'
      return (await watch.beforeStatement?.(sql, parameters)) ?? 'run'
    },
  }
}

function asFailure(cause: unknown): MigratorError {
  if (cause instanceof MigratorError) return cause
  return new MigratorError('MIGRATION_FAILED', reportError(cause).message, { cause })
}

function ignoreLost(error: unknown): void {
  // The step's own failure, a lost connection, is the one to tell.
  if (!(error instanceof MigratorError)) throw error
}
