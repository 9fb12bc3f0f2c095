/**
 * Scratch databases: disposable databases for trying migrations. They never hold anyone's data. The live database is never
 * used to find out what would happen.
 */
import type { Action, Direction } from '../core/migration.ts'
import type { Clock } from './clock.ts'
import type { Database } from './database.ts'
import type { RehearsalTools } from './rehearsal.ts'
import type { Session } from './session.ts'
import type { StatementPlace, StatementWatch } from './step.ts'

/** A server for disposable databases: the embedded one, or a configured one. */
export interface ScratchServer {
  /** PostgreSQL's major version. */
  readonly major: number
  /** For people: `embedded PostgreSQL 18`, `PostgreSQL 16 at db.test:5432`. */
  readonly name: string
  /** A new, empty database. */
  empty(): Promise<ScratchDatabase>
  /** A copy of the template that is kept under the first of these keys that has one; undefined if none has. */
  copyOf(keys: readonly string[]): Promise<KeptCopy | undefined>
  /**
   * A copy of a database as it is now. Closes every connection to the original; new connections may be opened
   * afterwards.
   */
  copy(from: ScratchDatabase): Promise<ScratchDatabase>
  /**
   * Keeps a copy of a database under a key, for later processes too; the least recently used copy makes room for it. Closes
   * connections as `copy` does. A second copy under the same key has no effect.
   */
  keep(from: ScratchDatabase, key: string): Promise<void>
  /** Drops every database that this process made and did not drop, and closes all connections. May be called twice. */
  close(): Promise<void>
}

export interface KeptCopy {
  readonly key: string
  readonly scratch: ScratchDatabase
}

/** A disposable database. The caller drops it. */
export interface ScratchDatabase {
  readonly name: string
  readonly database: Database
  /**
   * Handles what belongs to the server and not to this database (roles) while an action runs on one of its sessions: called
   * before each statement, it decides which to leave out. Undefined if the action names nothing of that kind.
   */
  watchShared(on: Session, action: Action): StatementWatch['beforeStatement']
  /** Closes its connections and removes it. May be called twice. */
  drop(): Promise<void>
}

/** What work on scratch databases depends on. */
export interface ScratchContext {
  readonly server: ScratchServer
  readonly tools: RehearsalTools
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Called before each step is tried, and before each of its statements where they are sent one by one. */
  readonly onStep?: ((id: string, direction: Direction, statement?: StatementPlace) => void) | undefined
}
