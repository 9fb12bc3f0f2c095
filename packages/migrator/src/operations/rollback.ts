import { invalidFiles } from '../core/file-problem.ts'
import { type Plan, planDown } from '../core/plan.ts'
import type { MigrationStatus } from '../core/reconcile.ts'
import type { DownTarget } from '../core/target.ts'
import { type Context, emit, type MigrationSet, type RunOptions } from './context.ts'
import type { Course, Proposal } from './course.ts'
import { dryRun } from './dry-run.ts'
import { execute } from './execute.ts'
import type { RunReport } from './report.ts'

export interface RollbackOptions extends RunOptions {
  readonly target: DownTarget
  /** See `DownRules.force`. */
  readonly force: boolean
  /** Reverting all that is applied was agreed to. */
  readonly everything: boolean
  readonly dryRun: boolean
  readonly approve: (proposal: Proposal) => Promise<void>
}

/**
 * Reverts applied migrations, the newest first, in the reverse order of application; never past one that can't be
 * reverted. What is wrong with files that are not to be reverted does not stop it. Takes the run lock for the run and
 * owns every transaction. A `down` that fails stops there (ROLLBACK_FAILED): nothing further is reverted.
 */
export async function rollback(context: Context, set: MigrationSet, options: RollbackOptions): Promise<RunReport> {
  const course: Course = {
    direction: 'down',
    set,
    options,
    refuse() {},
    plan: (statuses) => planFor(set, statuses, options),
    alsoLoad: () => [],
    onUnusableArchive: options.force ? 'drop-record' : 'stop',
    approve: async (proposal) => {
      await options.approve(proposal)
      for (const message of proposal.plan.notices) emit(context, { kind: 'warning', level: 'warn', message })
    },
  }
  return options.dryRun ? dryRun(context, course) : execute(context, course)
}

function planFor(
  set: MigrationSet,
  statuses: readonly MigrationStatus[],
  { target, force, everything }: RollbackOptions,
): Plan {
  const plan = planDown(statuses, target, { force, everything })
  const reverted = new Set(plan.steps.map(({ id }) => id))
  // A new file that took the number of an applied one does not stand in the way of taking that one back.
  const broken = set.problems.filter(
    ({ id, kind }) => id !== undefined && reverted.has(id) && kind !== 'duplicate-number',
  )
  if (broken.length === 0) return plan
  const error = invalidFiles(broken)
  return { ...plan, problems: [{ code: error.code, message: error.message }, ...plan.problems] }
}
