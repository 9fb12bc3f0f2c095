/**
 * The ports: what operations need of the world. Adapters (`postgres/`, `load/`, `report/` …) implement them;
 * operations know nothing else of the world. A second dialect is a second folder beside `postgres/`.
 */
import type { CatalogSnapshot } from './core/catalog.ts'
import type { CatalogDigest, HistoryChange, HistoryEntry, Operator } from './core/history.ts'
import type { Action, Direction, Migration, MigrationContext, SourceFile } from './core/migration.ts'
import type { ErrorCode } from './errors.ts'
import type { BackupStore } from './ports/backup.ts'
import type { KeptData, Losses } from './ports/kept-data.ts'

/** Where a database stands; safe to print. */
export interface DatabaseLocation {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Loopback or a Unix socket. */
  readonly local: boolean
}

/** A database that migrations run against. The adapter owns the connections that it opens; `close` ends all of them. */
export interface Database {
  readonly location: DatabaseLocation
  /** How its sessions name themselves to the server. */
  readonly applicationName: string
  /** The store that keeps the history in this very database. */
  readonly historyStore: HistoryStore
  readonly catalog: Catalog
  /** Keeps what backups were taken, in this very database. */
  readonly backupStore: BackupStore
  readonly activity: Activity
  /** Tells what steps down would destroy. */
  readonly losses: Losses
  /** Keeps it, in this very database. */
  readonly keptData: KeptData
  /** Opens a session of its own. Rejects with CONNECTION_FAILED, AUTHENTICATION_FAILED or DATABASE_NOT_FOUND. */
  connect(options: SessionOptions): Promise<Session>
  /**
   * A session in place of one whose connection is lost. It resolves once the server has nothing under way for the lost one
   * any more, so that the history says what became of it. Rejects with CONNECTION_LOST or CONNECTION_FAILED otherwise.
   */
  replace(lost: Session, options: SessionOptions): Promise<Session>
  /** Tries once to become the only runner. Undefined when another run holds the lock; nothing stays open then. */
  tryRunLock(): Promise<RunLock | undefined>
  /** Who holds the run lock, as far as the server tells. */
  runLockHolder(on: Session): Promise<LockHolder | undefined>
  /** Keeps every attempt in the database's log table, apart from the steps' transactions. The caller closes it. */
  log(operator: Operator, onWarning: (message: string) => void): EventLog
  /** The newest lines of that log, without creating anything; empty where there is none yet. */
  readLog(on: Session, limit: number): Promise<readonly LogRow[]>
  /** How another process reaches it. It holds the password: it is sent to that process, and goes nowhere else. */
  address(): DatabaseAddress
  /** Ends every connection; what is asked for afterwards opens new ones. */
  close(): Promise<void>
}

/** One line of the database's log. */
export interface LogRow {
  /** ISO 8601. */
  readonly loggedAt: string
  readonly runId: string
  readonly level: string
  readonly event: string
  readonly version?: string | undefined
  readonly direction?: string | undefined
  readonly message: string
  readonly durationMs?: number | undefined
  readonly reason?: string | undefined
  readonly operator?: unknown
  readonly error?: unknown
}

export interface DatabaseAddress {
  readonly connectionString: string
  readonly historyTable?: string
  readonly connectTimeoutMs?: number
}

export interface SessionOptions {
  /** Whether modules will run here: they get the driver's full set of types, which costs a query at the start. */
  readonly modules: boolean
}

/** Limits of one step. */
export interface StepLimits {
  /** How long a statement waits for a lock before it gives up (PostgreSQL's lock_timeout); 0 waits for ever. */
  readonly lockTimeoutMs: number
  /** How long a statement may take (statement_timeout); 0 has no limit. */
  readonly statementTimeoutMs: number
}

/**
 * One connection. Calls that are not awaited are sent behind each other in one go (pipelined); the server still
 * executes them in order, and after a failure inside a transaction it refuses the rest.
 */
