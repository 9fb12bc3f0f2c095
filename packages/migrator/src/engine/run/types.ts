import type { Operator } from '../../core/history.ts'
import type { Migration } from '../../core/migration.ts'
import type { Step } from '../../core/plan.ts'
import type { MigratorError } from '../../errors.ts'
import type { KeptRows, PutBackRows } from '../../ports/kept-data.ts'
import type { RunLock } from '../../ports/run-lock.ts'
import type { StatementPlace, StepSession } from '../../ports/step.ts'
import type { Context, RunOptions } from './context.ts'

/** A step together with what it runs; a step that only drops a record has nothing. */
export interface ReadyStep extends Step {
  readonly migration?: Migration | undefined
  /** Its data is kept: what it destroys on the way down, and what waits for it on the way up. */
  readonly data?: StepData | undefined
}

/**
 * A step whose data is kept: on the way down it is preserved, on the way up it is put back. Filled while the step runs, and
 * anew when it is tried again.
 */
export interface StepData {
  preserved: readonly KeptRows[]
  putBack: readonly PutBackRows[]
}

/** What to do with an archived source that is damaged, or not trusted. */
export type OnUnusableArchive = 'stop' | 'drop-record'

/**
 * How one step of a run ended. `reverted` on the way up: it had been applied and was rolled back. `unknown`: the connection was
 * lost while it was committed, and the server could not be asked.
 */
export type StepResult = { readonly step: Step; readonly durationMs: number } & (
  | { readonly status: 'applied' | 'reverted' | 'not-run' }
  | { readonly status: 'failed' | 'unknown'; readonly error: MigratorError }
)

/** One run while it lasts: the run owns session and lock; steps borrow them. */
export interface Run {
  readonly context: Context
  readonly options: RunOptions
  readonly lock: RunLock
  readonly operator: Operator
  readonly batch: number
  /** The ids that the history must hold. */
  readonly recorded: Set<string>
  total: number
  /** Replaced when its connection was lost. */
  session: StepSession
  /** A session beside the steps', for what is recorded while a step outside a transaction runs. */
  readonly records: () => Promise<StepSession>
  /** A session that looks at what keeps the steps' waiting. */
  readonly observer: () => Promise<StepSession>
  lockLost: boolean
  /** Asked before each step; rejecting stops the run there, with the step not begun. */
  readonly beforeStep?: ((step: ReadyStep) => Promise<void>) | undefined
  /** The current step. */
  current?: ReadyStep | undefined
  /** The current statement of the current step, where its script is sent statement by statement. */
  statement?: StatementPlace | undefined
}
