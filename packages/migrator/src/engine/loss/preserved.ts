import { plural } from '../../core/plural.ts'
import { MigratorError } from '../../errors.ts'
import type { KeptChoice, KeptConflict, KeptCopy, KeptData, SettledRows } from '../../ports/kept-data.ts'
import type { StepSession } from '../../ports/step.ts'
import { withSession } from '../run/begin.ts'
import { type Context, emit, type RunOptions } from '../run/context.ts'
import { withRunLock } from '../run/lock.ts'

/** Every copy that rollbacks preserved and that is still there. Reads only. */
export function listPreserved(context: Context): Promise<readonly KeptCopy[]> {
  return withSession(context, (on) => keptDataOf(context).list(on))
}

export interface PreservedRows {
  readonly copy: KeptCopy
  readonly rows: number
  readonly conflicts: readonly KeptConflict[]
}

/** One copy beside what its table holds now. Changes nothing. Rejects with PRESERVED_DATA_UNKNOWN. */
export function showPreserved(
  context: Context,
  options: RunOptions,
  choice: KeptChoice,
  limit: number,
): Promise<PreservedRows> {
  return withSession(context, async (on) => {
    const atomic = await on.atomic(options, [])
    try {
      const { rows, conflicts } = await keptDataOf(context).compare(on, choice, limit)
      return { copy: await copyNamed(context, on, choice.id), rows, conflicts }
    } finally {
      await atomic.abort()
    }
  })
}

export interface SettleRequest {
  /** `apply`: over what the table holds. `drop`: only out of the archive. */
  readonly what: 'apply' | 'drop'
  readonly choice: KeptChoice
  /** Called with what is about to happen; rejecting stops it. */
  readonly approve: (found: PreservedRows) => Promise<void>
}

export interface SettledReport extends SettledRows {
  readonly copy: KeptCopy
  readonly message: string
}

/**
 * Settles preserved rows under the run lock, in one transaction: all of the chosen ones or none. Rejects with
 * PRESERVED_DATA_UNKNOWN or PRESERVED_DATA_UNFIT, nothing changed.
 */
export async function settlePreserved(
  context: Context,
  options: RunOptions,
  { what, choice, approve }: SettleRequest,
): Promise<SettledReport> {
  await approve(await showPreserved(context, options, choice, 0))
  return withSession(context, (on) =>
    withRunLock(context, on, options.lockWaitMs, async (_, session) => {
      const copy = await copyNamed(context, session, choice.id)
      const settled = await inTransaction(session, options, () => keptDataOf(context)[what](session, choice))
      const verb = what === 'apply' ? 'Applied' : 'Dropped'
      const message = `${verb} ${plural(settled.rows, 'row', 'rows')} of ${copy.table} that the rollback of ${copy.migration} preserved`
      emit(context, {
        kind: 'preserved-settled',
        level: 'info',
        version: copy.migration,
        message,
        reason: options.reason,
        details: { what, id: copy.id, table: copy.table, ...settled },
      })
      return { ...settled, copy, message }
    }),
  )
}

async function inTransaction<T>(on: StepSession, options: RunOptions, work: () => Promise<T>): Promise<T> {
  const atomic = await on.atomic(options, [])
  try {
    const result = await work()
    await atomic.commit()
    return result
  } catch (error) {
    await atomic.abort()
    throw error
  }
}

async function copyNamed(context: Context, on: StepSession, id: string): Promise<KeptCopy> {
  const found = (await keptDataOf(context).list(on)).find((each) => each.id === id)
  if (!found) throw new MigratorError('PRESERVED_DATA_UNKNOWN', `No preserved data has the id "${id}".`)
  return found
}

function keptDataOf({ database }: Context): KeptData {
  if (!database.keptData) throw new MigratorError('NOT_SUPPORTED', 'This database preserves no data.')
  return database.keptData
}
