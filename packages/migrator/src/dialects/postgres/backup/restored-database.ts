import type { RestoredPlace } from '../../../ports/backup.ts'
import type { DatabaseLocation } from '../../../ports/location.ts'
import { stampOf, suffixed } from './name.ts'

/** `shop_restored_20260131_235959`: where a database goes when nobody says. */
export function restoredName(database: string, at: Date): string {
  return suffixed(database, `_restored_${stampOf(at, '_')}`)
}

/** A new database, and what the operator does with it. */
export function restoredDatabase(
  name: string,
  location: DatabaseLocation,
  notes: readonly string[] = [],
): RestoredPlace {
  return {
    kind: 'database',
    name,
    connection: `${location.host}:${location.port}/${name}`,
    nextSteps: [
      ...notes,
      `Inspect it: use the same DATABASE_URL with the database "${name}" instead of "${location.database}".`,
      `Stop everything that writes to "${location.database}".`,
      `Change DATABASE_URL in the applications to "${name}", and restart them.`,
      `Keep "${location.database}" until you are sure that nothing is missing, then drop it.`,
    ],
  }
}
