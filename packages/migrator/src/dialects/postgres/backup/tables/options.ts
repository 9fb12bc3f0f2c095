import type { Clock } from '../../../../ports/clock.ts'
import type { DatabaseLocation } from '../../../../ports/location.ts'
import type { SqlSession } from '../../session/sql-session.ts'

export interface TablesProviderOptions {
  /** Opens a session on the database. */
  readonly connect: () => Promise<SqlSession>
  readonly location: DatabaseLocation
  readonly toolVersion: string
  readonly clock: Clock
  /** The schema for the copies; default `migration_archive`. Leave it out of what is compared for drift. */
  readonly schema?: string | undefined
  /** Tables that are no data of the product: the history and the logs. */
  readonly leaveOut?: readonly { readonly schema: string; readonly table: string }[] | undefined
  /** How long to wait for a table that somebody keeps locked; default 10,000 ms. */
  readonly lockTimeoutMs?: number | undefined
}

/** The options with nothing left open. */
export type TablesSettings = Required<{
  [Name in keyof TablesProviderOptions]: NonNullable<TablesProviderOptions[Name]>
}>
