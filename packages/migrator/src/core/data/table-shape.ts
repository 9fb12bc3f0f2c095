/**
 * Data for rehearsals: what rows a table can hold, and what became of rows between two points of history.
 * Pure: texts and numbers only. Must not know how shapes are read, rows inserted or values hashed.
 * This file: the description of a table, as far as making rows for it needs one.
 */

/** A table that holds rows: an ordinary or a partitioned one, never a partition. Names are unquoted. */
export interface TableShape {
  readonly schema: string
  readonly table: string
  readonly columns: readonly ColumnShape[]
  /** Empty without a primary key. */
  readonly primaryKey: readonly string[]
  readonly checks: readonly CheckShape[]
  readonly uniques: readonly UniqueShape[]
  readonly foreignKeys: readonly ForeignKeyShape[]
  /** The partitions that hold rows, of every level; empty for an ordinary table. */
  readonly partitions: readonly PartitionShape[]
  readonly partitioned: boolean
  /** Whether row-level security hides rows from the role that reads, so that nothing said of the table is complete. */
  readonly hidesRows: boolean
}

export interface ColumnShape {
  readonly name: string
  readonly type: TypeShape
  /** Another type that its values are inputs of too. */
  readonly readAs?: TypeShape
  /** Values that a migration's own statements look for, one a row; undefined where such a row is free to hold any. */
  readonly hints?: readonly (string | null | undefined)[]
  readonly nullable: boolean
  /** Where its value comes from when an application writes a row: a value, a sequence, or the other columns. */
  readonly source: 'value' | 'sequence' | 'generated'
  /** Of a sequence or generated column what computes it, else its default; as SQL with qualified names. */
  readonly expression: string | undefined
}

/** A type, with its modifiers. `sql` is its name as a cast takes it. */
export type TypeShape =
  | { readonly kind: 'base'; readonly sql: string; readonly name: string; readonly modifiers: readonly number[] }
  | { readonly kind: 'enum'; readonly sql: string; readonly labels: readonly string[] }
  | DomainShape
  | { readonly kind: 'composite'; readonly sql: string; readonly fields: readonly TypeShape[] }
  | { readonly kind: 'array'; readonly sql: string; readonly element: TypeShape; readonly delimiter: string }
  | { readonly kind: 'range'; readonly sql: string; readonly subtype: TypeShape }
  | { readonly kind: 'multirange'; readonly sql: string; readonly range: TypeShape }

export interface DomainShape {
  readonly kind: 'domain'
  readonly sql: string
  readonly base: TypeShape
  /** Over the word VALUE. */
  readonly checks: readonly string[]
  readonly required: boolean
}

export interface CheckShape {
  readonly name: string
  readonly expression: string
  readonly columns: readonly string[]
}

/** A unique index, its expressions by the columns in them, or an exclusion constraint. */
export interface UniqueShape {
  readonly columns: readonly string[]
  readonly deferrable: boolean
  /** What else it says, as SQL: its expressions, for which rows it holds, and whether NULLs are alike. */
  readonly rule?: string | undefined
}

export interface ForeignKeyShape {
  readonly name: string
  readonly columns: readonly string[]
  readonly parent: string
  readonly parentColumns: readonly string[]
  /** MATCH FULL: all of its columns are NULL, or none. */
  readonly full: boolean
}

export interface PartitionShape {
  readonly name: string
  /** What a row must fulfil to be kept there: its bounds and its own checks. */
  readonly conditions: readonly string[]
}

/** `schema.table`, unquoted: how tables are identified here. */
export function nameOf({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return `${schema}.${table}`
}

/** The name for people: without the schema that everybody is in. */
export function shownName(name: string): string {
  return name.startsWith('public.') ? name.slice('public.'.length) : name
}

/** Tables that are new, or whose columns, types or constraints are not what they were. */
export function changedSince(earlier: readonly TableShape[], now: readonly TableShape[]): readonly TableShape[] {
  const known = new Map(earlier.map((shape) => [nameOf(shape), JSON.stringify(shape)]))
  return now.filter((shape) => known.get(nameOf(shape)) !== JSON.stringify(shape))
}

/** Whether a column, or one that it is computed with, must differ from row to row. */
export function isUnique({ uniques }: TableShape, column: string): boolean {
  return uniques.some(({ columns }) => columns.includes(column))
}
