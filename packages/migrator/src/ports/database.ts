import type { Operator } from '../core/history.ts'
import type { Activity } from './activity.ts'
import type { BackupStore } from './backup.ts'
import type { Catalog } from './catalog.ts'
import type { EventLog, LogRow } from './events.ts'
import type { HistoryStore } from './history-store.ts'
import type { KeptData, Losses } from './kept-data.ts'
import type { DatabaseLocation } from './location.ts'
import type { ProtectionMarks } from './protection.ts'
import type { LockHolder, RunLock } from './run-lock.ts'
import type { ScriptLanguage } from './script-language.ts'
import type { Session } from './session.ts'
import type { StepSession } from './step.ts'

/** A database that migrations run against. The adapter owns the connections that it opens; `close` ends all of them. */
export interface Database {
  readonly location: DatabaseLocation
  /** How its sessions name themselves to the server. */
  readonly applicationName: string
  readonly capabilities: Capabilities
  /** The store that keeps the history in this very database. */
  readonly historyStore: HistoryStore
  readonly catalog: Catalog
  /** How it reads scripts; undefined where its migrations are modules only. */
  readonly script?: ScriptLanguage | undefined
  /** Keeps what backups were taken, in this very database; undefined where nothing is on record about them. */
  readonly backupStore?: BackupStore | undefined
  /**
   * Undefined if other sessions cannot be inspected: blockers are then not named. `tryRunLock` then leaves the
   * lock taken for as long as the server still works for the run that had it.
   */
  readonly activity?: Activity | undefined
  /** Keeps whether it is protected, in this very database. */
  readonly protectionMarks: ProtectionMarks
  /** Measures what a rollback would destroy; undefined if the database cannot measure it. */
  readonly losses?: Losses | undefined
  /** Keeps it, in this very database; undefined where it can't be kept. */
  readonly keptData?: KeptData | undefined
  /** Opens a session of its own. Rejects with CONNECTION_FAILED, AUTHENTICATION_FAILED or DATABASE_NOT_FOUND. */
  connect(options: SessionOptions): Promise<StepSession>
  /**
   * A session in place of one whose connection is lost. It resolves once the server has nothing under way for the lost one
   * any more, so that the history says what became of it. Rejects with CONNECTION_LOST or CONNECTION_FAILED otherwise.
   */
  replace(lost: Session, options: SessionOptions): Promise<StepSession>
  /** Tries once to become the only runner. Undefined when another run holds the lock; nothing stays open then. */
  tryRunLock(): Promise<RunLock | undefined>
  /** Rejects with CONNECTION_FAILED where the run lock, while it is held, leaves no connection for the steps. */
  refuseWithoutRoom?(on: Session): Promise<void>
  /** Who holds the run lock, as far as the server tells. */
  runLockHolder(on: Session): Promise<LockHolder | undefined>
  /** Keeps every attempt in the database's log table, apart from the steps' transactions. The caller closes it. Absent: no such log. */
  log?(operator: Operator, onWarning: (message: string) => void): EventLog
  /** The newest lines of that log, without creating anything; empty where there is none yet. */
  readLog?(on: Session, limit: number): Promise<readonly LogRow[]>
  /** How another process reaches it. It holds the password: it is sent to that process, and goes nowhere else. Absent: none can. */
  address?(): DatabaseAddress
  /** Ends every connection; what is asked for afterwards opens new ones. */
  close(): Promise<void>
}

/** What a database can undo on its own. The engine decides by this, never by the kind of database. */
export interface Capabilities {
  /**
   * What a transaction rolls back when it is rolled back. Unless that is `schema-and-data`, every step runs outside a
   * transaction: marked before, its progress kept, and recovered by what is there.
   */
  readonly atomic: 'schema-and-data' | 'data-only' | 'none'
  /** Whether several steps can share one transaction. */
  readonly oneTransactionForAll: boolean
  /** Whether steps can be tried on scratch databases of its kind: rehearsals, drift, and dry runs of modules. */
  readonly rehearsal: boolean
}

export interface DatabaseAddress {
  readonly connectionString: string
  /** False where the string is not all that it takes to connect: an application's client has certificates or asks for a password. */
  readonly complete?: boolean
  readonly historyTable?: string
  readonly connectTimeoutMs?: number
}

export interface SessionOptions {
  /** Whether modules will run here: they get the driver's full set of types, which costs a query at the start. */
  readonly modules: boolean
}
