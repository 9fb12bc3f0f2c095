import type { SqlSession } from '../dialects/postgres/session/sql-session.ts'
import { failTransaction, linger } from '../dialects/postgres/testing/server.ts'
import { MigratorError } from '../errors.ts'
import { cancelling, createDirector, cutting, type Director } from './director.ts'
import type { Fault } from './planted-fault.ts'
import { plantFault } from './planted-fault.ts'
import type { RunOutcome, Trial } from './trial.ts'

/** Runs in this process up to the step that is to fail. */
export async function runAndFail(trial: Trial, arrived: () => Promise<void>): Promise<RunOutcome> {
  const { adapter } = trial.runner
  const isCut = trial.failure === 'connection-cut'
  const director = createDirector(adapter, isCut ? cutting(adapter) : cancelling(adapter))
  const fault: Fault = {
    point: trial.point,
    arrived,
    sending: (on, sql, within) => director.sending(on.serverPid, sql, within),
    strike: isCut ? (on) => beCut(director, on) : (on) => fail(trial, director, on),
  }
  const planted = plantFault(adapter, trial.migration, fault)
  try {
    const migrations = trial.migrations.map((each) => (each === trial.migration ? planted.migration : each))
    const target = { kind: 'id', id: trial.migration.id } as const
    const { error } = await trial.runner
      .over(planted.database)
      .apply(migrations, { target, transaction: trial.transaction })
    return { struck: director.struck, error }
  } finally {
    await director.end()
  }
}

/** As a failing statement would: the server has lost the transaction, so a migration that catches this gains nothing. */
async function fail({ scenario }: Trial, director: Director, on: SqlSession): Promise<never> {
  director.mark()
  await failTransaction(on)
  throw new MigratorError('MIGRATION_FAILED', `Injected by RollbackTester: ${scenario}`)
}

/** Cut from another connection while a statement runs. */
async function beCut(director: Director, on: SqlSession): Promise<never> {
  const busy = linger(on)
  // Looked at below; it may fail before the fault has been acknowledged.
  busy.catch(() => undefined)
  await director.strike(on.serverPid)
  await busy
  throw new Error('the server did not cut the connection')
}
