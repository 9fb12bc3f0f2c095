import type { CatalogDigest, HistoryChange, HistoryEntry } from '../core/history.ts'
import type { SourceFile } from '../core/migration.ts'
import type { Session } from './session.ts'

/** Keeps the history. `record` uses the caller's session, so that the record commits with the step. */
export interface HistoryStore {
  /** False for a store outside the database: it is then written after the commit. */
  readonly commitsWithStep: boolean
  /** Reads without creating anything: where there is no history yet, nothing is applied. */
  read(on: Session): Promise<readonly HistoryEntry[]>
  /** Creates or completes what the store needs. Call it under the run lock. Rejects with HISTORY_TABLE_INCOMPATIBLE. */
  prepare(on: Session): Promise<void>
  /** Whether `record` sends all that it sends at once, before it awaits anything, so that it can go with the commit. Default: no. */
  recordsAtOnce?(): boolean
  /**
   * Records the changes in this order, all or none of them. Rejects with HISTORY_CHANGED when one of them does not fit what
   * is on record: an entry that is applied twice, or reverted though there is none.
   */
  record(on: Session, ...changes: readonly HistoryChange[]): Promise<void>
  /**
   * Sends all that it sends at once. Rejects with HISTORY_CHANGED unless the history, as this session sees it, holds at least so
   * many entries: a step may have emptied it. Without it that is not checked.
   */
  confirm?(on: Session, atLeast: number): Promise<void>
  /** Whether a statement would change or remove the history itself; it is not sent where that could not be undone. */
  mayBeHarmedBy?(statement: string): boolean
  /** The archived sources of an applied migration, empty when none were kept. */
  sources(on: Session, id: string): Promise<readonly SourceFile[]>
  /** The catalog as it was before a dirty step began. */
  catalogBefore(on: Session, id: string): Promise<CatalogDigest | undefined>
}
