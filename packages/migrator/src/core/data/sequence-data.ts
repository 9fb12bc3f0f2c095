import type { DataLoss } from './data-loss.ts'
import type { DataSnapshot } from './data-snapshot.ts'

/** Where a sequence stands at one moment. Its numbers are bigint, so they may be larger than a JavaScript number is exact. */
export interface SequenceData {
  /** The number that it gives out next. */
  readonly next: bigint
  /** Below zero where it counts down. */
  readonly increment: bigint
  readonly cycles: boolean
  readonly feeds: readonly FedColumn[]
}

/** A column whose values are a sequence's numbers where a row is written without them. */
export interface FedColumn {
  /** `schema.table`. */
  readonly table: string
  readonly column: string
  /** The statement that sets the sequence behind its values. */
  readonly remedy: string
  /** Of a column of whole numbers that alone tells rows apart: the first and last of them. */
  readonly ends?: { readonly smallest: bigint; readonly largest: bigint } | undefined
}

/** By `schema.sequence`. */
export type Sequences = ReadonlyMap<string, SequenceData>

/** Up and down together made it stand where it gives out numbers a second time. */
export interface SetBack {
  readonly sequence: string
  readonly next: bigint
  /** The column that holds its next numbers already, so that the next row is refused. */
  readonly taken?: (Pick<FedColumn, 'table' | 'column' | 'remedy'> & { readonly upTo: bigint }) | undefined
  /** How many of the numbers that were given out come again. */
  readonly count: number
}

/** The tables' rows where the sequences are looked at, and in the up state. */
export interface RowsAround {
  readonly before: DataSnapshot
  readonly up?: DataSnapshot | undefined
  readonly after: DataSnapshot
}

/**
 * Sequences that were set back while rows that have their numbers stayed. What went with its table is reported with the rows.
 * A number that is given out is never rolled back by a transaction, so a higher value than before is nothing to report.
 */
export function setBack(before: Sequences, after: Sequences, rows: RowsAround): readonly SetBack[] {
  return [...after].flatMap(([sequence, now]): readonly SetBack[] => {
    const earlier = before.get(sequence)
    if (!earlier || now.cycles) return []
    const kept = now.feeds.filter(({ table }) => haveStayed(table, rows))
    const taken = kept.map((fed) => collision(now, fed)).find((found) => found !== undefined)
    const count = Number((earlier.next - now.next) / now.increment)
    const wasFree = earlier.feeds.every((fed) => !collision(earlier, fed))
    if (taken && wasFree) return [{ sequence, next: now.next, taken, count }]
    return count > 0 && (kept.length > 0 || now.feeds.length === 0) ? [{ sequence, next: now.next, count }] : []
  })
}

/** In the table, or elsewhere meanwhile, and all of them are back. */
function haveStayed(table: string, { before, up, after }: RowsAround): boolean {
  const rows = (moment: DataSnapshot | undefined) => moment?.tables.get(table)?.rows ?? 0
  return rows(up) > 0 || (rows(before) > 0 && rows(after) >= rows(before))
}

function collision({ next, increment }: SequenceData, { table, column, remedy, ends }: FedColumn): SetBack['taken'] {
  if (!ends) return undefined
  const upTo = increment > 0n ? ends.largest : ends.smallest
  const isTaken = increment > 0n ? upTo >= next : upTo <= next
  return isTaken ? { table, column, remedy, upTo } : undefined
}

/** As part of what up and down lost. */
export function repeated({ sequence, count }: SetBack): DataLoss {
  return { table: sequence, column: undefined, how: 'repeated', count, of: count, estimated: false }
}
