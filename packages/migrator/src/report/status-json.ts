import type { MigrationStatus, State } from '../core/reconcile.ts'

/** One migration of `status --json`. */
export function statusJson({
  id,
  state,
  file,
  entry,
  downChanged,
}: MigrationStatus): Readonly<Record<string, unknown>> {
  return {
    id,
    state,
    appliedAt: entry?.appliedAt ?? null,
    durationMs: entry?.durationMs ?? null,
    checksum: entry?.checksum ?? file?.checksum ?? null,
    fileChecksum: file?.checksum ?? null,
    downChanged,
    batch: entry?.batch ?? null,
    sequence: entry?.sequence ?? null,
    description: entry?.description ?? null,
    format: file?.format ?? entry?.format ?? null,
    irreversible: entry?.irreversible ?? null,
    operator: entry?.operator ?? null,
    progress: entry?.progress ?? null,
  }
}

export function statusDocument(
  migrations: readonly MigrationStatus[],
  summary: Readonly<Record<State, number>>,
): object {
  return { migrations: migrations.map(statusJson), summary: { ...summary, total: migrations.length } }
}
