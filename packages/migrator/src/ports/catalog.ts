import type { CatalogSnapshot } from '../core/catalog.ts'
import type { CatalogDigest } from '../core/history.ts'
import type { Session } from './session.ts'

/** Reads the actual schema, from the system catalogs only. */
export interface Catalog {
  /** Every object with all its properties. */
  snapshot(on: Session): Promise<CatalogSnapshot>
  /** The same, with each object's properties reduced to a digest. */
  digest(on: Session): Promise<CatalogDigest>
  /** A portable digest of the whole schema: the same on every server with the same applied migrations. */
  fingerprint(on: Session): Promise<string>
  /** The fingerprint of a snapshot taken earlier. */
  fingerprintOf(snapshot: CatalogSnapshot): Promise<string>
  /** Indexes that a failed CONCURRENTLY left behind, qualified and quoted. Absent if a failure leaves none. */
  invalidIndexes?(on: Session): Promise<readonly string[]>
  /** Whether a table has rows, or a column has values; false if the object does not exist or cannot hold data. */
  holdsData(on: Session, object: NamedObject): Promise<boolean>
}

/** A table, or with `part` a column of it; without a schema it is looked up in the search path. */
export interface NamedObject {
  readonly kind: string
  readonly schema?: string | undefined
  readonly name: string
  readonly part?: string | undefined
}
