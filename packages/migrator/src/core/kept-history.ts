import type { CatalogDigest, HistoryChange, HistoryEntry, NewEntry } from './history.ts'
import type { SourceFile } from './migration.ts'

/** An entry with what belongs to it, for a store that keeps the history as one value. */
export interface KeptEntry extends HistoryEntry {
  readonly sources: readonly SourceFile[]
  readonly catalogBefore?: CatalogDigest | undefined
}

export function entryOfKept({ sources, catalogBefore: _, ...entry }: KeptEntry): HistoryEntry {
  return { ...entry, archived: sources.length > 0 }
}

/** The history after one change. Pure: `now` (ISO 8601) is when it happens. */
export function afterChange(
  migrations: readonly KeptEntry[],
  change: HistoryChange,
  now: string,
): readonly KeptEntry[] {
  const edit = (id: string, edited: (kept: KeptEntry) => KeptEntry) =>
    migrations.map((kept) => (kept.id === id ? edited(kept) : kept))
  switch (change.kind) {
    case 'applied':
      return [
        ...migrations,
        {
          ...fresh(migrations, change.entry, false, now),
          ...(change.at === undefined ? {} : { appliedAt: change.at }),
          ...(change.sequence === undefined ? {} : { sequence: change.sequence }),
        },
      ]
    case 'began': {
      const dirty = { dirty: true, progress: change.progress, catalogBefore: change.before }
      const known = migrations.some(({ id }) => id === change.entry.id)
      return known
        ? edit(change.entry.id, (kept) => ({ ...kept, ...dirty }))
        : [...migrations, { ...fresh(migrations, change.entry, true, now), ...dirty }]
    }
    case 'progressed':
      return edit(change.id, (kept) => ({ ...kept, progress: change.progress }))
    case 'settled':
      return edit(change.id, ({ progress: _, catalogBefore: __, ...kept }) => ({
        ...kept,
        dirty: false,
        ...(change.durationMs === undefined ? {} : { durationMs: change.durationMs, appliedAt: now }),
      }))
    case 'reverted':
      return migrations.filter(({ id }) => id !== change.id)
    case 'accepted':
      return edit(change.entry.id, (kept) => {
        const { checksum, downChecksum, importsChecksum, sources } = change.entry
        const { description, format, transactional, irreversible } = change.entry
        return {
          ...{ ...kept, checksum, downChecksum, importsChecksum, sources },
          ...{ description, format, transactional, irreversible, archived: sources.length > 0 },
        }
      })
    case 'fingerprinted':
      return edit(change.id, (kept) => ({ ...kept, schemaFingerprint: change.fingerprint }))
  }
}

function fresh(migrations: readonly KeptEntry[], entry: NewEntry, dirty: boolean, now: string): KeptEntry {
  const sequence = Math.max(0, ...migrations.map((kept) => kept.sequence)) + 1
  return { ...entry, appliedAt: now, sequence, dirty, archived: entry.sources.length > 0 }
}
