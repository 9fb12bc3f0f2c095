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

/** A statement that is about to be sent, with what a module bound to its parameters. */
export interface KeptStatement {
  readonly sql: string
  readonly parameters: readonly unknown[]
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
  /** Of what is left: the first rows that hold something else now. Their keys belong into no log. */
  readonly conflicts?: readonly KeptConflict[] | undefined
}

/** A kept row, or kept values of one, whose table has something else in their place. */
export interface KeptConflict {
  /** The columns that identify the row, as texts. */
  readonly key: Readonly<Record<string, string | null>>
  /** Columns in which the two differ. */
  readonly columns: readonly string[]
  /** Digests of these columns' values: what is kept, and what the table has now; null if it has no such row. */
  readonly kept: string
  readonly now: string | null
}

/** One copy in the archive. */
export interface KeptCopy {
  readonly id: string
  readonly migration: string
  /** `waiting`: the next `up` of its migration restores it. `left`: it was not restored, and a person decides. */
  readonly state: 'waiting' | 'left'
  readonly table: string
  readonly columns?: readonly string[] | undefined
  readonly rows: number
  readonly copy: string
  readonly why?: string | undefined
  /** ISO 8601. */
  readonly preservedAt: string
}

/** Which rows of a copy: all, or those whose columns have these values, as texts. */
export interface KeptChoice {
  readonly id: string
  readonly key: Readonly<Record<string, string>>
}

/** Watches one step up, and then restores what is kept for it. */
export interface Returning {
  /** Call it before each statement of the step. */
  beforeStatement(sql: string): Promise<void>
  /**
   * Restores the data after the `up`, and removes what is restored from the copy. Triggers do not fire. A value that the
   * `up` took from data written since it was kept stays; the kept one stays in the copy.
   */
  putBack(): Promise<readonly PutBackRows[]>
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
  keep(
    on: Session,
    owner: KeptFor,
    statement: KeptStatement,
    untold: 'refused' | 'accepted',
  ): Promise<readonly KeptRows[]>
  /** Every table and column, to compare with what is left when the step has finished. */
  inventory(on: Session): Promise<ColumnInventory>
  /** Completes what `keep` has kept, once the step has finished. */
  finish(on: Session, owner: KeptFor): Promise<void>
  /** Rejects with DATA_NOT_PRESERVED if something was destroyed that `keep` was not asked to keep. */
  refuseUnkept(on: Session, owner: KeptFor, before: ColumnInventory): Promise<void>
  /** Call it before the first statement of a step up; its answer restores what is kept for the migration. */
  returning(on: Session, migration: string): Promise<Returning>
  /** Every copy, oldest first. Creates nothing. */
  list(on: Session): Promise<readonly KeptCopy[]>
  /** How many of the chosen rows are kept, and the first `limit` of them that the table does not hold as they are kept. */
  compare(
    on: Session,
    choice: KeptChoice,
    limit: number,
  ): Promise<{ readonly rows: number; readonly conflicts: readonly KeptConflict[] }>
  /**
   * Writes the chosen rows or values over what the table holds now, and removes them from the copy. Triggers do not fire.
   * Rejects with PRESERVED_DATA_UNFIT if one does not fit, and if its migration is not applied.
   */
  apply(on: Session, choice: KeptChoice): Promise<SettledRows>
  /** Removes the chosen rows from the copy, and the copy when nothing is left in it. */
  drop(on: Session, choice: KeptChoice): Promise<SettledRows>
  /** Discards what a run has kept for a migration. */
  discard(on: Session, owner: KeptFor): Promise<void>
}

export interface SettledRows {
  /** Rows that were applied or dropped. */
  readonly rows: number
  /** Rows that the copy still holds. */
  readonly left: number
}

/** Tables and columns by oid and number, with their names. */
export type ColumnInventory = ReadonlyMap<string, string>
