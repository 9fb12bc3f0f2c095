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
  /** The plan that was carried out, or, of a dry run, only shown. */
  readonly plan: Plan
  readonly results: readonly StepResult[]
  /** Dirty migrations that were recovered before anything else; of a dry run, that would be. */
  readonly recovered: readonly string[]
  readonly durationMs: number
  readonly dryRun: boolean
  /** Of a failed run: something of it was committed, or its outcome is unknown. */
  readonly committed: boolean
  /** The backups that it took first, in this order. */
  readonly backups: readonly TakenBackup[]
  /** Of a dry run: the SQL that would run, by id (of a recovery, by `recovery of ID`); of modules, what they sent on a scratch database. */
  readonly sql?: Readonly<Record<string, string>> | undefined
  /** Of a rollback: what it would have destroyed, or did, of what was there before. */
  readonly loss?: readonly Loss[] | undefined
  /** What was preserved of it, and of a run up what was put back. */
  readonly keptData?: readonly KeptDataOfStep[] | undefined
  /** Why `sql` lacks what a module sends, or some of it. */
  readonly sqlNote?: string | undefined
  /** Where every migration stands afterwards, read under the run lock. */
  readonly statuses?: readonly MigrationStatus[] | undefined
  /** Of a dry run: where files and history differ. */
  readonly drift?: readonly MigrationStatus[] | undefined
  /** Of a run that succeeded: the schema's fingerprint afterwards. */
  readonly fingerprint?: string | undefined
  /** What ended the run early. */
  readonly error?: MigratorError | undefined
}