export interface Session {
  /** Begins a transaction with these limits. The caller owns it and ends it with `commit` or `abort`. */
  begin(limits: StepLimits): Promise<void>
  /**
   * Removes, inside the transaction, whatever the statements performed since it began may have left in the session: settings
   * and roles, temporary objects, prepared statements, cursors, session locks; then sets the limits anew. Before `commit` it
   * also checks deferred constraints; before another `step` of the same transaction call `checkConstraints` first.
   */
  freshen(limits: StepLimits, next: 'step' | 'commit'): Promise<void>
  /**
   * Fails inside the transaction unless it is the one that `begin` opened and, with a lock, the run lock is still held.
   * Rejects with TRANSACTION_CONTROL or LOCK_LOST.
   */
  guard(lock: RunLock | undefined): Promise<void>
  /** Sends what the calls in `work` would send as one message; a failure of one is a failure of all behind it. */
  together(work: () => readonly Promise<void>[]): Promise<void>
  /**
   * Checks deferred constraints now, so that the step that violates one fails, and no pending trigger keeps the next step
   * from altering the table. Afterwards they are deferred as declared.
   */
  checkConstraints(): Promise<void>
  /** Rejects when the server answers anything but COMMIT (then nothing is committed). */
  commit(): Promise<void>
  /** Rolls back; never rejects, because a lost connection has rolled back already. */
  abort(): Promise<void>
  /**
   * The same outside a transaction. One that was left open is rolled back first; the answer says so. Behind a pooler it
   * does only that.
   */
  settle(limits: StepLimits): Promise<LeftTransaction>
  /** Runs one step's action. `watch` sees every statement before it is sent and may refuse it by throwing. */
  perform(action: Action, watch: StatementWatch): Promise<void>
  /** Sends an SQL text as one message. */
  execute(sql: string): Promise<void>
  /** Rows as objects of texts. */
  query(sql: string): Promise<readonly Row[]>
  /** Several queries (two or more) as one message, and so in one transaction; the rows of each. */
  queryAll(queries: readonly string[]): Promise<readonly (readonly Row[])[]>
  /** Behind a pooler: statements outside a transaction may each run in another of its connections. */
  readonly pooled: boolean
  /** The server's process id, for looking at what blocks this session. */
  readonly serverPid: number
  /** The first statement that failed since `begin`, or since the last action outside a transaction began. */
  readonly firstFailure: unknown
  /** Whether its connection is gone; nothing can be sent any more. */
  readonly isLost: boolean
  /** Asks the server to cancel what was sent, again and again until all of it is answered; then it resolves. */
  cancel(): Promise<void>
  close(): Promise<void>
}

/** A transaction that a step outside a transaction began and did not end. */
export type LeftTransaction = 'none' | 'open' | 'aborted'

export type Row = Readonly<Record<string, string | null>>

export interface StatementWatch {
  /** In a transaction, a module's or script's COMMIT is refused; outside, a script is cut into statements. */
  readonly within: 'transaction' | 'no-transaction'
  /** Called right before a script is sent as a whole; may refuse it by throwing. */
  beforeScript?(): void
  /**
   * Called before each statement, with what a module bound to its parameters; rejecting stops the step. The answer `skip`
   * leaves the statement out.
   */
  beforeStatement?(sql: string, parameters?: readonly unknown[]): Promise<'run' | 'skip'>
  /** Receives what a module says of its progress. */
  progress?: MigrationContext['progress']
  /** Called after each statement that succeeded. */
  afterStatement?(sql: string): Promise<void>
}

/** The run lock: one runner at a time, across machines. It lives in its own transaction on its own connection. */
export interface RunLock {
  /** Whether the server still sees it held, asked on another session. */
  isHeld(on: Session): Promise<boolean>
  /** Resolves when the connection that holds it is lost; never after `release`. */
  readonly lost: Promise<void>
  release(): Promise<void>
}

export interface LockHolder {
  readonly pid: number
  readonly applicationName: string
  /** ISO 8601. */
  readonly since: string
}

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
  /** The archived sources of an applied migration, empty when none were kept. */
  sources(on: Session, id: string): Promise<readonly SourceFile[]>
  /** The catalog as it was before a dirty step began. */
  catalogBefore(on: Session, id: string): Promise<CatalogDigest | undefined>
}

