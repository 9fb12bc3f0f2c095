import type { HistoryChange, HistoryEntry } from '../../core/history.ts'
import { MigratorError } from '../../errors.ts'
import type { Run } from './types.ts'

/** What is known of a step whose connection was lost. `unknown`: the server could not be asked. */
export type LostOutcome = 'committed' | 'not-committed' | 'unknown'

/**
 * Waits for the answer to a COMMIT that carries `change`. If the connection is lost before the answer, the server is made to
 * end what it has in progress, and the history shows the outcome: resolves if the change is recorded; rejects with
 * CONNECTION_LOST if it is not, or if that could not be determined (`details.outcome`). Nothing is sent again.
 */
export async function committed(run: Run, change: HistoryChange, answer: Promise<unknown>): Promise<void> {
  try {
    await answer
  } catch (error) {
    if (!isConnectionLost(error)) throw error
    if (error.details.outcome === 'not-committed') return notCommitted(run, error)
    const outcome = await outcomeOf(run, change)
    if (outcome !== 'committed') throw lostWhile(outcome, error)
  }
}

/**
 * For a failure before any COMMIT was sent: rejects with it, or with CONNECTION_LOST if that is the failure. The outcome is
 * known then, but the server may still work for the lost session, or keep its transaction open and block everyone else, so
 * the session is ended.
 */
export async function notCommitted(run: Run, error: unknown): Promise<never> {
  if (!isConnectionLost(error)) throw error
  await replaceLost(run).catch(() => undefined) // The loss is reported; the next run ends what is left.
  throw lostWhile('not-committed', error)
}

/** Ends what the server has in progress for a lost session, and opens a new one. Rejects if the server cannot be reached. */
export async function replaceLost(run: Run): Promise<void> {
  if (run.session.isLost) run.session = await run.context.database.replace(run.session, { modules: true })
}

async function outcomeOf(run: Run, change: HistoryChange): Promise<LostOutcome> {
  if (!run.context.store.commitsWithStep) return 'unknown'
  const id = 'entry' in change ? change.entry.id : change.id
  const entry = await entryNow(run, id)
  if (entry === 'unknown') return 'unknown'
  const recorded = change.kind === 'reverted' ? entry === undefined : entry !== undefined && !entry.dirty
  return recorded ? 'committed' : 'not-committed'
}

/** The history's entry of a migration, once nothing is in progress on the lost session. */
export async function entryNow(run: Run, id: string): Promise<HistoryEntry | undefined | 'unknown'> {
  try {
    await replaceLost(run)
    return (await run.context.store.read(run.session)).find((entry) => entry.id === id)
  } catch {
    // The loss itself is reported; `unknown` means that the server could not be asked.
    return 'unknown'
  }
}

export function isConnectionLost(error: unknown): error is MigratorError {
  return error instanceof MigratorError && error.code === 'CONNECTION_LOST'
}

/** What ran is committed; only the store outside the database does not record it. */
export function isNotWritten(error: unknown): boolean {
  return error instanceof MigratorError && error.code === 'HISTORY_NOT_WRITTEN'
}

const TOLD = {
  'not-committed': 'nothing of this step was committed',
  unknown: 'whether this step was committed is unknown: the server could not be reached',
}

export function lostWhile(outcome: Exclude<LostOutcome, 'committed'>, cause: MigratorError): MigratorError {
  const message = `The connection to the database was lost; ${TOLD[outcome]}.`
  return new MigratorError('CONNECTION_LOST', message, { cause, details: { ...cause.details, outcome } })
}
