import type { Migration } from '../../core/migration.ts'
import { inOrderOfApplication, type MigrationStatus } from '../../core/reconcile.ts'
import type { Session } from '../../ports/session.ts'
import type { Context } from './context.ts'

/**
 * What is applied, loaded, in the order of application: from the file where that is what was applied, else from the
 * archived source. Reads the history only. Rejects with what the archive refuses, or the file that does not load.
 */
export async function appliedChain(
  { archive, store }: Pick<Context, 'archive' | 'store'>,
  on: Session,
  statuses: readonly MigrationStatus[],
): Promise<readonly Migration[]> {
  const chain: Migration[] = []
  for (const { id, file, entry, state } of inOrderOfApplication(statuses)) {
    const unchanged = file && state !== 'changed'
    chain.push(unchanged ? await file.load() : await archive.load(entry, await store.sources(on, id)))
  }
  return chain
}
