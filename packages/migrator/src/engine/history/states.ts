import type { MigrationFile } from '../../core/migration.ts'
import { type MigrationStatus, reconcile } from '../../core/reconcile.ts'
import type { Database } from '../../ports/database.ts'
import type { HistoryStore } from '../../ports/history-store.ts'
import type { Session } from '../../ports/session.ts'

/**
 * Returns the current state of every migration, including those that a live run is executing. Only reads. A dirty entry
 * is read again once the holder of the run lock is known, because its run may have finished in between.
 */
export async function readStates(
  { database, store }: { readonly database: Pick<Database, 'runLockHolder'>; readonly store: HistoryStore },
  on: Session,
  files: readonly MigrationFile[],
): Promise<readonly MigrationStatus[]> {
  const history = await store.read(on)
  if (!history.some(({ dirty }) => dirty)) return reconcile(files, history)
  const holder = await database.runLockHolder(on)
  return reconcile(files, await store.read(on), holder?.applicationName)
}
