import type { Step } from '../../core/plan.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import { MigratorError } from '../../errors.ts'
import type { Session } from '../../ports/session.ts'
import { readStates } from '../history/states.ts'
import { DRIFTED } from '../history/validate.ts'
import { withSession } from '../run/begin.ts'
import type { Context } from '../run/context.ts'
import { ahead, report, withDroppedRecords } from '../run/execute.ts'
import { prepareSteps, refusePlan } from '../run/prepare.ts'
import { prepareRecovery } from '../run/recover.ts'
import { dirtyFound, planRun, shownPlan } from '../run/recoveries.ts'
import type { RunReport } from '../run/report.ts'
import type { RunKind } from '../run/run-kind.ts'
import { transactionMode } from '../run/steps.ts'
import type { ReadyStep } from '../run/types.ts'
import { previewSql } from './exact-sql.ts'

/**
 * The plan, from the history as it is, and the SQL that it would run; of the live database only the history is read: it
 * takes no lock and creates nothing. Dirty migrations are recovered first, as the run would. What speaks against the plan is
 * in `error`.
 */
export async function dryRun(context: Context, runKind: RunKind): Promise<RunReport> {
  const started = context.clock.monotonicMs()
  return withSession(context, async (session) => {
    const statuses = await readStates(context, session, runKind.set.files)
    const planned = planRun(runKind, statuses)
    const { recoveries, after } = planned
    const plan = shownPlan(planned)
    const shown = {
      ...report(context, plan, { started, results: [], recovered: recoveries.map(({ id }) => id) }),
      dryRun: true,
      drift: driftIn(statuses),
    }
    const refusal = refusalOf(() => {
      runKind.refuse()
      refusePlan(plan)
    })
    try {
      await prepareSteps(context, session, ahead(runKind, after))
      if (recoveries.length > 0 && runKind.options.dirty === 'stop') throw dirtyFound(recoveries)
      const recovering = await prepareRecoveries(context, session, plan.steps)
      const coming = plan.steps.filter(({ by }) => by !== 'recovery')
      const ready = await prepareSteps(context, session, coming, runKind.onUnusableArchive)
      transactionMode(runKind.options, ready, context.database)
      const steps = [...recovering, ...ready]
      // What only lacks a confirmation may still run; the rest has no use for a scratch database.
      const lends = refusal === undefined || refusal.code === 'CONFIRMATION_REQUIRED'
      const preview = lends ? context : { ...context, withScratch: undefined }
      const { sql, note } = await previewSql(preview, session, after, steps)
      return { ...shown, plan: withDroppedRecords(plan, steps), sql, sqlNote: note, error: refusal }
    } catch (error) {
      if (error instanceof MigratorError) return { ...shown, error: refusal ?? error }
      throw error
    }
  })
}

/** A plan that is refused is shown all the same, as far as it goes. */
function refusalOf(refuse: () => void): MigratorError | undefined {
  try {
    refuse()
    return undefined
  } catch (error) {
    if (error instanceof MigratorError) return error
    throw error
  }
}

/** What a recovery would be refused for is known without running it: a source that does not load, or has no down. */
async function prepareRecoveries(context: Context, on: Session, steps: readonly Step[]): Promise<readonly ReadyStep[]> {
  const ready: ReadyStep[] = []
  for (const { by, entry, file } of steps)
    if (by === 'recovery' && entry) ready.push(await prepareRecovery(context, on, entry, file))
  return ready
}

function driftIn(statuses: readonly MigrationStatus[]): readonly MigrationStatus[] {
  return statuses.filter(({ state, downChanged }) => downChanged || DRIFTED.has(state))
}
