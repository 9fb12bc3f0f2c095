import { firstFailureOf } from '../../../core/first-failure.ts'
import type { Action } from '../../../core/migration.ts'
import { redactText } from '../../../core/redact.ts'
import { MigratorError } from '../../../errors.ts'
import type { AtomicStep, StatementWatch, StepLimits, StepRecord } from '../../../ports/step.ts'
import type { SqlSession } from './sql-session.ts'

export interface AtomicStepOptions {
  readonly limits: StepLimits
  /** Whether a constraint may be checked as late as at COMMIT: each step of several is then checked at its own end. */
  readonly deferrable: boolean
  /** The answer to BEGIN. */
  readonly begun: Promise<void>
}

/** A transaction on a session. Messages are pipelined: it awaits an answer only if the next message depends on it. */
export class PostgresAtomicStep implements AtomicStep {
  readonly #on: SqlSession
  readonly #options: AtomicStepOptions
  #file = ''

  constructor(on: SqlSession, options: AtomicStepOptions) {
    this.#on = on
    this.#options = options
  }

  perform(action: Action, watch: StatementWatch = {}): Promise<void> {
    this.#file = action.file
    return this.#explained([this.#options.begun, this.#on.perform(action, { ...watch, within: 'transaction' })])
  }

  endOfStep(): Promise<void> {
    const { limits, deferrable } = this.#options
    return this.#explained([
      this.#on.together(() => [
        this.#on.guard(undefined),
        ...(deferrable ? [this.#on.checkConstraints()] : []),
        this.#on.freshen(limits, 'step'),
      ]),
    ])
  }

  async commit(record?: StepRecord): Promise<void> {
    const within = record?.store.commitsWithStep ? record : undefined
    const atOnce = within?.store.recordsAtOnce?.() ?? false
    if (within && !atOnce) await this.#recordFirst(within)
    return this.#explained([
      // In a message of its own: the server reads a message in the client_encoding that is set when it arrives.
      this.#on.freshen(this.#options.limits, 'commit'),
      this.#on.together(() => [
        ...(within && atOnce ? recording(this.#on, within) : []),
        this.#on.guard(record?.lock),
        this.#on.commit(),
      ]),
    ])
  }

  abort(): Promise<void> {
    return this.#on.abort()
  }

  /** Before the message that commits: how long the store takes, and what it sends, is its own. */
  async #recordFirst(record: StepRecord): Promise<void> {
    try {
      await this.#explained([this.#on.freshen(this.#options.limits, 'commit'), this.#on.guard(record.lock)])
      await recordAwaiting(this.#on, record)
    } catch (error) {
      throw notSentYet(error)
    }
  }

  async #explained(sent: readonly Promise<void>[]): Promise<void> {
    try {
      await firstFailureOf(sent)
    } catch (error) {
      throw unlessSwallowed(error, this.#on.firstFailure, this.#file)
    }
  }
}

/** The records, and behind them whether the history holds what it must. */
export function recording(on: SqlSession, { store, changes, atLeast }: StepRecord): readonly Promise<void>[] {
  const recorded = store.record(on, ...changes)
  const confirmed = store.confirm?.(on, atLeast)
  return confirmed ? [recorded, confirmed] : [recorded]
}

/** The same of a store that awaits before it sends. */
export async function recordAwaiting(on: SqlSession, { store, changes, atLeast }: StepRecord): Promise<void> {
  await store.record(on, ...changes)
  await store.confirm?.(on, atLeast)
}

function notSentYet(error: unknown): unknown {
  if (!(error instanceof MigratorError) || error.code !== 'CONNECTION_LOST') return error
  const details = { ...error.details, outcome: 'not-committed' }
  return new MigratorError(error.code, error.message, { cause: error, hint: error.hint, details })
}

/** After an error that a module caught, the server refuses everything (25P02): the first one is the one to tell. */
export function unlessSwallowed(error: unknown, first: unknown, file: string): unknown {
  if (!(error instanceof MigratorError) || error.details.sqlstate !== '25P02' || first === undefined) return error
  const told = redactText(first instanceof Error ? first.message : String(first))
  const message = `${file} swallowed a database error; the transaction was already aborted: ${told}`
  return new MigratorError('SWALLOWED_ERROR', message, { cause: first, details: { file } })
}
