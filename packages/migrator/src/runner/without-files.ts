import type { MigrationStatus } from '../core/reconcile.ts'
import { countStates, type StatusReport } from '../engine/history/status.ts'

/** The report of somebody who gave no files to compare with: what is applied is then not missing. */
export function asApplied(report: StatusReport): StatusReport {
  const migrations = report.migrations.map(
    (each): MigrationStatus => (each.state === 'missing' ? { ...each, state: 'applied' } : each),
  )
  return { ...report, migrations, summary: countStates(migrations) }
}
