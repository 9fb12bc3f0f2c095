import type { CatalogDigest, HistoryChange, HistoryEntry } from '../core/history.ts'
import type { SourceFile } from '../core/migration.ts'
import type { Session } from './session.ts'

/** Keeps the history. `record` uses the caller's session, so the record commits with the step. */
export interface HistoryStore {
  /** False for a store outside the database, which is written after the commit. */
  readonly commitsWithStep: boolean
  /** Reads without creating anything; returns no entries if there is no history yet. */
  read(on: Session): Promise<readonly HistoryEntry[]>
  /** Creates or completes whatever the store needs. Call it under the run lock. Rejects with HISTORY_TABLE_INCOMPATIBLE. */
  prepare(on: Session): Promise<void>
  /**
   * Whether `record` sends everything at once, before it awaits anything, so it can be sent together with the commit.
   * Default: no.
   */
  recordsAtOnce?(): boolean
  /**
   * Records the changes in this order, all or none of them. Rejects with HISTORY_CHANGED if a change contradicts the
   * history: applying an entry that exists, or reverting one that does not.
   */
  record(on: Session, ...changes: readonly HistoryChange[]): Promise<void>
  /**
   * Sends everything at once. Rejects with HISTORY_CHANGED unless the history, as this session sees it, has at least
   * `atLeast` entries: a step may have emptied it. Absent: not checked.
   */
  confirm?(on: Session, atLeast: number): Promise<void>
  /**
   * Whether a statement would change or remove the history itself; such a statement is not sent if it could not be
   * undone.
   */
  mayBeHarmedBy?(statement: string): boolean
  /** The archived sources of an applied migration; empty if none were kept. */
  sources(on: Session, id: string): Promise<readonly SourceFile[]>
  /** The catalog before a dirty step began. */
  catalogBefore(on: Session, id: string): Promise<CatalogDigest | undefined>
}
