import { checkOptions, flag, kind, type OptionKinds, oneOf, text } from '../core/options.ts'
import type { SqlSession } from '../dialects/postgres/session/sql-session.ts'
import { MigratorError } from '../errors.ts'
import { type DatabaseState, isClean, leftoversIn, lookAt, withSession } from './database-state.ts'
import { runAndFail } from './failing-run.ts'
import { type Failure, failures, type TransactionMode } from './failure.ts'
import { runAndKill } from './killed-run.ts'
import { bringBack } from './next-run.ts'
import { notProven } from './not-proven.ts'
import type { TestedRunner } from './tested-runner.ts'
import { prepareTrial, type RunOutcome, refuseUsedDatabase, type Trial, unusable } from './trial.ts'

export interface VerifyAllOptions {
  /** As `apply` understands it: one transaction for the run, one for each step, or, by default, as the steps allow. */
  readonly transaction?: TransactionMode | 'default' | undefined
  /** The directory of the migrations. Needed for `process-kill`: the process that is killed loads them itself. */
  readonly directory?: string | undefined
  /** Says that a database that is not local is nobody's. Runs are made to fail in it. Default: false. */
  readonly disposable?: boolean | undefined
  /** Which failures are tried. Default: all; `process-kill` only with a `directory`. */
  readonly failures?: readonly Failure[] | undefined
}

export interface VerifyOptions extends Omit<VerifyAllOptions, 'failures'> {
  /** The migration that fails. It must be pending, and so must nothing be before it that can't run. */
  readonly failAt: string
  /** What the failure stands for, in words: it is the error's text and part of the proof. */
  readonly scenario?: string | undefined
  /** Default: `middle`. */
  readonly failure?: Failure | undefined
}

/** That a run which failed left nothing behind. */
export interface RollbackProof {
  readonly failAt: string
  readonly scenario: string
  readonly failure: Failure
  /** How the run went: all steps in one transaction, or one each. */
  readonly transaction: TransactionMode
  /** What had run, or begun, and is gone again; in the order of going, the one that failed first. */
  readonly reverted: readonly string[]
  /** `order-only`: columns of a table stand in another order than before; everything else is as it was. */
  readonly catalog: 'identical' | 'order-only'
  readonly durationMs: number
}

/**
 * Proves that runs can be rolled back, by making them fail. Use it on a database that is nobody's: the runs are real.
 */
export const RollbackTester = {
  /**
   * Applies what is pending up to `failAt`, makes that one fail, and checks that all of it is gone: every object of the
   * catalog is what it was, so is the history, and so are the rows of all tables. What a failure can't roll back at once
   * (a process that was killed, a step outside a transaction whose connection was cut) is recovered by a next `apply`;
   * after it only what was committed before the step may stand, and that is rolled back by its `down`.
   *
   * Resolves with the proof, the database being as it was (but for the migrator's own tables, which are made where there
   * are none; sequences may have moved on). Rejects with ROLLBACK_NOT_PROVEN, which names all that was left behind or
   * why there was no failure to look at; the database is then left as it is. Before anything has run it rejects with
   * TARGET_UNKNOWN, USAGE_INVALID, PROTECTED_DATABASE, MIGRATION_DIRTY, LOCK_UNAVAILABLE, and what `apply` refuses.
   */
  async verify<Input>(
    runner: TestedRunner<Input>,
    migrations: readonly Input[],
    options: VerifyOptions,
  ): Promise<RollbackProof> {
    checkOptions('RollbackTester.verify()', options, VERIFY)
    await refuseUsedDatabase(runner.adapter, options.disposable ?? false)
    const started = performance.now()
    const { adapter, stateStore } = runner
    const trial = await withSession(adapter, async (session) => {
      const history = await stateStore.read(session)
      const prepared = prepareTrial(runner, runner.define(migrations), history, options)
      refusePooler(prepared, session)
      await makeHistory(runner, session)
      return prepared
    })
    const catalog = await tryOut(trial, await lookAt(adapter, stateStore))
    const { failure, scenario, transaction } = trial
    const reverted = trial.steps.map(({ id }) => id).reverse()
    const durationMs = performance.now() - started
    return { failAt: options.failAt, scenario, failure, transaction, reverted, catalog, durationMs }
  },

  /**
   * `verify` for every pending migration and every failure, one after the other, each from the state in which the database
   * is given. Resolves with all proofs; rejects at the first that fails, because nothing after it proves anything.
   */
  async verifyAll<Input>(
    runner: TestedRunner<Input>,
    migrations: readonly Input[],
    options: VerifyAllOptions = {},
  ): Promise<readonly RollbackProof[]> {
    checkOptions('RollbackTester.verifyAll()', options, { ...VERIFY_ALL, failures: kind('a list', Array.isArray) })
    const { failures: asked = failuresFor(options), ...rest } = options
    await refuseUsedDatabase(runner.adapter, options.disposable ?? false)
    const history = await withSession(runner.adapter, (session) => runner.stateStore.read(session))
    const known = new Set(history.map(({ id }) => id))
    const proofs: RollbackProof[] = []
    for (const { id } of runner.define(migrations)) {
      if (known.has(id)) continue
      for (const failure of asked) {
        proofs.push(await RollbackTester.verify(runner, migrations, { ...rest, failAt: id, failure }))
      }
    }
    return proofs
  },
}

