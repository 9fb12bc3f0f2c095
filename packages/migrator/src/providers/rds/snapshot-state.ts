import type { DbSnapshot } from './snapshots.ts'
import type { Seen } from './wait.ts'

/** What a snapshot's status means for waiting, restoring and listing. */
export function snapshotState(snapshot: DbSnapshot | undefined): Seen<DbSnapshot> {
  if (snapshot === undefined) return { kind: 'absent' }
  const { status, percent } = snapshot
  if (status === 'available') return { kind: 'ready', value: snapshot }
  if (status === 'failed' || status === 'deleting' || status.startsWith('incompatible-'))
    return { kind: 'failed', status }
  return { kind: 'going-on', status: status || 'creating', percent }
}
