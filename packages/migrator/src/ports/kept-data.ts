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
   * How much of what would be destroyed is there now. Reads only, never waits for a lock, and counts for no longer than
   * `timeoutMs` in all: what is not counted by then is estimated from the server's statistics and marked so. Begins and ends
   * transactions on `on`, which the caller uses for nothing else.
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
  /** Of a table that stays: the columns whose values are kept. */
  readonly columns?: readonly string[] | undefined
  readonly rows: number
  /** The table that holds them: `schema.table`. */
  readonly copy: string
}

export interface PutBackRows extends KeptRows {
  readonly putBack: number
  /** Values whose rows were deleted meanwhile, and that went with them. */
  readonly gone: number
  /** What does not fit any more and stays in `copy`. */
  readonly left: number
  readonly why?: string | undefined
}

/**
 * Keeps what steps down destroy, in a schema of the same database, until the step up of the same migration puts it back. All
 * calls work in the caller's transaction: they are undone with it.
 */
export interface KeptData {
  /** Where it is kept. */
  readonly schema: string
  /** Ids of migrations whose data waits to be put back. */
  waiting(on: Session): Promise<ReadonlySet<string>>
  /**
   * Keeps what a statement is about to destroy, locking it against writers until the transaction ends. Rejects with
   * DATA_NOT_PRESERVED, nothing kept, for a statement of which that is unknown, unless that is `accepted`.
   */
  keep(on: Session, owner: KeptFor, sql: string, untold: 'refused' | 'accepted'): Promise<readonly KeptRows[]>
  /** Every table and column, to be compared with what is left of them when the step is through. */
  inventory(on: Session): Promise<ColumnInventory>
  /** Completes what `keep` has kept, once the step is through. */
  finish(on: Session, owner: KeptFor): Promise<void>
  /** Rejects with DATA_NOT_PRESERVED when something went that `keep` was not asked about. */
  refuseUnkept(on: Session, owner: KeptFor, before: ColumnInventory): Promise<void>
  /** Puts back what is kept for a migration, after its `up`, and removes of it what was put back. Triggers are silent meanwhile. */
  putBack(on: Session, migration: string): Promise<readonly PutBackRows[]>
  /** Forgets what a run has kept for a migration. */
  discard(on: Session, owner: KeptFor): Promise<void>
}

/** Tables and columns by oid and number, with their names. */
export type ColumnInventory = ReadonlyMap<string, string>
