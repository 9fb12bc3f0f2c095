import type { HistoryChange } from '../../core/history.ts'
import { plural } from '../../core/plural.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import { entryOf, recordOf } from './atomic-step.ts'
import { emit } from './context.ts'
import { prepareHistory } from './objection.ts'
import type { Run } from './types.ts'

/** Whether a migration counts as applied only because all that it replaces are. */
export function isUnrecorded({ entry }: MigrationStatus): boolean {
  return entry?.inPlaceOf !== undefined
}

/**
 * Records migrations that replace others in the place of those, in one transaction, under the run lock. Runs nothing. The time
 * and the order of application stay those of the newest replaced one.
 */
export async function recordReplacements(run: Run, statuses: readonly MigrationStatus[]): Promise<void> {
  const changes: HistoryChange[] = []
  const unrecorded = statuses.filter(isUnrecorded)
  for (const { id, file, entry: counted } of unrecorded) {
    if (!file || !counted?.inPlaceOf) continue
    const entry = entryOf(run, { id, direction: 'up', by: 'file', migration: await file.load() }, undefined)
    const { appliedAt: at, sequence, batch, operator } = counted
    const importedFrom = operator?.importedFrom
    const by = { ...entry.operator, ...(importedFrom === undefined ? {} : { importedFrom }) }
    changes.push(...counted.inPlaceOf.map((each) => ({ kind: 'reverted', id: each }) as const))
    changes.push({ kind: 'applied', entry: { ...entry, batch, operator: by }, at, sequence })
  }
  if (changes.length === 0) return
  await prepareHistory(run.context, run.session)
  await run.session.record(recordOf(run, changes))
  for (const { id, entry } of unrecorded) {
    const versions = entry?.inPlaceOf ?? []
    const message = `Recorded ${id} in place of ${plural(versions.length, 'migration', 'migrations')}, without running it`
    emit(run.context, { kind: 'history-changed', level: 'info', version: id, message, versions })
  }
}
