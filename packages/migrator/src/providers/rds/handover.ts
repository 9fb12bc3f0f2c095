import type { RestoredPlace } from '../../ports/backup.ts'
import type { Restoring } from './restoring.ts'

interface Made {
  readonly kind: 'instance' | 'cluster'
  readonly address: string | undefined
  readonly port: number | undefined
}

/** Where the restored database is, and what its operator does next. None of it happens automatically. */
export function placeOf(
  { target, snapshot, options }: Restoring,
  { kind, address, port }: Made,
  notes: readonly string[],
): RestoredPlace {
  const connection = address && `postgresql://${address}:${port ?? 5432}/${options.database ?? ''}`
  const moment = snapshot.createdAt?.toISOString() ?? 'the snapshot'
  return {
    kind,
    name: target,
    connection: connection || undefined,
    nextSteps: [
      ...notes,
      `Check it: run db:migrate:status and db:history with DATABASE_URL at ${connection || target}, and compare the important data with the old database. The first reads are slow: its volume is loaded lazily.`,
      `Stop the writers, or make the application read-only. Data written after ${moment} is not in it: decide whether to copy it over.`,
      `Point the application to ${address || target}: the secret that holds DATABASE_URL, the DNS name, or the target of the proxy. User and password are those at the time of the snapshot.`,
      `Keep ${snapshot.source} until the new one has proved itself; then remove it after a final snapshot.`,
    ],
  }
}
