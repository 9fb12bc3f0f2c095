/**
 * Backups: what a provider receives, and what it returns. The run that asked owns the run lock and its sessions; a
 * provider opens connections of its own and leaves none open.
 */
import type { Operator } from '../core/history.ts'
import type { Direction } from '../core/migration.ts'
import type { DatabaseLocation } from './location.ts'
import type { Session } from './session.ts'

/** What is about to run, for a provider to protect. */
export interface BackupScope {
  /** `migration`: the backup is for the one step in `steps`. */
  readonly kind: 'run' | 'migration'
  /** `manual`: a standalone backup; nothing runs afterwards. */
  readonly operation: 'migrate' | 'rollback' | 'manual'
  readonly runId: string
  /** In the order in which they run. */
  readonly steps: readonly BackupStep[]
  readonly database: DatabaseLocation
  readonly operator: Operator
  readonly reason?: string | undefined
  /** The run's clock when it asked. */
  readonly askedAt: Date
}

export interface BackupStep {
  readonly id: string
  readonly direction: Direction
  /** The SQL that runs. Undefined for code, whose `source` is all that is known of it. */
  readonly sql?: string | undefined
  readonly source?: string | undefined
}

/** How a provider reports its progress. */
export interface BackupWatch {
  /** Aborted on Ctrl-C: the provider stops waiting, reports what it leaves behind, and rejects with the signal's reason. */
  readonly signal: AbortSignal
  /**
   * Call this as soon as the id is known, before waiting: it records the backup as `creating`, so the next run can
   * explain it if this process is killed.
   */
  began(backup: { readonly id: string; readonly details?: Readonly<Record<string, unknown>> }): Promise<void>
  progress(event: BackupProgress): void
}

export interface BackupProgress {
  readonly message: string
  /** 0 to 100. */
  readonly percent?: number | undefined
  /** For a restore in place: the name under which the replaced data is kept. */
  readonly kept?: string | undefined
  readonly elapsedMs: number
}

/** A finished backup or, with `--no-wait`, one that is still in progress. */
export interface BackupHandle {
  readonly id: string
  readonly provider: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly sizeBytes?: number | undefined
  /** `creating` only if the run did not wait for it. Default: `available`. */
  readonly state?: 'available' | 'creating' | undefined
  /**
   * `elsewhere`: it can't be restored in place; `describe()` names the command that restores it to a new place.
   * Default: `in-place`.
   */
  readonly restores?: 'in-place' | 'elsewhere' | undefined
  /**
   * Restores the backup in place. Called after the logical rollback of a failed run. After a failure the database is as
   * it was before the call. Rejects with RESTORE_ELSEWHERE if the backup can't be restored in place.
   */
  restore(occasion?: RestoreOccasion): Promise<void>
  describe?(): BackupDescription
}

/** Why a backup is restored. `committed: false` means that the failed run left nothing committed. */
export type RestoreOccasion =
  | { readonly kind: 'failed-run'; readonly committed: boolean }
  | { readonly kind: 'asked'; readonly watch?: BackupWatch }

export interface BackupDescription {
  /** One line: what it is and where. */
  readonly text: string
  /** The command to type: `db:restore ID --to NEW_NAME`. */
  readonly restoreCommand: string
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/**
 * Takes backups. A custom provider needs only `name` and `before`.
 *
 * To stop the run before any change, `before` rejects with a `MigratorError` that says what to do. Any other error is
 * reported as BACKUP_FAILED.
 */
export interface BackupProvider {
  readonly name: string
  /** One backup for the whole run (default), or one before every migration; each migration then has its own transaction. */
  readonly per?: 'run' | 'migration' | undefined
  /**
   * `sessions`: the database must have no sessions during `before` and `restore`. The run then closes its own first,
   * takes its lock again afterwards, and continues only if the plan is unchanged.
   */
  readonly excludes?: 'sessions' | undefined
  before(scope: BackupScope, watch: BackupWatch): Promise<BackupHandle>
}

/** A provider whose backups can be listed, removed and restored by commands. */
export interface ManagedBackupProvider extends BackupProvider {
  /** Whether backups can also be restored in place, in addition to `restoreTo`. */
  readonly restoresInPlace: boolean
  /** The backups that this tool made, newest first. */
  list(): Promise<readonly StoredBackup[]>
  /** Undefined if the backup does not exist (or no longer does). Also finds backups that this tool did not make. */
  find(id: string): Promise<StoredBackup | undefined>
  /** Removes a backup that this tool made. Rejects with BACKUP_NOT_FOUND. */
  remove(id: string): Promise<void>
  /** Returns a handle for restoring in place. Rejects with BACKUP_NOT_FOUND. */
  open(id: string): Promise<BackupHandle>
  /**
   * Restores to a new place, never over an existing one, waits until it is ready, and changes nothing else. After a
   * failure the error's details name what was created. Rejects with RESTORE_TARGET_EXISTS, BACKUP_NOT_FOUND or
   * RESTORE_FAILED.
   */
  restoreTo(id: string, to: string | undefined, watch: BackupWatch): Promise<RestoredPlace>
}

export interface StoredBackup {
  readonly id: string
  readonly provider: string
  readonly state: 'creating' | 'available' | 'failed'
  /** ISO 8601. */
  readonly createdAt: string
  readonly sizeBytes?: number | undefined
  readonly percent?: number | undefined
  /** Whether this tool made it, so that it may be pruned. */
  readonly own: boolean
  readonly runId?: string | undefined
  readonly migrations?: readonly string[] | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

export interface RestoredPlace {
  readonly kind: 'instance' | 'cluster' | 'database' | 'schema'
  readonly name: string
  /** Host, port and database of the new place; no password. */
  readonly connection?: string | undefined
  /** What the operator does next to cut over, one step per entry. */
  readonly nextSteps: readonly string[]
}

/** A backup as recorded in the database (`migration_backups`). */
export interface BackupRecord {
  readonly id: string
  readonly provider: string
  readonly runId: string
  readonly operation: BackupScope['operation']
  /** The migration, if the backup is for a single one. */
  readonly migration?: string | undefined
  /** `interrupted`: the run that waited for it ended before it was finished. */
  readonly state: 'creating' | 'available' | 'failed' | 'interrupted' | 'restored' | 'removed'
  /** ISO 8601. */
  readonly createdAt: string
  readonly finishedAt?: string | undefined
  readonly sizeBytes?: number | undefined
  readonly reason?: string | undefined
  readonly restoreCommand?: string | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** Keeps the backup records. Uses the caller's session; each call commits separately. */
export interface BackupStore {
  /** Creates what the store needs. */
  prepare(on: Session): Promise<void>
  /** Inserts the record, or replaces the one with the same id and run; `absent` if the table does not exist yet. */
  record(on: Session, backup: BackupRecord): Promise<'recorded' | 'absent'>
  /** Newest first; empty if the table does not exist yet. Creates nothing. */
  read(on: Session, limit: number): Promise<readonly BackupRecord[]>
}
