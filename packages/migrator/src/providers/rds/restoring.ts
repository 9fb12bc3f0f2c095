import type { BackupWatch } from '../../ports/backup.ts'
import type { Aws, Settled } from './aws.ts'
import type { DbSnapshot } from './snapshots.ts'

/** One restore, decided. */
export interface Restoring {
  readonly aws: Aws
  readonly options: Settled
  readonly snapshot: DbSnapshot
  /** The name of the new instance or cluster. */
  readonly target: string
  readonly watch: BackupWatch
}
