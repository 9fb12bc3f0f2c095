/**
 * How a step runs: `atomic`, where the database rolls back all of it after a failure, or `outside`, statement by statement.
 * Which of the two a database offers, its `capabilities` say.
 */
import type { HistoryChange } from '../core/history.ts'
import type { Action, MigrationContext } from '../core/migration.ts'
import type { HistoryStore } from './history-store.ts'
import type { RunLock } from './run-lock.ts'
import type { Session } from './session.ts'

/** Limits of one step. */
export interface StepLimits {
  /** How long a statement waits for a lock before it gives up (PostgreSQL's lock_timeout); 0 waits for ever. */
  readonly lockTimeoutMs: number
  /** How long a statement may take (statement_timeout); 0 has no limit. */
  readonly statementTimeoutMs: number
}

/** A session that steps run on. One step at a time: the next begins when the one before has ended. */
export interface StepSession extends Session {
  /**
   * Begins a transaction for the steps whose `up` or `down` these actions are, in this order. Resolves as soon as calls can be sent behind
   * it; where beginning fails, they do. The caller ends it with `commit` or `abort`.
   */
  atomic(limits: StepLimits, actions: readonly Action[]): Promise<AtomicStep>
  /**
   * Makes the session ready for statements that each commit on their own: what an earlier step left in it is gone, and
   * a transaction that was still open is rolled back.
   */
  outside(limits: StepLimits): Promise<OutsideStep>
  /**
   * Commits records of the history, and nothing else, but only while the run lock is held: a message that reaches the server
   * after another run has begun changes nothing. Rejects with LOCK_LOST otherwise.
   */
  record(record: StepRecord): Promise<void>
  /** Whether an action goes out as one message in an `atomic` step, so that more may be sent before it is answered. */
  sendsWhole(action: Action): boolean
  /** Whether the server itself enforces the limits of statements outside a transaction. Otherwise their caller looks after them. */
  readonly enforcesLimits: boolean
}

/** What a step leaves in the history. A store that is not in the database is left to the caller, after the commit. */
export interface StepRecord {
  readonly store: HistoryStore
  readonly changes: readonly HistoryChange[]
  /** How many entries the history must hold with these changes, for a store that can confirm it. */
  readonly atLeast: number
  readonly lock: RunLock
}

/**
 * One or several steps, all or nothing. Calls that are not awaited are sent behind each other in one go; the server still
 * executes them in order, and after a failure it refuses the rest. Ports that take a session work inside of it meanwhile.
 *
 * What a step's code caught of the server's errors makes everything behind it fail with SWALLOWED_ERROR.
 */
export interface AtomicStep {
  /** Runs an action. `watch` sees every statement before it is sent and may refuse it by throwing. */
  perform(action: Action, watch?: StatementWatch): Promise<void>
  /**
   * Ends one step of several, or shows what `commit` would leave: checks what is deferred, and removes what the step left in the
   * session. Rejects with TRANSACTION_CONTROL when the step has ended the transaction.
   */
  endOfStep(): Promise<void>
  /**
   * Commits, with the record where one is given and its store lives in the database, and only while the run lock is held.
   * Rejects with LOCK_LOST or TRANSACTION_CONTROL, nothing committed by it. When the connection is lost, `details.outcome` is
   * `not-committed` as long as nothing had been sent that commits; without it the outcome is to be asked of the server.
   */
  commit(record?: StepRecord): Promise<void>
  /** Takes all of it back; never rejects, because a lost connection has done that already. */
  abort(): Promise<void>
}

export interface OutsideStep {
  /**
   * Runs an action; each statement commits on its own. What the action left in the session is removed afterwards. Rejects
   * with TRANSACTION_CONTROL when it began a transaction and did not end it; that one is rolled back.
   */
  perform(action: Action, watch?: StatementWatch): Promise<void>
  /**
   * Does work of other ports all or nothing: in a transaction of its own, or in the one that the action has open. Absent where
   * the database has no transactions.
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
   * Called before each statement, with what a module bound to its parameters; rejecting stops the step. The answer `skip`
   * leaves the statement out.
   */
  beforeStatement?(sql: string, parameters?: readonly unknown[]): Promise<'run' | 'skip'>
  /** Once it is aborted, a module's code is not waited for any more; what it sends afterwards is refused. */
  readonly signal?: AbortSignal
  /** Called before each statement of a script that is sent statement by statement, with its position. */
  statementBegins?(place: StatementPlace): void
  /** Receives what a module says of its progress. */
  progress?: MigrationContext['progress']
  /** Called after each statement that succeeded. */
  afterStatement?(sql: string): Promise<void>
}
