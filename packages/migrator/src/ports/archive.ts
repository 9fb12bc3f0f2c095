import type { HistoryEntry } from '../core/history.ts'
import type { Migration, SourceFile } from '../core/migration.ts'

/** Makes a migration of the source that the history keeps, when its files are gone. */
export interface Archive {
  /**
   * Rejects with ARCHIVE_DAMAGED when the sources do not match the recorded checksums, and with ARCHIVE_UNTRUSTED when
   * they are a module's code that neither the repository nor the operator vouches for.
   */
  load(entry: HistoryEntry, sources: readonly SourceFile[]): Promise<Migration>
  /** Throws ARCHIVE_DAMAGED unless the sources are what was recorded, and stay within the migrations directory. */
  verify(entry: HistoryEntry, sources: readonly SourceFile[]): void
}
