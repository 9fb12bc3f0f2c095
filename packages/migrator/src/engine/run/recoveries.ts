import type { HistoryEntry } from '../../core/history.ts'
import type { Plan, Step } from '../../core/plan.ts'
import { type MigrationStatus, reconcile } from '../../core/reconcile.ts'
import { MigratorError } from '../../errors.ts'
import type { RunKind } from './run-kind.ts'

export type DirtyStatus = MigrationStatus & { readonly entry: HistoryEntry }

/** Dirty migrations, the newest first: the order in which they are recovered. */
export function dirtyIn(statuses: readonly MigrationStatus[]): readonly DirtyStatus[] {
  const dirty = statuses.filter((status): status is DirtyStatus => status.entry?.dirty === true)
  return dirty.toSorted((a, b) => b.entry.sequence - a.entry.sequence)
}

/** Recovering runs downs, so it is agreed to like a rollback. */
export function planOfRecovery(dirty: readonly DirtyStatus[]): Plan {
  const steps = dirty.map(({ id, file, entry }): Step => ({ id, direction: 'down', by: 'recovery', file, entry }))
  return { direction: 'down', steps, problems: [], notices: [] }
}

/** The plan once these are recovered: they go up again in their places, though later ones are applied. */
export function planAfter(recovered: readonly string[], runKind: RunKind, statuses: readonly MigrationStatus[]): Plan {
  const plan = recoveringFirst(runKind.plan(statuses))
  const problems = plan.problems.filter(
    ({ code, id }) => code !== 'OUT_OF_ORDER' || id === undefined || !recovered.includes(id),
  )
  return { ...plan, problems }
}

export interface PlannedRun {
  /** A rollback's recoveries are steps of it; what a run up recovers first is not. */
  readonly plan: Plan
  /** What a run up recovers before it follows the plan. */
  readonly recoveries: readonly DirtyStatus[]
  /** The history that the plan starts from: after the recoveries. */
  readonly after: readonly MigrationStatus[]
}

/** What a run does with this history. Dry run and run both plan with this function, so that they cannot differ. */
export function planRun(runKind: RunKind, statuses: readonly MigrationStatus[]): PlannedRun {
  const recoveries = runKind.direction === 'up' ? dirtyIn(statuses).filter(({ state }) => state !== 'running') : []
  if (recoveries.length === 0) return { plan: planAfter([], runKind, statuses), recoveries, after: statuses }
  const ids = recoveries.map(({ id }) => id)
  const left = statuses.flatMap(({ id, entry }) => (entry && !ids.includes(id) ? [entry] : []))
  const held = new Map(statuses.flatMap((status) => (status.state === 'running' ? [[status.id, status] as const] : [])))
  const after = reconcile(runKind.set.files, left).map((status) => held.get(status.id) ?? status)
  return { plan: planAfter(ids, runKind, after), recoveries, after }
}

/** A plan for people: with all its recoveries, and with what a live run holds. */
export function shownPlan({ plan, recoveries, after }: PlannedRun): Plan {
  const running = after.filter(({ state }) => state === 'running').map(({ id }) => runningNotice(id))
  const steps = [...planOfRecovery(recoveries).steps, ...plan.steps]
  return { ...plan, steps, notices: [...plan.notices, ...running] }
}

function runningNotice(id: string): string {
  return `${id}: another run is working on it now; a new run waits for it, then plans again.`
}

/** The order in which a rollback carries them out. */
function recoveringFirst(plan: Plan): Plan {
  const recovery = plan.steps.filter(({ by }) => by === 'recovery')
  return { ...plan, steps: [...recovery, ...plan.steps.filter(({ by }) => by !== 'recovery')] }
}

export function dirtyFound(dirty: readonly DirtyStatus[]): MigratorError {
  const told = dirty.map(({ id, entry: { progress } }) => {
    const at = progress?.statement ? `. It stopped at: ${progress.statement.split('\n')[0]}` : ''
    return `Migration ${id} is dirty: its ${progress?.direction ?? 'up'} began ${progress ? 'outside a transaction ' : ''}and its outcome is unknown${at}.`
  })
  return new MigratorError('MIGRATION_DIRTY', told.join('\n'), { details: { versions: dirty.map(({ id }) => id) } })
}
