import { type RowData, type TableData, thinned } from './data-snapshot.ts'

/** The same row before and after, with the cells of the columns that both have, in the same order. */
export interface RowPair {
  readonly before: readonly (string | null)[]
  readonly after: readonly (string | null)[]
}

export interface Pairing {
  readonly pairs: readonly RowPair[]
  /** Rows of the sample that are no more. */
  readonly gone: number
  /** Rows of the sample that were not there before. */
  readonly appeared: readonly RowData[]
  /** So many rows each of them stands for. */
  readonly weight: number
}

/** Finds each row again: by its key where both have the same, by what it holds otherwise. */
export function pairRows(before: TableData, after: TableData): Pairing {
  const oneOf = Math.max(before.oneOf, after.oneOf)
  const left = thinned(before, oneOf)
  const right = thinned(after, oneOf)
  const sameKey = before.key.length > 0 && before.key.join() === after.key.join()
  const paired = sameKey ? byKey(left, right) : byContents(left, right, commonColumns(before, after))
  return { ...paired, weight: oneOf }
}

/** Index pairs of the columns that both have. */
export function commonColumns(before: TableData, after: TableData): readonly (readonly [number, number])[] {
  return before.columns.flatMap(({ name }, at) => {
    const other = after.columns.findIndex((column) => column.name === name)
    return other < 0 ? [] : [[at, other] as const]
  })
}

type Matched = Omit<Pairing, 'weight'>

function byKey(before: readonly RowData[], after: readonly RowData[]): Matched {
  const rest = new Map(after.map((row) => [row.key, row]))
  const pairs = before.flatMap(({ key, cells }): readonly RowPair[] => {
    const found = rest.get(key)
    rest.delete(key)
    return found ? [{ before: cells, after: found.cells }] : []
  })
  return { pairs, gone: before.length - pairs.length, appeared: [...rest.values()] }
}

/** Rows that are alike in all common columns first; of the others each takes the one that it has most in common with. */
function byContents(
  before: readonly RowData[],
  after: readonly RowData[],
  columns: readonly (readonly [number, number])[],
): Matched {
  const rest = new Map<string, RowData[]>()
  for (const row of after) {
    const print = JSON.stringify(columns.map(([, at]) => row.cells[at]))
    rest.set(print, [...(rest.get(print) ?? []), row])
  }
  const pairs: RowPair[] = []
  const changed: RowData[] = []
  for (const row of before) {
    const found = rest.get(JSON.stringify(columns.map(([at]) => row.cells[at])))?.shift()
    if (found) pairs.push({ before: row.cells, after: found.cells })
    else changed.push(row)
  }
  const others = [...rest.values()].flat()
  const { close, gone } = nearest(changed, others, columns)
  return { pairs: [...pairs, ...close], gone, appeared: others }
}

/** Each of them is compared with each, so of more than this none is. */
const MOST_COMPARED = 500

/** Takes what it pairs out of `others`. */
function nearest(rows: readonly RowData[], others: RowData[], columns: readonly (readonly [number, number])[]) {
  const close: RowPair[] = []
  if (rows.length > MOST_COMPARED || others.length > MOST_COMPARED) return { close, gone: rows.length }
  for (const row of rows) {
    const alike = others.map(({ cells }) => columns.filter(([left, right]) => row.cells[left] === cells[right]).length)
    const best = Math.max(-1, ...alike)
    // A table of one column has nothing in common once that is changed; its rows still answer each other.
    if (best < (columns.length > 1 ? 1 : 0)) continue
    const [found] = others.splice(alike.indexOf(best), 1)
    if (found) close.push({ before: row.cells, after: found.cells })
  }
  return { close, gone: rows.length - close.length }
}
