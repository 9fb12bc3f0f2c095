import type { CatalogSnapshot } from '../core/catalog.ts'
import type { Session } from './session.ts'

export interface SchemaSourceOptions {
  /** The environment for programs that it starts; its PATH is searched. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/** Writes the schema of a live database as a migration. Reads the system catalogs only. */
export interface SchemaSource {
  /** Rejects with NOT_SUPPORTED, naming every object that it cannot write. */
  script(on: Session): Promise<SchemaScript>
  /** What the script must produce: the database's schema without the objects of migration tools. */
  snapshot(on: Session): Promise<CatalogSnapshot>
}

export interface SchemaScript {
  readonly up: string
  /** Drops everything that `up` creates. */
  readonly down: string
  /** `pg_dump 15.18`, or `the system catalogs`. */
  readonly writtenBy: string
  /** What it leaves out deliberately, and what it needs from a server, one sentence each. */
  readonly notes: readonly string[]
}
