/**
 * Data that steps down destroy: how much of it is there, and how it is kept for the next step up. Types only.
 */
import type { DataLossEffect } from '../core/data-loss-effect.ts'
import type { Loss } from '../core/loss.ts'
import type { Session } from './session.ts'

/** What the steps of a rollback would destroy, in the order in which they run. */
export interface AskedLoss {
  readonly migration: string
  readonly effects: readonly DataLossEffect[]
}

export interface Losses {
  /**
   * Measures how much existing data would be destroyed. Only reads, never waits for a lock, and counts for at most
   * `timeoutMs` in total: anything not counted in that time is estimated from the server's statistics and marked as
   * estimated. Begins and ends transactions on `on`, which the caller must not use for anything else.
   */
  measure(on: Session, asked: readonly AskedLoss[], timeoutMs: number): Promise<readonly Loss[]>
}

/** Whose data is kept. */
export interface KeptFor {
  readonly migration: string
  readonly checksum: string
  readonly runId: string
}

export interface KeptRows {
  /** `schema.table` */
  readonly table: string
  /** For a table that is not dropped: the columns whose values are kept. */
  readonly columns?: readonly string[] | undefined
  readonly rows: number
  /** The table that holds them: `schema.table`. */
  readonly copy: string
}

export interface PutBackRows extends KeptRows {
  readonly putBack: number
  /** Values whose rows have been deleted in the meantime. */
  readonly gone: number
  /** What no longer fits and stays in `copy`. */
  readonly left: number
  readonly why?: string | undefined
}

/**
 * Keeps data that steps down destroy in a schema of the same database, until the step up of the same migration restores
 * it. All calls run in the caller's transaction and are undone with it.
 */
export interface KeptData {
  /** The schema that holds the kept data. */
  readonly schema: string
  /** Ids of migrations with data that is waiting to be restored. */
  waiting(on: Session): Promise<ReadonlySet<string>>
  /**
   * Keeps what a statement is about to destroy, and locks it against writers until the transaction ends. If that cannot
   * be determined, rejects with DATA_NOT_PRESERVED and keeps nothing, unless `untold` is `accepted`.
   */
  keep(on: Session, owner: KeptFor, sql: string, untold: 'refused' | 'accepted'): Promise<readonly KeptRows[]>
  /** Every table and column, to compare with what is left when the step has finished. */
  inventory(on: Session): Promise<ColumnInventory>
  /** Completes what `keep` has kept, once the step has finished. */
  finish(on: Session, owner: KeptFor): Promise<void>
  /** Rejects with DATA_NOT_PRESERVED if something was destroyed that `keep` was not asked to keep. */
  refuseUnkept(on: Session, owner: KeptFor, before: ColumnInventory): Promise<void>
  /**
   * Restores the data kept for a migration after its `up`, and removes the restored data from the copy. Triggers do not
   * fire during the restore.
   */
  putBack(on: Session, migration: string): Promise<readonly PutBackRows[]>
  /** Discards what a run has kept for a migration. */
  discard(on: Session, owner: KeptFor): Promise<void>
}

/** Tables and columns by oid and number, with their names. */
export type ColumnInventory = ReadonlyMap<string, string>
