import type { CatalogSnapshot } from '../core/catalog.ts'
import type { CatalogDigest } from '../core/history.ts'
import type { Session } from './session.ts'

/** Reads what is really there, from the system catalogs only. */
export interface Catalog {
  /** Every object with all its properties. */
  snapshot(on: Session): Promise<CatalogSnapshot>
  /** The same, each object's properties reduced to a digest. */
  digest(on: Session): Promise<CatalogDigest>
  /** One digest over all of it that is portable: equal on another server where the same migrations were applied. */
  fingerprint(on: Session): Promise<string>
  /** The same, of a snapshot that was taken before. */
  fingerprintOf(snapshot: CatalogSnapshot): Promise<string>
  /** Indexes that a failed CONCURRENTLY left behind, qualified and quoted. Absent where a failure leaves none. */
  invalidIndexes?(on: Session): Promise<readonly string[]>
  /** Whether a table holds rows, or a column of it values; false for what is not there or holds none by its nature. */
  holdsData(on: Session, object: NamedObject): Promise<boolean>
}

/** A table, or with `part` a column of it; without a schema it is looked up in the search path. */
export interface NamedObject {
  readonly kind: string
  readonly schema?: string | undefined
  readonly name: string
  readonly part?: string | undefined
}