/** A process that is killed loads the migrations from their directory. */
function failuresFor({ directory }: VerifyAllOptions): readonly Failure[] {
  return failures.filter((each) => each !== 'process-kill' || directory !== undefined)
}

const VERIFY_ALL: OptionKinds<Omit<VerifyAllOptions, 'failures'>> = {
  transaction: oneOf('batch', 'each', 'default'),
  directory: text,
  disposable: flag,
}
const VERIFY: OptionKinds<VerifyOptions> = { ...VERIFY_ALL, failAt: text, scenario: text, failure: oneOf(...failures) }

/** Where steps commit one by one and the run itself cannot undo them, this must be the state after the recovery. */
interface Between {
  state?: DatabaseState
}

async function tryOut(trial: Trial, before: DatabaseState): Promise<'identical' | 'order-only'> {
  const { adapter, stateStore } = trial.runner
  const between: Between = {}
  const outcome = await runToFailure(trial, async () => {
    if (interrupts(trial)) between.state = withoutStep(trial, await lookAt(adapter, stateStore))
  })
  if (!outcome.struck || (trial.failure !== 'process-kill' && !outcome.error)) throw notProven(trial, { outcome })
  if (between.state) await bringBack(trial, outcome, between.state)
  const left = leftoversIn(before, await lookAt(adapter, stateStore))
  if (!isClean(left)) throw notProven(trial, { outcome, left })
  return left.catalog.verdict === 'order-only' ? 'order-only' : 'identical'
}

function runToFailure(trial: Trial, arrived: () => Promise<void>): Promise<RunOutcome> {
  return trial.failure === 'process-kill' ? runAndKill(trial, arrived) : runAndFail(trial, arrived)
}

/** In one transaction nothing is to be seen from outside, and nothing stays. */
function interrupts({ failure, transaction }: Trial): boolean {
  return transaction === 'each' && (failure === 'connection-cut' || failure === 'process-kill')
}

/** A step outside a transaction is on record, as dirty, from its beginning. */
function withoutStep({ migration }: Trial, state: DatabaseState): DatabaseState {
  return { ...state, history: state.history.filter(({ id }) => id !== migration.id) }
}

/** The migrator's own tables, and their schema, are no leftovers of the run: they are made before. */
async function makeHistory({ adapter, stateStore }: Trial['runner'], on: SqlSession): Promise<void> {
  const lock = await adapter.tryRunLock()
  if (!lock) throw new MigratorError('LOCK_UNAVAILABLE', 'Another run is active in this database.')
  try {
    await stateStore.prepare(on)
  } finally {
    await lock.release()
  }
}

/** Behind a pooler the process that serves a session is another one with every transaction. */
function refusePooler({ failure }: Trial, { pooled }: SqlSession): void {
  if (failure !== 'connection-cut' && failure !== 'process-kill') return
  if (pooled)
    throw unusable(`${failure} needs a direct connection: behind a pooler, another client's connection could be cut.`)
}
