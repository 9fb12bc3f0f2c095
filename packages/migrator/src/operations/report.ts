import type { Direction } from '../core/migration.ts'
import type { Plan } from '../core/plan.ts'
import type { MigrationStatus } from '../core/reconcile.ts'
import type { MigratorError } from '../errors.ts'
import type { TakenBackup } from './backups.ts'
import type { StepResult } from './run.ts'

/** What a run did, or would do. */
export interface RunReport {
  readonly runId: string
  readonly direction: Direction
  /** The plan that was carried out, or, of a dry run, only shown. */
  readonly plan: Plan
  readonly results: readonly StepResult[]
  /** Dirty migrations that were recovered before anything else. */
  readonly recovered: readonly string[]
  readonly durationMs: number
  readonly dryRun: boolean
  /** Of a failed run: something of it was committed, or its outcome is unknown. */
  readonly committed: boolean
  /** The backups that it took first, in this order. */
  readonly backups: readonly TakenBackup[]
  /** Of a dry run: the SQL that would run, by id; modules have none that could be told without running them. */
  readonly sql?: Readonly<Record<string, string>> | undefined
  /** Where every migration stands afterwards, read under the run lock. */
  readonly statuses?: readonly MigrationStatus[] | undefined
  /** Of a dry run: where files and history differ. */
  readonly drift?: readonly MigrationStatus[] | undefined
  /** What ended the run early. */
  readonly error?: MigratorError | undefined
}
