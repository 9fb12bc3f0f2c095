import type { HistoryEntry } from '../core/history.ts'
import type { Migration } from '../core/migration.ts'
import { planUp } from '../core/plan.ts'
import { reconcile } from '../core/reconcile.ts'
import { nearestIds } from '../core/target.ts'
import { protectionOf } from '../engine/protection/protection.ts'
import { refusePlan } from '../engine/run/prepare.ts'
import { transactionMode } from '../engine/run/steps.ts'
import { MigratorError } from '../errors.ts'
import { described, type Failure, pointOf, type TransactionMode } from './failure.ts'
import type { TestedRunner } from './tested-runner.ts'

/** One run that is going to fail, decided in every respect. */
export interface Trial {
  readonly runner: TestedRunner<never>
  readonly migrations: readonly Migration[]
  /** The one that fails. */
  readonly migration: Migration
  /** Those of the run, in its order; the last one fails. */
  readonly steps: readonly Migration[]
  readonly failure: Failure
  readonly point: 'before' | 'middle' | 'after'
  readonly scenario: string
  readonly transaction: TransactionMode
  readonly directory: string | undefined
}

/** What the run that was made to fail said of itself. */
export interface RunOutcome {
  /** Whether it came as far as the fault. */
  readonly struck: boolean
  /** Undefined when it went through, or its process was killed. */
  readonly error?: MigratorError | undefined
}

export interface Wanted {
  readonly failAt: string
  readonly scenario?: string | undefined
  readonly failure?: Failure | undefined
  readonly transaction?: TransactionMode | 'default' | undefined
  readonly directory?: string | undefined
  readonly disposable?: boolean | undefined
}

/** Refuses, before anything runs, what can't be tried. */
export function prepareTrial(
  runner: TestedRunner<never>,
  migrations: readonly Migration[],
  history: readonly HistoryEntry[],
  wanted: Wanted,
): Trial {
  const { failAt, failure = 'middle', directory } = wanted
  refuseUnsuited(runner, failure, directory)
  const migration = migrations.find(({ id }) => id === failAt) ?? unknown(failAt, migrations)
  const files = migrations.map((each) => ({ ...each, load: async () => each }))
  const plan = planUp(reconcile(files, history), { kind: 'id', id: failAt }, { allowOutOfOrder: false })
  const planned = new Set(plan.steps.map(({ id }) => id))
  refuseHistory(history, planned, failAt)
  refusePlan(plan)
  const steps = plan.steps.map((step) => ({ ...step, migration: migrations.find(({ id }) => id === step.id) }))
  return {
    runner,
    migrations,
    migration,
    steps: steps.flatMap((step) => step.migration ?? []),
    failure,
    point: pointOf(failure),
    scenario: wanted.scenario ?? described[failure],
    transaction: transactionMode({ transaction: wanted.transaction ?? 'default' }, steps, runner.adapter),
    directory,
  }
}

/** A run that fails on purpose is nothing for a database that people use. */
export async function refuseUsedDatabase(adapter: TestedRunner<never>['adapter'], disposable: boolean): Promise<void> {
  const { location } = adapter
  if (!location.local && !disposable) {
    throw new MigratorError(
      'PROTECTED_DATABASE',
      `${location.database} on ${location.host} is not a local database; RollbackTester makes runs fail in it.`,
      { hint: 'Try it on a copy. If this is a copy, pass { disposable: true }.' },
    )
  }
  const { by } = await protectionOf(adapter, {})
  if (by !== 'mark') return
  const message = `${location.database} on ${location.host} is marked as protected; RollbackTester makes runs fail in it.`
  throw new MigratorError('PROTECTED_DATABASE', message, { hint: 'Try it on a copy.' })
}

function refuseUnsuited({ adapter, stateStore }: TestedRunner<never>, failure: Failure, directory?: string): void {
  if (failure !== 'process-kill') return
  if (directory === undefined) {
    throw unusable('process-kill needs { directory }: the process that is killed loads the migrations itself.')
  }
  if (stateStore === adapter.historyStore) return
  throw unusable('process-kill needs the history in the database: the process that is killed knows no other store.')
}

function refuseHistory(history: readonly HistoryEntry[], planned: ReadonlySet<string>, failAt: string): void {
  const dirty = history.filter((entry) => entry.dirty).map(({ id }) => id)
  if (dirty.length > 0) {
    const message = `${dirty.join(', ')} is dirty, so what a run leaves behind is unknown.`
    throw new MigratorError('MIGRATION_DIRTY', message, { details: { versions: dirty } })
  }
  if (planned.has(failAt)) return
  if (history.some(({ id }) => id === failAt)) throw unusable(`${failAt} is already applied here, so it cannot fail.`)
}

function unknown(failAt: string, migrations: readonly Migration[]): never {
  const nearest = nearestIds(
    failAt,
    migrations.map(({ id }) => id),
  )
  const hint = nearest.length > 0 ? { hint: `Did you mean ${nearest.join(', ')}?` } : {}
  throw new MigratorError('TARGET_UNKNOWN', `There is no migration "${failAt}".`, { ...hint, details: { nearest } })
}

export function unusable(message: string): MigratorError {
  return new MigratorError('USAGE_INVALID', message, { hint: 'See docs/guides/testing-rollbacks.md.' })
}
