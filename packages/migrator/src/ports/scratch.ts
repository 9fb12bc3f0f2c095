/**
 * Scratch databases: throw-away places in which migrations are tried. Nobody's data is ever in one. The live database
 * is never used to find out what would happen.
 */
import type { Action, Direction } from '../core/migration.ts'
import type { Clock } from './clock.ts'
import type { Database } from './database.ts'
import type { RehearsalTools } from './rehearsal.ts'
import type { Session } from './session.ts'
import type { StatementPlace, StatementWatch } from './step.ts'

/** A server that throw-away databases are made on: the embedded one, or one that was named. */
export interface ScratchServer {
  /** PostgreSQL's major version. */
  readonly major: number
  /** For people: `embedded PostgreSQL 18`, `PostgreSQL 16 at db.test:5432`. */
  readonly name: string
  /** A new, empty database. */
  empty(): Promise<ScratchDatabase>
  /** A copy of what was kept under the first of these keys that anything is kept under; undefined when nothing is. */
  copyOf(keys: readonly string[]): Promise<KeptCopy | undefined>
  /**
   * A copy of a database as it is now. Every connection to the original is closed for it; it may be connected to again
   * afterwards.
   */
  copy(from: ScratchDatabase): Promise<ScratchDatabase>
  /**
   * Keeps a copy of a database under a key, beyond this process; what was not used for longest makes room. Closes its
   * connections like `copy`. Keeping twice under one key is the same as once.
   */
  keep(from: ScratchDatabase, key: string): Promise<void>
  /** Drops every database that this process made and did not drop, and closes all connections. May be called twice. */
  close(): Promise<void>
}

export interface KeptCopy {
  readonly key: string
  readonly scratch: ScratchDatabase
}

/** A throw-away database; whoever asked for it drops it. */
export interface ScratchDatabase {
  readonly name: string
  readonly database: Database
  /**
   * Looks after what belongs to the server and not to this database (roles) while an action runs on one of its sessions: asked
   * before each statement, it says which to leave out. Undefined where the action names nothing of the kind.
   */
  watchShared(on: Session, action: Action): StatementWatch['beforeStatement']
  /** Closes its connections and removes it. May be called twice. */
  drop(): Promise<void>
}

/** What work on scratch databases needs of the world. */
export interface ScratchContext {
  readonly server: ScratchServer
  readonly tools: RehearsalTools
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Called before each step is tried, and before each of its statements where they are sent one by one. */
  readonly onStep?: ((id: string, direction: Direction, statement?: StatementPlace) => void) | undefined
}
