import type { Action } from '../../../core/migration.ts'
import type { RunLock } from '../../../ports/run-lock.ts'
import type { Session } from '../../../ports/session.ts'
import type { StatementWatch, StepLimits, StepSession } from '../../../ports/step.ts'

/**
 * One connection. Calls that are not awaited are sent behind each other in one go (pipelined); the server still
 * executes them in order, and after a failure inside a transaction it refuses the rest.
 */
export interface SqlSession extends StepSession {
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
  perform(action: Action, watch: StatementWatch & { readonly within: Within }): Promise<void>
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
}

/** In a transaction, a module's or script's COMMIT is refused; outside, a script is cut into statements. */
export type Within = 'transaction' | 'no-transaction'

/** A transaction that a step outside a transaction began and did not end. */
export type LeftTransaction = 'none' | 'open' | 'aborted'

export type Row = Readonly<Record<string, string | null>>

/** Any session of the adapter, as what it is. */
export function asSql(session: Session): SqlSession {
  if ('query' in session && 'execute' in session) return session as SqlSession
  throw new Error('this session is not one of PostgreSQL')
}
