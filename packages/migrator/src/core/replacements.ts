import type { HistoryEntry } from './history.ts'
import type { MigrationFile } from './migration.ts'

export interface Replaced {
  /** The history as it counts: an entry of the new migration in the place of all those that it replaces. */
  readonly history: readonly HistoryEntry[]
  /** Migrations that a database has only a part of, with the ids that it has. */
  readonly partly: ReadonlyMap<string, readonly string[]>
}

/** A migration that replaces others is applied where all of those are; where only some are, it can neither run nor count. */
export function withReplacements(files: readonly MigrationFile[], history: readonly HistoryEntry[]): Replaced {
  const entries = new Map(history.map((entry) => [entry.id, entry]))
  const partly = new Map<string, readonly string[]>()
  let counted = history
  for (const file of files) {
    const { id, replaces = [] } = file
    const there = replaces.flatMap((each) => entries.get(each) ?? [])
    const newest = there.toSorted((a, b) => a.sequence - b.sequence).at(-1)
    if (!newest || entries.has(id)) continue
    if (there.length < replaces.length || there.some(({ dirty }) => dirty)) {
      partly.set(
        id,
        there.map((entry) => entry.id),
      )
      continue
    }
    const entry = { ...entryInPlace(file, replaces, newest), operator: operatorOf(newest, there) }
    counted = counted.flatMap((each) => (each === newest ? [entry] : there.includes(each) ? [] : [each]))
  }
  return { history: counted, partly }
}

function entryInPlace(file: MigrationFile, replaces: readonly string[], newest: HistoryEntry): HistoryEntry {
  const { id, checksum, downChecksum, importsChecksum, format } = file
  return {
    ...newest,
    ...{ id, checksum, downChecksum, importsChecksum, format, inPlaceOf: replaces },
    ...{ description: undefined, durationMs: undefined, schemaFingerprint: newest.schemaFingerprint },
    ...{ transactional: true, irreversible: undefined, archived: false },
  }
}

/** The new entry counts as imported, so that undoing the import removes it, if all that it replaces were. */
function operatorOf({ operator }: HistoryEntry, replaced: readonly HistoryEntry[]): HistoryEntry['operator'] {
  if (!operator || replaced.every((entry) => entry.operator?.importedFrom !== undefined)) return operator
  const { importedFrom: _, ...own } = operator
  return own
}
