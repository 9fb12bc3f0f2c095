import type { HistoryEntry } from './history.ts'
import { compareIds, type MigrationFile } from './migration.ts'

export type State = 'applied' | 'pending' | 'dirty' | 'changed' | 'missing' | 'out-of-order' | 'irreversible'

/** One migration seen from both sides. At least one of `file` and `entry` is there. */
export interface MigrationStatus {
  readonly id: string
  readonly state: State
  readonly file?: MigrationFile | undefined
  readonly entry?: HistoryEntry | undefined
  /** The down file of an SQL pair differs from the one recorded; this alone is no change of what was applied. */
  readonly downChanged: boolean
}

/** Files and history in, one state for each migration out, ordered by id. */
export function reconcile(
  files: readonly MigrationFile[],
  history: readonly HistoryEntry[],
): readonly MigrationStatus[] {
  const entries = new Map(history.map((entry) => [entry.id, entry]))
  const newest = history.reduce<string | undefined>(
    (max, { id }) => (max && compareIds(max, id) > 0 ? max : id),
    undefined,
  )
  const known = files.map((file) => statusOf(file, entries.get(file.id), newest))
  const present = new Set(files.map((file) => file.id))
  const gone = history.filter((entry) => !present.has(entry.id)).map(statusWithoutFile)
  return [...known, ...gone].sort((a, b) => compareIds(a.id, b.id))
}

/** Those with an entry, in the order of application. */
export function inOrderOfApplication(
  statuses: readonly MigrationStatus[],
): readonly (MigrationStatus & { entry: HistoryEntry })[] {
  return statuses.filter(hasEntry).sort((a, b) => a.entry.sequence - b.entry.sequence)
}

function hasEntry(status: MigrationStatus): status is MigrationStatus & { entry: HistoryEntry } {
  return status.entry !== undefined
}

function statusOf(file: MigrationFile, entry: HistoryEntry | undefined, newest: string | undefined): MigrationStatus {
  if (!entry) {
    const state = newest && compareIds(file.id, newest) < 0 ? 'out-of-order' : 'pending'
    return { id: file.id, state, file, downChanged: false }
  }
  const downChanged = (file.downChecksum ?? entry.downChecksum) !== (entry.downChecksum ?? file.downChecksum)
  return { id: file.id, state: stateOfApplied(file, entry), file, entry, downChanged }
}

function stateOfApplied(file: MigrationFile, entry: HistoryEntry): State {
  if (entry.dirty) return 'dirty'
  if (file.checksum !== entry.checksum) return 'changed'
  if (entry.importsChecksum !== undefined && (file.importsChecksum ?? '') !== entry.importsChecksum) return 'changed'
  return entry.irreversible === undefined ? 'applied' : 'irreversible'
}

function statusWithoutFile(entry: HistoryEntry): MigrationStatus {
  return { id: entry.id, state: entry.dirty ? 'dirty' : 'missing', entry, downChanged: false }
}