/** Reads what is really there, from the system catalogs only. */
export interface Catalog {
  /** Every object with all its properties. */
  snapshot(on: Session): Promise<CatalogSnapshot>
  /** The same, each object's properties reduced to a digest. */
  digest(on: Session): Promise<CatalogDigest>
  /** Whether any constraint may be checked as late as at COMMIT. */
  hasDeferrable(on: Session): Promise<boolean>
  /** One digest over all of it that is portable: equal on another server where the same migrations were applied. */
  fingerprint(on: Session): Promise<string>
  /** The same, of a snapshot that was taken before. */
  fingerprintOf(snapshot: CatalogSnapshot): Promise<string>
  /** Indexes that a failed CONCURRENTLY left behind, qualified and quoted. */
  invalidIndexes(on: Session): Promise<readonly string[]>
  /** Whether a table holds rows, or a column of it values; false for what is not there or holds none by its nature. */
  holdsData(on: Session, object: NamedObject): Promise<boolean>
}

/** A table, or with `part` a column of it; without a schema it is looked up in the search path. */
export interface NamedObject {
  readonly kind: string
  readonly schema?: string | undefined
  readonly name: string
  readonly part?: string | undefined
}

/** What other sessions do, asked on a session that waits for nothing. */
export interface Activity {
  /** Sessions that keep this one waiting. */
  blockersOf(on: Session, serverPid: number): Promise<readonly Blocker[]>
  /** For how many milliseconds a session of that name has been waiting for a lock; 0 when none waits. */
  lockWaitMs(on: Session, applicationName: string): Promise<number>
  /**
   * Ends the sessions that an earlier run left behind without anything to do; resolves with those that still work in the
   * server, though nobody waits for their answer.
   */
  endOrphansOf(on: Session, applicationName: string): Promise<readonly Blocker[]>
  /** Ends open transactions of runs that hold no run lock any more: they can't commit, and keep their locks. */
  endAbandoned(on: Session): Promise<void>
}

export interface Blocker {
  readonly pid: number
  readonly applicationName: string
  readonly state: string
  /** ISO 8601; the start of its transaction. */
  readonly since: string
  readonly query: string
}

/** Takes what happens, as it happens. A sink never throws into the run. */
export interface EventSink {
  emit(event: RunEvent): void
  /** Resolves when everything emitted so far is kept. */
  flush(): Promise<void>
}

/** A sink that holds a resource. */
export interface EventLog extends EventSink {
  close(): Promise<void>
}

export interface RunEvent {
  readonly kind:
    | 'run-started'
    | 'run-finished'
    | 'run-failed'
    | 'refused'
    | 'lock-waiting'
    | 'step-started'
    | 'step-progress'
    | 'step-retrying'
    | 'step-applied'
    | 'step-reverted'
    | 'step-failed'
    | 'dirty-found'
    | 'recovery-started'
    | 'recovered'
    | 'recovery-failed'
    | 'record-dropped'
    | 'data-preserved'
    | 'data-put-back'
    | 'backup-started'
    | 'backup-progress'
    | 'backup-taken'
    | 'backup-failed'
    | 'backup-restored'
    | 'history-changed'
    | 'notice'
    | 'warning'
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  /** ISO 8601. */
  readonly timestamp: string
  readonly runId: string
  readonly version?: string | undefined
  readonly versions?: readonly string[] | undefined
  readonly direction?: Direction | undefined
  readonly checksum?: string | undefined
  readonly durationMs?: number | undefined
  /** 1-based place of the step in the run, and how many there are. */
  readonly index?: number | undefined
  readonly total?: number | undefined
  readonly error?: ErrorReport | undefined
  readonly reason?: string | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** An error as it goes into logs, events and `--json`: plain data, redacted. */
export interface ErrorReport {
  readonly code: ErrorCode | 'INTERNAL'
  readonly message: string
  readonly hint?: string | undefined
  readonly exitCode: number
  readonly [detail: string]: unknown
}

export interface Clock {
  now(): Date
  /** Milliseconds of a clock that never goes back. */
  monotonicMs(): number
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Makes a migration of the source that the history keeps, when its files are gone. */
export interface Archive {
  /**
   * Rejects with ARCHIVE_DAMAGED when the sources do not match the recorded checksums, and with ARCHIVE_UNTRUSTED when
   * they are a module's code that neither the repository nor the operator vouches for.
   */
  load(entry: HistoryEntry, sources: readonly SourceFile[]): Promise<Migration>
  /** Throws ARCHIVE_DAMAGED unless the sources are what was recorded, and stay within the migrations directory. */
  verify(entry: HistoryEntry, sources: readonly SourceFile[]): void
}
