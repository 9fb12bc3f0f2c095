import { invalidFiles } from '../../core/file-problem.ts'
import type { KnownLoss } from '../../core/loss.ts'
import { type Plan, type Problem, planDown } from '../../core/plan.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import type { DownTarget } from '../../core/target.ts'
import { type LossOptions, measureLoss, refuseLoss, tellLoss } from '../loss/measure.ts'
import { withSession } from './begin.ts'
import { type Context, emit, type MigrationSet, type RunOptions } from './context.ts'
import { execute } from './execute.ts'
import { prepareSteps } from './prepare.ts'
import type { RunReport } from './report.ts'
import type { Proposal, RunKind } from './run-kind.ts'
import { refuseUnsupported } from './unsupported.ts'

export interface RollbackOptions extends RunOptions {
  readonly target: DownTarget
  /** See `DownRules.force`. */
  readonly force: boolean
  /** Reverting all that is applied was agreed to. */
  readonly everything: boolean
  readonly dryRun: boolean
  /** Whether a rollback that is known to destroy what is there now is refused, unless its loss is accepted or its data preserved. Default `tell`. */
  readonly onLoss?: 'tell' | 'refuse' | undefined
  /** Default 2,000. */
  readonly lossTimeoutMs?: number | undefined
  /** See `KnownLoss`. */
  readonly knownLoss?: KnownLoss | undefined
  readonly approve: (proposal: Proposal) => Promise<void>
}

/**
 * Reverts applied migrations, the newest first, in the reverse order of application; never past one that can't be
 * reverted. What is wrong with files that are not to be reverted does not stop it. Takes the run lock for the run and
 * owns every transaction. A `down` that fails stops there (ROLLBACK_FAILED): nothing further is reverted.
 */
export async function rollback(context: Context, set: MigrationSet, options: RollbackOptions): Promise<RunReport> {
  const runKind: RunKind = {
    direction: 'down',
    set,
    options,
    refuse: () => refuseUnsupported(context.database, options, refusesLoss(options)),
    plan: (statuses) => planFor(set, statuses, options),
    alsoLoad: () => [],
    assess: (steps) => measureLoss(context, steps, lossOptions(options)),
    onUnusableArchive: options.force ? 'drop-record' : 'stop',
    approve: async (proposal) => {
      tellLoss(context, proposal.loss ?? [], options.preserveData ? 'kept' : 'lost')
      if (refusesLoss(options)) refuseLoss(proposal.loss ?? [])
      await options.approve(proposal)
      for (const message of proposal.plan.notices) emit(context, { kind: 'warning', level: 'warn', message })
    },
  }
  return options.dryRun ? withLoss(context, runKind, options) : execute(context, runKind)
}

/** Whether what is known to be destroyed stops the rollback. */
function refusesLoss({ onLoss, preserveData, backup, acceptLoss }: RollbackOptions): boolean {
  return onLoss === 'refuse' && !preserveData && backup === undefined && !acceptLoss
}

const DEFAULT_LOSS_TIMEOUT_MS = 2_000

function lossOptions({ lossTimeoutMs = DEFAULT_LOSS_TIMEOUT_MS, knownLoss }: RollbackOptions): LossOptions {
  return { lossTimeoutMs, knownLoss }
}

/** A dry run counts too: that only reads. */
async function withLoss(context: Context, runKind: RunKind, options: RollbackOptions): Promise<RunReport> {
  const { dryRun } = await import('../preview/dry-run.ts')
  const report = await dryRun(context, runKind)
  if (report.sql === undefined) return report
  const steps = report.plan.steps.filter(({ by }) => by !== 'recovery')
  const ready = await withSession(context, (on) => prepareSteps(context, on, steps, runKind.onUnusableArchive))
  return { ...report, loss: await measureLoss(context, ready, lossOptions(options)) }
}

/** A recovery looks at the database itself, and does not preserve data. */
function refuseToKeepDirty(plan: Plan): Plan {
  const dirty = plan.steps.filter(({ by }) => by === 'recovery')
  const problems = dirty.map(
    ({ id }): Problem => ({
      code: 'MIGRATION_DIRTY',
      id,
      message: `${id} is dirty: rolling it back is a recovery, which cannot preserve its data.`,
      hint: 'Resolve it first: db:repair clear-dirty ID --as applied|pending; or roll back without --preserve-data.',
    }),
  )
  return { ...plan, problems: [...problems, ...plan.problems] }
}

function planFor(
  set: MigrationSet,
  statuses: readonly MigrationStatus[],
  { target, force, everything, preserveData }: RollbackOptions,
): Plan {
  const found = planDown(statuses, target, { force, everything })
  const plan = preserveData ? refuseToKeepDirty(found) : found
  const reverted = new Set(plan.steps.map(({ id }) => id))
  // A new file that took the number of an applied one does not stand in the way of taking that one back.
  const broken = set.problems.filter(
    ({ id, kind }) => id !== undefined && reverted.has(id) && kind !== 'duplicate-number',
  )
  if (broken.length === 0) return plan
  const error = invalidFiles(broken)
  return { ...plan, problems: [{ code: error.code, message: error.message }, ...plan.problems] }
}
