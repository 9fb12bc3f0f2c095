import type { MigrationFile } from '../../core/migration.ts'
import { type MigrationStatus, reconcile } from '../../core/reconcile.ts'
import type { Database } from '../../ports/database.ts'
import type { HistoryStore } from '../../ports/history-store.ts'
import type { Session } from '../../ports/session.ts'

/**
 * Where every migration stands now, what a live run holds included. Reads only. A dirty entry is read again after the
 * holder of the run lock is known: in between its run may have finished.
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
