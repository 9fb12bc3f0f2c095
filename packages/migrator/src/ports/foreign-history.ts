import type { ForeignHistory } from '../core/foreign-history.ts'
import type { Session } from './session.ts'

/** The histories that other migration tools keep in the database. */
export interface ForeignHistories {
  /**
   * Reads one, named by its tool, its table, or `schema.table`. Never writes. Rejects with HISTORY_NOT_FOUND, naming those
   * that exist, if there is none or more than one by that name.
   */
  read(on: Session, name: string): Promise<ForeignHistory>
  /** Those that exist: their tools, and their tables as `schema.table`. */
  list(on: Session): Promise<readonly Pick<ForeignHistory, 'tool' | 'table'>[]>
}
