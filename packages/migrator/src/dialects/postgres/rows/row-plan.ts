import type { ColumnShape, ForeignKeyShape, TableShape } from '../../../core/data/table-shape.ts'
import { derivedColumns } from './derived.ts'
import { canWait, keyOf } from './foreign-key-order.ts'

/** How each column of a table gets its value. */
export interface RowPlan {
  readonly table: TableShape
  readonly columns: readonly ColumnPlan[]
  /** The foreign keys whose values are picked from the rows of the parent, in the order in which they own columns. */
  readonly picks: readonly Pick[]
}

export interface ColumnPlan {
  readonly column: ColumnShape
  readonly from:
    | { readonly kind: 'value' }
    /** A picked parent's column; `orValue` where a row without that parent needs a value all the same. */
    | { readonly kind: 'parent'; readonly pick: number; readonly parentColumn: string; readonly orValue: boolean }
    | { readonly kind: 'sequence' | 'generated'; readonly expression: string }
    | { readonly kind: 'derived'; readonly expression: string }
    | { readonly kind: 'null' }
}

export interface Pick {
  readonly key: ForeignKeyShape
  /** Columns that an earlier key has filled: the parent has to agree. */
  readonly shared: readonly Shared[]
  /** Whether a row may do without a parent. */
  readonly optional: boolean
}

export interface Shared {
  readonly parentColumn: string
  readonly pick: number
  readonly pickColumn: string
}

/** `late`: foreign keys, by `keyOf`, that are not filled when the row goes in, so their columns are NULL where they can be. */
export function rowPlan(table: TableShape, late: ReadonlySet<string>): RowPlan {
  const keys = [...table.foreignKeys].sort((left, right) => left.columns.length - right.columns.length)
  const owners = new Map<string, { pick: number; parentColumn: string }>()
  const picks = keys
    .filter((key) => !late.has(keyOf(table, key)))
    .map((key, pick): Pick => {
      const shared = key.columns.flatMap((name, at): readonly Shared[] => {
        const owner = owners.get(name)
        const parentColumn = key.parentColumns[at] ?? ''
        if (owner) return [{ parentColumn, pick: owner.pick, pickColumn: owner.parentColumn }]
        owners.set(name, { pick, parentColumn })
        return []
      })
      return { key, shared, optional: canWait(table, key) }
    })
  const waiting = new Set(keys.filter((key) => late.has(keyOf(table, key))).flatMap(({ columns }) => columns))
  const derived = derivedColumns(table)
  const planOf = (column: ColumnShape): ColumnPlan['from'] => {
    if (column.source !== 'value' && !(column.source === 'sequence' && owners.has(column.name))) {
      return { kind: column.source, expression: column.expression ?? 'NULL' }
    }
    const owner = owners.get(column.name)
    if (owner) return { kind: 'parent', ...owner, orValue: !column.nullable && (picks[owner.pick]?.optional ?? false) }
    if (waiting.has(column.name) && column.nullable) return { kind: 'null' }
    const expression = derived.get(column.name)
    return expression === undefined ? { kind: 'value' } : { kind: 'derived', expression }
  }
  return { table, picks, columns: table.columns.map((column) => ({ column, from: planOf(column) })) }
}

/** Whether candidates carry a text of their own for the column. */
export function takesValue({ from }: ColumnPlan): boolean {
  return from.kind === 'value' || (from.kind === 'parent' && from.orValue)
}
