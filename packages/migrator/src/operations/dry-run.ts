import type { MigrationStatus } from '../core/reconcile.ts'
import { MigratorError } from '../errors.ts'
import { withSession } from './begin-run.ts'
import type { Context } from './context.ts'
import type { Course } from './course.ts'
import { ahead, report, withDroppedRecords } from './execute.ts'
import { prepareSteps, refusePlan } from './prepare.ts'
import { previewSql } from './preview-sql.ts'
import { dirtyFound, planWithRecoveries } from './recoveries.ts'
import type { RunReport } from './report.ts'
import { transactionMode } from './run.ts'
import { readStates } from './states.ts'
import { DRIFTED } from './validate.ts'

/**
 * The plan, from the history as it is, and the SQL that it would run; of the live database only the history is read: it
 * takes no lock and creates nothing. Dirty migrations are recovered first, as the run would. What speaks against the plan is
 * in `error`.
 */
export async function dryRun(context: Context, course: Course): Promise<RunReport> {
  const started = context.clock.monotonicMs()
  return withSession(context, async (session) => {
    const statuses = await readStates(context, session, course.set.files)
    const { plan, recoveries, after } = planWithRecoveries(course, statuses)
    const shown = {
      ...report(context, plan, { started, results: [], recovered: recoveries.map(({ id }) => id) }),
      dryRun: true,
      drift: driftIn(statuses),
    }
    try {
      course.refuse()
      if (recoveries.length > 0 && course.options.dirty === 'stop') throw dirtyFound(recoveries)
      refusePlan(plan)
      await prepareSteps(context, session, ahead(course, after))
      const steps = await prepareSteps(context, session, plan.steps, course.onUnusableArchive)
      transactionMode(course.options, steps)
      const { sql, note } = await previewSql(context, session, after, steps)
      return { ...shown, plan: withDroppedRecords(plan, steps), sql, sqlNote: note }
    } catch (error) {
      if (error instanceof MigratorError) return { ...shown, error }
      throw error
    }
  })
}

function driftIn(statuses: readonly MigrationStatus[]): readonly MigrationStatus[] {
  return statuses.filter(({ state, downChanged }) => downChanged || DRIFTED.has(state))
}
