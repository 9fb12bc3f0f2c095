import type { Loss } from '../../core/loss.ts'
import type { Direction, MigrationFile } from '../../core/migration.ts'
import type { Plan } from '../../core/plan.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import type { MigrationSet, RunOptions } from './context.ts'
import type { OnUnusableArchive, ReadyStep } from './types.ts'

/** What is about to run, for a person or a rule to approve. */
export interface Proposal {
  readonly plan: Plan
  /** Ids of the steps that drop, truncate or delete. */
  readonly destructive: readonly string[]
  /** For a rollback: the existing data that it would destroy. */
  readonly loss?: readonly Loss[] | undefined
}

/** What differs between running up and running down. */
export interface RunKind {
  readonly direction: Direction
  readonly set: MigrationSet
  readonly options: RunOptions
  /** Throws for what stands against any run in this direction. */
  refuse(): void
  plan(statuses: readonly MigrationStatus[]): Plan
  /** Everything that has to load before anything runs, beyond the steps themselves. */
  alsoLoad(statuses: readonly MigrationStatus[]): readonly MigrationFile[]
  readonly onUnusableArchive: OnUnusableArchive
  /** Measures what the steps would destroy. */
  readonly assess?: ((steps: readonly ReadyStep[]) => Promise<readonly Loss[]>) | undefined
  /** Rejects to stop the run before anything has happened. */
  approve(proposal: Proposal): Promise<void>
}

/** What backups and logs call it. */
export function operationOf({ direction }: Pick<RunKind, 'direction'>): 'migrate' | 'rollback' {
  return direction === 'up' ? 'migrate' : 'rollback'
}
