/**
 * What is there, from the system catalogs only. Implements the Catalog port; knows no plan, and nothing of what a
 * difference means. One file a group of objects, each a query (https://www.postgresql.org/docs/current/catalogs.html).
 */
import { createHash } from 'node:crypto'
import { type CatalogSnapshot, canonicalText, type ObjectProperties, portable } from '../../../core/catalog.ts'
import type { CatalogDigest } from '../../../core/history.ts'
import type { Catalog, NamedObject } from '../../../ports/catalog.ts'
import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import type { OwnObjects } from './scope.ts'
import { createSnapshotReader } from './snapshot.ts'

/**
 * Reads every object of the users' schemas, on the caller's session and in its transaction if there is one. The
 * migrator's own objects and what belongs to extensions are left out. Takes ACCESS SHARE on catalogs; printing views and
 * expressions, PostgreSQL takes it on the tables that they name as well, until the transaction ends, and so waits (for as
 * long as the session's lock_timeout) while another one holds ACCESS EXCLUSIVE.
 */
export function createCatalog(own: OwnObjects): Catalog {
  const snapshot = createSnapshotReader(own)
  return {
    snapshot,
    async digest(on: SqlSession): Promise<CatalogDigest> {
      return digestOf(await snapshot(on))
    },
    async fingerprint(on: SqlSession): Promise<string> {
      return fingerprintOf(await snapshot(on))
    },
    fingerprintOf: async (snapshot) => fingerprintOf(snapshot),
    async invalidIndexes(on: SqlSession): Promise<readonly string[]> {
      const rows = await on.query(`
        SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
          FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE NOT i.indisvalid AND c.relkind = 'i' ORDER BY 1`)
      return rows.map(({ name }) => name ?? '')
    },
    async holdsData(on: SqlSession, { kind, schema, name, part }: NamedObject): Promise<boolean> {
      if (kind !== 'table' && kind !== 'column') return false
      const table = [schema, name].flatMap((each) => (each === undefined ? [] : [identifier(each)])).join('.')
      const [found] = await on.query(`SELECT pg_catalog.to_regclass(${literal(table)})::text AS found`)
      if (!found?.found) return false
      const filter = part === undefined ? '' : `WHERE ${identifier(part)} IS NOT NULL`
      const [row] = await on.query(`SELECT EXISTS (SELECT 1 FROM ${table} ${filter})::text AS held`)
      return row?.held === 'true'
    },
  }
}

/** Each object's properties reduced to a digest: enough to tell that it changed. */
export function digestOf(snapshot: CatalogSnapshot): CatalogDigest {
  const digest = (properties: ObjectProperties) => createHash('md5').update(canonicalText(properties)).digest('hex')
  return Object.fromEntries(Object.entries(snapshot).map(([object, properties]) => [object, digest(properties)]))
}

/**
 * SHA-256 over what is portable: two databases with the same migrations have the same, whoever owns them and reads them.
 * It leaves out the options of user mappings, because not every role may read them.
 */
export function fingerprintOf(snapshot: CatalogSnapshot): string {
  const everything = portable(snapshot)
  const texts = Object.keys(everything)
    .sort()
    .map((object) => `${object}\n${canonicalText(readByAll(object, everything[object] ?? {}))}`)
  return createHash('sha256').update(texts.join('')).digest('hex')
}

function readByAll(object: string, properties: ObjectProperties): ObjectProperties {
  if (!object.startsWith('user mapping ')) return properties
  const { options: _, ...rest } = properties
  return rest
}
