import type { ColumnShape, ForeignKeyShape, TableShape } from '../../src/core/data/table-shape.ts'

/** A table of the schema public, with nothing but what the test names. */
export function table(name: string, more: Partial<TableShape> = {}): TableShape {
  return {
    schema: 'public',
    table: name,
    columns: [],
    primaryKey: [],
    checks: [],
    uniques: [],
    foreignKeys: [],
    partitions: [],
    partitioned: false,
    hidesRows: false,
    ...more,
  }
}

export function column(name: string, more: Partial<ColumnShape> = {}): ColumnShape {
  const type = { kind: 'base', sql: 'integer', name: 'int4', modifiers: [] } as const
  return { name, type, nullable: false, source: 'value', expression: undefined, ...more }
}

/** A foreign key of one column to another table's `id`. */
export function reference(from: string, to: string): ForeignKeyShape {
  return { name: `${from}_fkey`, columns: [from], parent: `public.${to}`, parentColumns: ['id'], full: false }
}
