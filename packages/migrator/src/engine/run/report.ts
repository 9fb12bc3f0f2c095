import type { Loss } from '../../core/loss.ts'
import type { Direction } from '../../core/migration.ts'
import type { Plan } from '../../core/plan.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import type { MigratorError } from '../../errors.ts'
import type { TakenBackup } from '../backup/take.ts'
import type { KeptDataOfStep } from '../loss/keep.ts'
import type { StepResult } from './types.ts'

/** What a run did, or would do. */
export interface RunReport {
  readonly runId: string
  readonly direction: Direction
  /** The plan that was executed or, in a dry run, only shown. */
  readonly plan: Plan
  readonly results: readonly StepResult[]
  /** Dirty migrations that were recovered first or, in a dry run, would be. */
  readonly recovered: readonly string[]
  readonly durationMs: number
  readonly dryRun: boolean
  /** For a failed run: part of it was committed, or its outcome is unknown. */
  readonly committed: boolean
  /** The backups taken before the run, in order. */
  readonly backups: readonly TakenBackup[]
  /**
   * For a dry run: the SQL that would run, by id (by `recovery of ID` for a recovery); for modules, what they sent on a
   * scratch database.
   */
  readonly sql?: Readonly<Record<string, string>> | undefined
  /** For a rollback: the existing data that it would destroy, or did. */
  readonly loss?: readonly Loss[] | undefined
  /** The data that was preserved and, for a run up, restored. */
  readonly keptData?: readonly KeptDataOfStep[] | undefined
  /** Why `sql` lacks what a module sends, or some of it. */
  readonly sqlNote?: string | undefined
  /** The state of every migration afterwards, read under the run lock. */
  readonly statuses?: readonly MigrationStatus[] | undefined
  /** For a dry run: where files and history differ. */
  readonly drift?: readonly MigrationStatus[] | undefined
  /** For a successful run: the schema's fingerprint afterwards. */
  readonly fingerprint?: string | undefined
  /** What ended the run early. */
  readonly error?: MigratorError | undefined
}
