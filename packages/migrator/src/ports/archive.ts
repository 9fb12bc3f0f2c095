import type { HistoryEntry } from '../core/history.ts'
import type { Migration, SourceFile } from '../core/migration.ts'

/** Loads a migration from the source in the history if its files are missing. */
export interface Archive {
  /**
   * Rejects with ARCHIVE_DAMAGED when the sources do not match the recorded checksums, and with ARCHIVE_UNTRUSTED when
   * they are a module's code that neither the repository nor the operator vouches for.
   */
  load(entry: HistoryEntry, sources: readonly SourceFile[]): Promise<Migration>
  /** Throws ARCHIVE_DAMAGED unless the sources match the record and stay within the migrations directory. */
  verify(entry: HistoryEntry, sources: readonly SourceFile[]): void
}
