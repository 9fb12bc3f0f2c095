import type { CatalogSnapshot } from '../../../core/catalog.ts'
import { ownerOf, readIdentity } from '../../../core/catalog-identity.ts'
import type { SqlSession } from '../session/sql-session.ts'

/** How many rows a table holds, and one digest over all of their values, in any order. */
export interface TableRows {
  readonly rows: number
  readonly digest: string
  /** Quoted, ordered by name. */
  readonly columns: readonly string[]
}

/** By the table's quoted name. */
export type RowDigests = ReadonlyMap<string, TableRows>

const TABLES_AT_ONCE = 50

/**
 * Reads all rows of all tables of a catalog; the values do not leave the server. Rows that the role may not see (row level
 * security) are not seen.
 */
export async function digestRows(on: SqlSession, catalog: CatalogSnapshot): Promise<RowDigests> {
  const tables = [...columnsByTable(catalog)]
  const digests = new Map<string, TableRows>()
  for (let from = 0; from < tables.length; from += TABLES_AT_ONCE) {
    const some = tables.slice(from, from + TABLES_AT_ONCE)
    const found = await on.query(some.map(digestQuery).join('\nUNION ALL '))
    for (const { at, rows, digest } of found) {
      const [table, columns] = some[Number(at)] ?? ['', []]
      digests.set(table, { rows: Number(rows), digest: digest ?? '', columns })
    }
  }
  return digests
}

/** Of partitioned tables the rows are those of their partitions. */
function columnsByTable(catalog: CatalogSnapshot): ReadonlyMap<string, readonly string[]> {
  const tables = new Map<string, string[]>()
  for (const object of Object.keys(catalog)) {
    if (object.startsWith('table ')) tables.set(object.slice('table '.length), [])
  }
  for (const object of Object.keys(catalog)) {
    const { kind, parts } = readIdentity(object)
    if (kind === 'column') tables.get(ownerOf(object) ?? '')?.push(quoted(parts.at(-1) ?? ''))
  }
  for (const columns of tables.values()) columns.sort()
  return tables
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A sum does not depend on the order of rows; values are read as texts, so a row counts as what people see of it. */
function digestQuery([table, columns]: readonly [string, readonly string[]], at: number): string {
  const values = columns.map((column) => `t.${column}`).join(', ')
  return `SELECT '${at}' AS at, count(*)::text AS rows,
    coalesce(sum(pg_catalog.hashtextextended(ROW(${values})::text, 0)), 0)::text AS digest FROM ONLY ${table} AS t`
}
