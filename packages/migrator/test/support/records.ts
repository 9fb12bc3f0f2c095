import type { HistoryEntry, NewEntry } from '../../src/core/history.ts'
import type { MigrationFile } from '../../src/core/migration.ts'
import type { State } from '../../src/core/reconcile.ts'

/** A migration file as a directory names it; it is never loaded. */
export function fileOf(id: string, more: Partial<MigrationFile> = {}): MigrationFile {
  return {
    id,
    format: 'sql',
    checksum: `sum-${id}`,
    path: `${id}.up.sql`,
    load: () => Promise.reject(new Error(`${id} is not to be loaded`)),
    ...more,
  }
}

/** What the history says of an applied migration whose file did not change. */
export function entryOf(id: string, sequence: number, more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    id,
    sequence,
    appliedAt: `2026-01-01T00:00:00.${String(sequence).padStart(3, '0')}Z`,
    checksum: `sum-${id}`,
    dirty: false,
    batch: 1,
    format: 'sql',
    transactional: true,
    archived: true,
    ...more,
  }
}

/** An entry as a step writes it. */
export function newEntry(id: string, more: Partial<NewEntry> = {}): NewEntry {
  return {
    id,
    checksum: `sum-${id}`,
    batch: 1,
    format: 'sql',
    transactional: true,
    sources: [{ path: `${id}.up.sql`, content: 'SELECT 1;' }],
    ...more,
  }
}

export const noStates: Readonly<Record<State, number>> = {
  applied: 0,
  pending: 0,
  running: 0,
  ahead: 0,
  dirty: 0,
  changed: 0,
  missing: 0,
  'out-of-order': 0,
  irreversible: 0,
}
