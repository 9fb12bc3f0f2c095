import { MigratorError } from '../errors.ts'
import { type DatabaseState, isClean, leftoversIn, lookAt } from './database-state.ts'
import { notProven } from './not-proven.ts'
import type { RunOutcome, Trial } from './trial.ts'

/**
 * What the next run does after an interruption: it recovers what is dirty. After that nothing of the interrupted step may
 * stand; what was committed before it is then rolled back by its own `down`, as a rollback does.
 */
export async function bringBack(trial: Trial, outcome: RunOutcome, between: DatabaseState): Promise<void> {
  const { runner, migrations } = trial
  const interrupted = await lookAt(runner.adapter, runner.stateStore)
  const dirty = interrupted.history.some((entry) => entry.dirty)
  if (!dirty && outcome.error) return
  if (dirty) await orNotProven(trial, outcome, 'The next apply did not recover it', () => recover(trial))
  const left = leftoversIn(between, await lookAt(runner.adapter, runner.stateStore))
  if (!isClean(left)) throw notProven(trial, { outcome, left })
  const count = trial.steps.length - 1
  if (count === 0) return
  await orNotProven(trial, outcome, 'What was applied before it could not be rolled back', async () => {
    const target = { kind: 'count', count } as const
    const { error } = await runner.rollback(migrations, {
      target,
      force: true,
      acceptLoss: true,
      reason: 'RollbackTester',
    })
    if (error) throw error
  })
}

/** An `apply` that is stopped when it has recovered and is about to go on. */
async function recover({ runner, migrations, migration }: Trial): Promise<void> {
  const enough = new MigratorError('INTERRUPTED', 'RollbackTester: recovered; nothing is applied again.')
  try {
    await runner.apply(migrations, {
      target: { kind: 'id', id: migration.id },
      async approve({ plan }) {
        if (plan.direction === 'up') throw enough
      },
    })
  } catch (error) {
    if (error !== enough) throw error
  }
}

async function orNotProven(trial: Trial, outcome: RunOutcome, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (!(cause instanceof MigratorError)) throw cause
    throw notProven(trial, { outcome: { ...outcome, error: cause }, why: `${what}: ${cause.message}` })
  }
}
