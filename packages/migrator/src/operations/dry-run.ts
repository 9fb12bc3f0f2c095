import type { MigrationStatus } from '../core/reconcile.ts'
import { MigratorError } from '../errors.ts'
import { readStatuses, withSession } from './begin-run.ts'
import type { Context } from './context.ts'
import type { Course } from './course.ts'
import { ahead, report, withDroppedRecords } from './execute.ts'
import { prepareSteps, refusePlan } from './prepare.ts'
import { previewSql } from './preview-sql.ts'
import type { RunReport } from './report.ts'
import { transactionMode } from './run.ts'
import { DRIFTED } from './validate.ts'

/**
 * The plan, from the history as it is, and the SQL that it would run; of the live database only the history is read: it
 * takes no lock and creates nothing. What speaks against the plan is in `error`.
 */
export async function dryRun(context: Context, course: Course): Promise<RunReport> {
  const started = context.clock.monotonicMs()
  return withSession(context, async (session) => {
    const statuses = await readStatuses(context, session, course.set)
    const plan = course.plan(statuses)
    const shown = {
      ...report(context, plan, { started, results: [], recovered: [] }),
      dryRun: true,
      drift: driftIn(statuses),
    }
    try {
      course.refuse()
      refusePlan(plan)
      await prepareSteps(context, session, ahead(course, statuses))
      const steps = await prepareSteps(context, session, plan.steps, course.onUnusableArchive)
      transactionMode(course.options, steps)
      const { sql, note } = await previewSql(context, session, statuses, steps)
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
