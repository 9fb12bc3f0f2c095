import type { Clock } from '../../../../ports/clock.ts'
import type { DatabaseLocation } from '../../../../ports/location.ts'
import type { SqlSession } from '../../session/sql-session.ts'

export interface PgDumpProviderOptions {
  /** Password and TLS options are taken from it; never shown. Must lead to the server itself, not to a pooler. */
  readonly connectionString: string
  readonly location: DatabaseLocation
  /** Opens a session on a database of that server, as the same role. */
  readonly connectTo: (database: string) => Promise<SqlSession>
  /** Where the files go: made with mode 0700 if it is not there, kept out of git; files get mode 0600. */
  readonly directory: string
  readonly toolVersion: string
  readonly clock: Clock
  /**
   * What the programs inherit: the caller's environment. Of its PG* variables only those about TLS and passwords reach
   * them. Its PATH is searched first.
   */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The folder with pg_dump and pg_restore, where they are not to be looked for. */
  readonly programs?: string | undefined
}
