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
import type { SchemaSource, SchemaSourceOptions } from './schema-source.ts'
import type { ScriptLanguage } from './script-language.ts'
import type { Session } from './session.ts'
import type { StepSession } from './step.ts'

/** A database that migrations run against. The adapter owns the connections that it opens; `close` closes all of them. */
export interface Database {
  readonly location: DatabaseLocation
  /** How its sessions name themselves to the server. */
  readonly applicationName: string
  readonly capabilities: Capabilities
  /** The store that keeps the history in this database. */
  readonly historyStore: HistoryStore
  readonly catalog: Catalog
  /** How it reads scripts; undefined if its migrations are modules only. */
  readonly script?: ScriptLanguage | undefined
  /** Records backups in this database; undefined if backups are not recorded. */
  readonly backupStore?: BackupStore | undefined
  /**
   * Undefined if other sessions cannot be inspected: blockers are then not named, and `tryRunLock` treats the lock as
   * held while the server is still working for the run that held it.
   */
  readonly activity?: Activity | undefined
  /** Keeps the protection mark in this database. */
  readonly protectionMarks: ProtectionMarks
  /** Measures what a rollback would destroy; undefined if the database cannot measure it. */
  readonly losses?: Losses | undefined
  /** Preserves that data in this database; undefined if the database cannot preserve it. */
  readonly keptData?: KeptData | undefined
  /** Opens a separate session. Rejects with CONNECTION_FAILED, AUTHENTICATION_FAILED or DATABASE_NOT_FOUND. */
  connect(options: SessionOptions): Promise<StepSession>
  /**
   * Replaces a session whose connection is lost. Resolves once the server has nothing in progress for the lost session,
   * so the history shows its outcome. Otherwise rejects with CONNECTION_LOST or CONNECTION_FAILED.
   */
  replace(lost: Session, options: SessionOptions): Promise<StepSession>
  /** Tries once to become the only runner. Undefined if another run holds the lock; no connection stays open then. */
  tryRunLock(): Promise<RunLock | undefined>
  /** Rejects with CONNECTION_FAILED if the run lock, while held, leaves no connection for the steps. */
  refuseWithoutRoom?(on: Session): Promise<void>
  /** Who holds the run lock, if the server reports it. */
  runLockHolder(on: Session): Promise<LockHolder | undefined>
  /**
   * Writes every attempt to the database's log table, outside the steps' transactions. The caller closes it. Absent if
   * there is no such log.
   */
  log?(operator: Operator, onWarning: (message: string) => void): EventLog
  /** The newest rows of that log; empty if it does not exist yet. Creates nothing. */
  readLog?(on: Session, limit: number): Promise<readonly LogRow[]>
  /**
   * How another process connects to it. Contains the password: it is passed only to that process. Absent if no other
   * process can connect.
   */
  address?(): DatabaseAddress
  /** Writes the schema of this database as a migration; absent if the adapter cannot. */
  schemaSource?(options: SchemaSourceOptions): SchemaSource
  /** Closes every connection; later calls open new ones. */
  close(): Promise<void>
}

/** What a database can undo on its own. The engine relies on this, never on the kind of database. */
export interface Capabilities {
  /**
   * What a transaction rolls back. Unless this is `schema-and-data`, every step runs outside a transaction: it is
   * marked first, its progress is recorded, and a recovery inspects the actual state.
   */
  readonly atomic: 'schema-and-data' | 'data-only' | 'none'
  /** Whether several steps can share one transaction. */
  readonly oneTransactionForAll: boolean
  /** Whether steps can be tried on scratch databases of the same kind: rehearsals, drift, and dry runs of modules. */
  readonly rehearsal: boolean
}

export interface DatabaseAddress {
  readonly connectionString: string
  /** False if the string is not enough to connect: an application's client has certificates or asks for a password. */
  readonly complete?: boolean
  readonly historyTable?: string
  readonly connectTimeoutMs?: number
}

export interface SessionOptions {
  /** Whether modules will run in this session: they get the driver's full set of types, which costs a query at the start. */
  readonly modules: boolean
}
