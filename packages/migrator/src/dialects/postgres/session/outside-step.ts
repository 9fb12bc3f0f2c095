import type { Action } from '../../../core/migration.ts'
import { redactText } from '../../../core/redact.ts'
import { withoutStop } from '../../../core/sentence.ts'
import { MigratorError } from '../../../errors.ts'
import type { OutsideStep, StatementWatch, StepLimits } from '../../../ports/step.ts'
import { unlessSwallowed } from './atomic-step.ts'
import type { SqlSession } from './sql-session.ts'

/** Statements on a session, each in a transaction of its own. */
export class PostgresOutsideStep implements OutsideStep {
  readonly #on: SqlSession
  readonly #limits: StepLimits

  constructor(on: SqlSession, limits: StepLimits) {
    this.#on = on
    this.#limits = limits
  }

  async perform(action: Action, watch: StatementWatch = {}): Promise<void> {
    try {
      await this.#on.perform(action, { ...watch, within: 'no-transaction' })
    } catch (error) {
      throw unlessSwallowed(error, this.#on.firstFailure, action.file)
    }
    await this.#refuseOpen(action)
  }

  async together<T>(work: () => Promise<T>): Promise<T> {
    const [row] = await this.#on.query('SELECT (pg_catalog.now() = pg_catalog.statement_timestamp())::text AS outside')
    if (row?.outside !== 'true') return work()
    await this.#on.execute('BEGIN')
    try {
      const result = await work()
      await this.#on.commit()
      return result
    } catch (error) {
      await this.#on.abort()
      throw error
    }
  }

  async #refuseOpen({ file }: Action): Promise<void> {
    const cause = this.#on.firstFailure
    const left = await this.#on.settle(this.#limits)
    if (left === 'none') return
    const why =
      left === 'aborted' && cause !== undefined
        ? ` after an error: ${withoutStop(redactText(cause instanceof Error ? cause.message : String(cause)))}`
        : ''
    throw new MigratorError('TRANSACTION_CONTROL', `${file} left a transaction open${why}. It was rolled back.`, {
      cause,
      hint: 'End every BEGIN with a COMMIT in the same file; in a module, use db.transaction().',
      details: { file },
    })
  }
}
