import { identifier } from '../../script/literal.ts'
import type { ColumnShape, TableShape } from './shape.ts'

/** The column's value as the copy keeps it, named as it is; `of` is the alias of the table. */
export function keptColumn({ name, type, copyType, ownCollation }: ColumnShape, of: string): string {
  const column = `${of}.${identifier(name)}`
  const value = copyType === type ? column : `${column}::${copyType}`
  const collated = ownCollation === null ? value : `(${value}) COLLATE pg_catalog."default"`
  return `${collated} AS ${identifier(name)}`
}

export function keptColumns({ columns }: TableShape, of: string): string {
  return columns.map((column) => keptColumn(column, of)).join(', ')
}

/** A column of the copy and the one of the table, as it is now, that its values belong to. */
export interface ColumnPair {
  readonly name: string
  readonly copyType: string
  readonly type: string
}

/** Those that can be written: a generated column makes its values itself. */
export function columnPairs(kept: TableShape, now: TableShape): readonly ColumnPair[] {
  return now.columns
    .filter(({ generated }) => generated === '')
    .flatMap(({ name, type }) => {
      const column = kept.columns.find((each) => each.name === name)
      return column ? [{ name, copyType: column.copyType, type }] : []
    })
}

/** Columns of the copy that the table has no more. */
export function missingColumns(kept: TableShape, now: TableShape): readonly string[] {
  const names = new Set(now.columns.map(({ name }) => name))
  return kept.columns.map(({ name }) => name).filter((name) => !names.has(name))
}

/** The copy's value as one of the table's column: through its text, as which every type can be read. */
export function restoredValue({ name, copyType, type }: ColumnPair, of: string): string {
  const column = `${of}.${identifier(name)}`
  return copyType === type ? column : `${column}::pg_catalog.text::${type}`
}

/**
 * One value for a whole row, the same exactly when the rows are the same to the last byte: equality would take 1.0 for 1.00
 * or, in citext, A for a, and some types have none.
 */
export function rowKey(pairs: readonly ColumnPair[], of: string): string {
  const texts = pairs.map(({ name }) => `${of}.${identifier(name)}::pg_catalog.text`).join(', ')
  return `pg_catalog.sha256(pg_catalog.convert_to(ROW(${texts})::pg_catalog.text, pg_catalog.getdatabaseencoding()))`
}
