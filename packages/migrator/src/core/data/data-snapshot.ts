/** What the tables held at one moment: hashes, never values. By `schema.table`. */
export interface DataSnapshot {
  readonly tables: ReadonlyMap<string, TableData>
}

export interface TableData {
  readonly columns: readonly ColumnData[]
  /** The columns that tell rows apart: the primary key, or none. */
  readonly key: readonly string[]
  readonly rows: number
  /** One of so many rows is in `sample`, chosen by its key: a power of two, 1 when all of them are. */
  readonly oneOf: number
  readonly sample: readonly RowData[]
  /** Row-level security hid rows from whoever took it. */
  readonly hidesRows: boolean
}

export interface ColumnData {
  readonly name: string
  readonly type: string
  /** How many are not NULL. */
  readonly values: number
  /** Over all values whatever their order; only where the sample is not everything. */
  readonly digest: string | undefined
}

export interface RowData {
  /** Hexadecimal digest of the key, or of the whole row. */
  readonly key: string
  /** By column: null for NULL, else the length of the value's text, a colon, and a digest. */
  readonly cells: readonly (string | null)[]
}

/** Length of the text behind a cell. */
export function lengthOf(cell: string): number {
  return Number(cell.slice(0, cell.indexOf(':')))
}

/** The rows that a coarser sample has as well. */
export function thinned(table: TableData, oneOf: number): readonly RowData[] {
  if (oneOf <= table.oneOf) return table.sample
  return table.sample.filter(({ key }) => Number.parseInt(key.slice(0, 8), 16) % oneOf === 0)
}
