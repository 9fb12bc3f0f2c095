import type { Migration } from '../core/migration.ts'
import type { MigrationStatus } from '../core/reconcile.ts'
import { nearestIds } from '../core/target.ts'
import { MigratorError } from '../errors.ts'

/** Which migrations are rehearsed: these, all, or those that are pending. Rejects with TARGET_UNKNOWN. */
export async function chosenIds(
  asked: 'all' | readonly string[] | undefined,
  chain: readonly Migration[],
  statuses: () => Promise<readonly MigrationStatus[]>,
): Promise<ReadonlySet<string>> {
  const known = chain.map(({ id }) => id)
  if (asked === 'all') return new Set(known)
  if (asked) return new Set(asked.map((id) => knownId(id, known)))
  return new Set((await statuses()).flatMap(({ id, file, entry }) => (file && !entry ? [id] : [])))
}

function knownId(id: string, known: readonly string[]): string {
  if (known.includes(id)) return id
  const nearest = nearestIds(id, known)
  const hint = nearest.length > 0 ? { hint: `Did you mean ${nearest.join(', ')}?` } : {}
  throw new MigratorError('TARGET_UNKNOWN', `There is no migration "${id}".`, { ...hint, details: { id, nearest } })
}
