import { invalidFiles } from '../../core/file-problem.ts'
import { planUp } from '../../core/plan.ts'
import type { StepSession } from '../../ports/step.ts'
import { entryOf, recordOf } from '../run/atomic-step.ts'
import { createRun, readStatuses, withSession } from '../run/begin.ts'
import { type Context, emit, type MigrationSet, type RunOptions } from '../run/context.ts'
import { withRunLock } from '../run/lock.ts'
import { prepareHistory } from '../run/objection.ts'
import { prepareSteps, refusePlan } from '../run/prepare.ts'
import { recordReplacements } from '../run/replaced.ts'

export interface BaselineReport {
  /** Ids that were recorded as applied or, in a dry run, would be. */
  readonly recorded: readonly string[]
  readonly dryRun: boolean
}

/**
 * Adopts a database that already has its schema: records every pending migration up to `id` as applied, without
 * running any. All records are written in one transaction, under the run lock.
 */
export async function baseline(
  context: Context,
  set: MigrationSet,
  id: string,
  options: RunOptions & { readonly dryRun: boolean; readonly approve: () => Promise<void> },
): Promise<BaselineReport> {
  if (set.problems.length > 0) throw invalidFiles(set.problems)
  return withSession(context, async (first) => {
    const planned = async (session: StepSession) => {
      const plan = planUp(await readStatuses(context, session, set), { kind: 'id', id }, { allowOutOfOrder: true })
      refusePlan(plan)
      return prepareSteps(context, session, plan.steps)
    }
    const steps = await planned(first)
    if (options.dryRun) return { recorded: steps.map((step) => step.id), dryRun: true }
    await options.approve()
    return withRunLock(context, first, options.lockWaitMs, async (lock, session) => {
      const statuses = await readStatuses(context, session, set)
      const run = await createRun(context, options, lock, session, statuses)
      const due = await planned(session)
      await prepareHistory(context, session)
      const changes = due.map((step) => ({ kind: 'applied', entry: entryOf(run, step, undefined) }) as const)
      await recordReplacements(run, statuses)
      if (changes.length > 0) await session.record(recordOf(run, changes))
      const versions = due.map((step) => step.id)
      emit(context, {
        kind: 'history-changed',
        level: 'info',
        message: 'Recorded as applied without running (baseline)',
        versions,
        reason: options.reason,
      })
      return { recorded: versions, dryRun: false }
    })
  })
}
