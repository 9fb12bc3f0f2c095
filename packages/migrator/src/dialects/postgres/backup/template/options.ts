import type { Clock } from '../../../../ports/clock.ts'
import type { DatabaseLocation } from '../../../../ports/location.ts'
import type { SqlSession } from '../../session/sql-session.ts'

export interface TemplateProviderOptions {
  /** The database that is backed up. Anything but loopback and Unix sockets is refused with BACKUP_UNAVAILABLE. */
  readonly location: DatabaseLocation
  /** Opens a session on another database of the same server, as the same role. */
  readonly connectTo: (database: string) => Promise<SqlSession>
  readonly toolVersion: string
  readonly clock: Clock
}
