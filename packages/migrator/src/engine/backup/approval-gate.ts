import type { Loss } from '../../core/loss.ts'
import type { Plan, Step } from '../../core/plan.ts'
import { MigratorError } from '../../errors.ts'
import { operationOf, type Proposal, type RunKind } from '../run/run-kind.ts'
import type { ReadyStep } from '../run/types.ts'
import type { Backups } from './take.ts'

/** What stands between a plan and its run: that it was agreed to, and that what it endangers is backed up. */
export interface ApprovalGate {
  /** Rejects to stop the run before any change. The backup of a run is taken once, however often it is passed. */
  pass(proposal: Proposal, steps: readonly ReadyStep[]): Promise<void>
  /** The backup of one migration; undefined where there is none of that kind. */
  readonly passStep: ((step: ReadyStep) => Promise<void>) | undefined
}

export function createApprovalGate(runKind: RunKind, backups: Backups | undefined): ApprovalGate {
  const operation = operationOf(runKind)
  const perMigration = backups?.provider.per === 'migration'
  return {
    async pass(proposal, steps) {
      await runKind.approve(proposal)
      if (!backups || perMigration || backups.taken.length > 0 || steps.length === 0) return
      await backups.take({ kind: 'run', operation, steps })
    },
    passStep: perMigration
      ? async (step) => {
          await backups.take({ kind: 'migration', operation, steps: [step] })
        }
      : undefined,
  }
}

/** Backups of single migrations want a transaction for each. Throws USAGE_INVALID when one for all was asked for. */
export function withBackupMode(runKind: RunKind): RunKind {
  const { options } = runKind
  if (options.backup?.per !== 'migration') return runKind
  if (options.transaction === 'batch') {
    const message = `The backup "${options.backup.name}" is taken before every migration, so not all can share one transaction.`
    throw new MigratorError('USAGE_INVALID', message, { hint: 'Leave out --transaction batch.' })
  }
  return { ...runKind, options: { ...options, transaction: 'each' } }
}

/** What was agreed to before the run lock was taken. */
export interface Agreed {
  readonly plan: Plan
  readonly steps: readonly ReadyStep[]
  readonly dirty: readonly string[]
  readonly loss: readonly Loss[]
}

/** A run that was agreed to already: only what was agreed to then may run, but for what a recovery adds. */
export function agreedBefore(runKind: RunKind, agreed: Agreed): RunKind {
  return {
    ...runKind,
    assess: async () => agreed.loss,
    async approve({ plan }) {
      if (agreed.dirty.length > 0 || idsOf(plan.steps) === idsOf(agreed.plan.steps)) return
      throw new MigratorError(
        'BACKUP_FAILED',
        'The history changed while the backup was taken: what would run now is not what was approved.',
        { hint: 'Nothing was changed. Look at db:migrate:status, then run the command again.' },
      )
    },
  }
}

function idsOf(steps: readonly Step[]): string {
  return steps.map(({ id, direction }) => `${direction} ${id}`).join('\n')
}
