import type { HistoryEntry } from '../core/history.ts'
import type { Plan, Step } from '../core/plan.ts'
import { type MigrationStatus, reconcile } from '../core/reconcile.ts'
import { MigratorError } from '../errors.ts'
import type { Course } from './course.ts'

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

/** The plan of a run up after these were recovered: they go up again in their places, though later ones are applied. */
export function planAfter(recovered: readonly string[], course: Course, statuses: readonly MigrationStatus[]): Plan {
  const plan = course.plan(statuses)
  const problems = plan.problems.filter(
    ({ code, id }) => code !== 'OUT_OF_ORDER' || id === undefined || !recovered.includes(id),
  )
  return { ...plan, problems }
}

/** What a run would do, recoveries included. A rollback recovers on its way; a run up does it first. */
export function planWithRecoveries(
  course: Course,
  statuses: readonly MigrationStatus[],
): { readonly plan: Plan; readonly recoveries: readonly DirtyStatus[]; readonly after: readonly MigrationStatus[] } {
  const recoveries = course.direction === 'up' ? dirtyIn(statuses).filter(({ state }) => state !== 'running') : []
  if (recoveries.length === 0) return { plan: course.plan(statuses), recoveries, after: statuses }
  const ids = recoveries.map(({ id }) => id)
  const left = statuses.flatMap(({ id, entry }) => (entry && !ids.includes(id) ? [entry] : []))
  const after = reconcile(course.set.files, left)
  const plan = planAfter(ids, course, after)
  return { plan: { ...plan, steps: [...planOfRecovery(recoveries).steps, ...plan.steps] }, recoveries, after }
}

export function dirtyFound(dirty: readonly DirtyStatus[]): MigratorError {
  const told = dirty.map(({ id, entry: { progress } }) => {
    const at = progress?.statement ? `. It stopped at: ${progress.statement.split('\n')[0]}` : ''
    return `Migration ${id} is dirty: its ${progress?.direction ?? 'up'} began ${progress ? 'outside a transaction ' : ''}and its outcome is unknown${at}.`
  })
  return new MigratorError('MIGRATION_DIRTY', told.join('\n'), { details: { versions: dirty.map(({ id }) => id) } })
}
