import type { CatalogSnapshot } from '../catalog.ts'
import { readIdentity } from '../catalog-identity.ts'
import type { DataSnapshot, TableData } from './data-snapshot.ts'
import { commonColumns, pairRows } from './row-pairs.ts'

/**
 * New tables that an up has moved rows to, out of a table that remains: archives, which only the migration fills. An
 * application knows nothing of them. A partition that the up detaches is none: the catalog had it before.
 */
export function archivesIn(before: DataSnapshot, up: DataSnapshot, catalog: CatalogSnapshot): ReadonlySet<string> {
  const sources = [...before.tables].flatMap(([name, table]) => {
    const left = up.tables.get(name)
    return left && pairRows(table, left).gone > 0 ? [table] : []
  })
  const existing = new Set(Object.keys(catalog).map((object) => readIdentity(object).parts.join('.')))
  const found = [...up.tables].filter(
    ([name, table]) =>
      !before.tables.has(name) &&
      !existing.has(name) &&
      table.rows > 0 &&
      sources.some((source) => holdsRowsOf(table, source)),
  )
  return new Set(found.map(([name]) => name))
}

function holdsRowsOf(archive: TableData, source: TableData): boolean {
  const common = commonColumns(source, archive)
  const hasKey = source.key.every((name) => archive.columns.some((column) => column.name === name))
  return hasKey && 2 * common.length >= source.columns.length
}
