/**
 * How a step runs: `atomic`, if the database can roll back all of it after a failure, or `outside`, statement by statement.
 * The database's `capabilities` say which of the two it offers.
 */
import type { HistoryChange } from '../core/history.ts'
import type { Action, MigrationContext } from '../core/migration.ts'
import type { HistoryStore } from './history-store.ts'
import type { RunLock } from './run-lock.ts'
import type { Session } from './session.ts'

/** Limits of one step. */
export interface StepLimits {
  /** How long a statement waits for a lock before it gives up (PostgreSQL's lock_timeout); 0 waits forever. */
  readonly lockTimeoutMs: number
  /** How long a statement may take (statement_timeout); 0 has no limit. */
  readonly statementTimeoutMs: number
}

/** A session that runs steps, one at a time: the next begins when the previous one has ended. */
export interface StepSession extends Session {
  /**
   * Begins a transaction for the steps whose `up` or `down` these actions are, in this order. Resolves as soon as calls can be
   * sent after it; if it fails to begin, those calls fail. The caller ends it with `commit` or `abort`.
   */
  atomic(limits: StepLimits, actions: readonly Action[]): Promise<AtomicStep>
  /**
   * Prepares the session for statements that each commit on their own: removes what an earlier step left in it, and rolls
   * back a transaction that is still open.
   */
  outside(limits: StepLimits): Promise<OutsideStep>
  /**
   * Commits records of the history, and nothing else, and only while the run lock is held: a message that reaches the server
   * after another run has begun changes nothing. Rejects with LOCK_LOST if the lock is no longer held.
   */
  record(record: StepRecord): Promise<void>
  /** Whether an action goes out as one message in an `atomic` step, so that more may be sent before it is answered. */
  sendsWhole(action: Action): boolean
  /** Whether the server itself enforces the limits of statements outside a transaction. Otherwise the caller enforces them. */
  readonly enforcesLimits: boolean
}

/** What a step leaves in the history. The caller writes to a store outside the database, after the commit. */
export interface StepRecord {
  readonly store: HistoryStore
  readonly changes: readonly HistoryChange[]
  /** How many entries the history must hold with these changes, for a store that can confirm it. */
  readonly atLeast: number
  readonly lock: RunLock
}

/**
 * One or several steps, all or nothing. Calls that are not awaited are sent one after another without waiting; the server
 * still executes them in order, and after a failure it refuses the rest. Meanwhile, ports that take a session work inside this
 * transaction.
 *
 * If a step's code catches an error of the server, everything after it fails with SWALLOWED_ERROR.
 */
export interface AtomicStep {
  /** Runs an action. `watch` sees every statement before it is sent and may refuse it by throwing. */
  perform(action: Action, watch?: StatementWatch): Promise<void>
  /**
   * Ends one step of several, or shows what `commit` would leave: checks deferred constraints, and removes what the step left
   * in the session. Rejects with TRANSACTION_CONTROL if the step has ended the transaction.
   */
  endOfStep(): Promise<void>
  /**
   * Commits, together with the record if one is given and its store is in the database, and only while the run lock is held.
   * Rejects with LOCK_LOST or TRANSACTION_CONTROL, with nothing committed. If the connection is lost, `details.outcome` is
   * `not-committed` as long as no COMMIT had been sent; otherwise the caller must ask the server for the outcome.
   */
  commit(record?: StepRecord): Promise<void>
  /** Rolls all of it back. Never rejects: a lost connection has rolled back already. */
  abort(): Promise<void>
}

export interface OutsideStep {
  /**
   * Runs an action; each statement commits on its own. Whatever it leaves in the session is removed afterwards. Rejects
   * with TRANSACTION_CONTROL if it began a transaction and did not end it; that transaction is rolled back.
   */
  perform(action: Action, watch?: StatementWatch): Promise<void>
  /**
   * Runs work of other ports all or nothing: in a separate transaction, or in the one that the action has open. Absent if the
   * database has no transactions.
   */
  together?<T>(work: () => Promise<T>): Promise<T>
}

/** A statement of a script. */
export interface StatementPlace {
  /** From 1. */
  readonly index: number
  readonly count: number
}

export interface StatementWatch {
  /** Called right before a script is sent as a whole; may refuse it by throwing. */
  beforeScript?(): void
  /**
   * Called before each statement, with the values that a module bound to its parameters. Rejecting stops the step; `skip` leaves
   * the statement out.
   */
  beforeStatement?(sql: string, parameters?: readonly unknown[]): Promise<'run' | 'skip'>
  /** Once aborted, the step no longer waits for a module's code, and refuses what the code sends afterwards. */
  readonly signal?: AbortSignal
  /** Called before each statement of a script that is sent statement by statement, with its position. */
  statementBegins?(place: StatementPlace): void
  /** Receives the progress that a module reports. */
  progress?: MigrationContext['progress']
  /** Called after each statement that succeeded. */
  afterStatement?(sql: string): Promise<void>
}
