import { plural } from '../plural.ts'
import { type ColumnData, type DataSnapshot, lengthOf, type TableData } from './data-snapshot.ts'
import { commonColumns, type Pairing, pairRows } from './row-pairs.ts'
import { shownName } from './table-shape.ts'

/** What became of the rows of a table or, with `column`, of its values. */
export interface DataLoss {
  readonly table: string
  readonly column: string | undefined
  /**
   * `dropped`: it is no more. `emptied`: it is there, and holds nothing of what it held. `removed`: some are gone.
   * `narrowed`: values have become shorter. `changed`: they have become others. `added`: there are some that were not.
   * `repeated`: `table` is a sequence, which gives out numbers that it gave out before.
   */
  readonly how: 'dropped' | 'emptied' | 'removed' | 'narrowed' | 'changed' | 'added' | 'repeated'
  /** Rows, or with `column` values, or numbers of a sequence. */
  readonly count: number
  readonly of: number
  /** Whether `count` is counted up from a sample. */
  readonly estimated: boolean
}

export interface RoundTrip {
  readonly before: DataSnapshot
  /** After up and down. */
  readonly after: DataSnapshot
  /** In the up state: what the up itself has added should not be in `after`. */
  readonly up?: DataSnapshot
  /** In the up state, once rows had been written there; those may be in `after` without having been in `before`. */
  readonly written?: DataSnapshot
}

/** What up and down together did to the data: nothing, when the list is empty. Ordered by table and column. */
export function roundTripLoss({ before, after, up, written }: RoundTrip): readonly DataLoss[] {
  const lost = compareData(before, after)
  const added = [...after.tables].flatMap(([name, table]) => {
    const standing = before.tables.get(name)
    const found = addedRows(name, standing, table, written && tableIn(written, after, name, table))
    return found.length > 0 ? found : leftRows(name, standing, table, up?.tables.get(name))
  })
  return [...lost, ...added]
}

/** The table as it was in the up state; where it had another name there, the one that has most in common with it. */
function tableIn(written: DataSnapshot, after: DataSnapshot, name: string, table: TableData): TableData | undefined {
  const others = [...written.tables].filter(([other]) => !after.tables.has(other)).map(([, each]) => each)
  const shared = (each: TableData) => commonColumns(table, each).length
  const [closest] = others
    .filter((each) => 2 * shared(each) >= table.columns.length)
    .sort((a, b) => shared(b) - shared(a))
  return written.tables.get(name) ?? closest
}

/** What is not the same at two moments where the schema is the same: all that was, by table and column. */
export function compareData(before: DataSnapshot, after: DataSnapshot): readonly DataLoss[] {
  return [...before.tables].flatMap(([name, table]) => tableLoss(name, table, after.tables.get(name)))
}

/**
 * What rows that were written in the up state lost by the down; what the up itself has written is its own to remove
 * row by row, and what was there before it another question. There the schema differs: what came back under another name
 * is no loss. Values are compared with those after the next up (`again`), where names and types are the same once more: what
 * returns was not lost, however it was kept meanwhile. Without it, those of a column whose type differs count only when they
 * are gone or shorter.
 */
export function downLoss(
  written: DataSnapshot,
  after: DataSnapshot,
  earlier?: Earlier,
  again?: DataSnapshot,
): readonly DataLoss[] {
  return [...written.tables].flatMap(([name, all]) => {
    const left = after.tables.get(name)
    if (!left) {
      const renamed = [...after.tables].some(([other, each]) => !written.tables.has(other) && isSameTable(all, each))
      return renamed ? [] : tableLoss(name, all, undefined)
    }
    // What goes as a whole takes the up's own rows with it, and somebody may have changed those.
    const gone = columnsAside(name, all, left).filter(({ how }) => how === 'dropped')
    const own = withoutRows(all, earlier?.up.tables.get(name))
    const there = own === all ? left : withoutRows(left, earlier?.before.tables.get(name))
    const rest = columnsAside(name, own, there).filter(({ how }) => how !== 'dropped')
    const judged = again?.tables.get(name)
    const found = judged ? byNextUp(name, own, rest, judged) : rest
    return [...gone, ...found.map((loss) => stillHolding(loss, left))]
  })
}

/** Losses of rows as they are; those of values by what is there after the next up, where it has that column in that type. */
function byNextUp(name: string, own: TableData, losses: readonly DataLoss[], again: TableData): readonly DataLoss[] {
  const types = new Map(again.columns.map((column) => [column.name, column.type]))
  const returns = new Set(
    own.columns.filter((column) => types.get(column.name) === column.type).map((each) => each.name),
  )
  const values = tableLoss(name, own, again).filter(
    ({ column, how }) => column !== undefined && how !== 'added' && returns.has(column),
  )
  const left = losses.filter(({ column }) => column === undefined || !returns.has(column))
  return [...left, ...values]
}

/** Emptied is only what holds nothing of others' either. */
function stillHolding(loss: DataLoss, left: TableData): DataLoss {
  const held = loss.column === undefined ? left.rows : left.columns.find(({ name }) => name === loss.column)?.values
  return loss.how === 'emptied' && held ? { ...loss, how: 'removed' } : loss
}

export interface Earlier {
  readonly before: DataSnapshot
  /** In the up state, before anybody wrote. */
  readonly up: DataSnapshot
}

/** Only the rows that are new since; all of them where samples can't tell. */
function withoutRows(table: TableData, earlier: TableData | undefined): TableData {
  if (!earlier || earlier.oneOf > 1 || table.oneOf > 1) return table
  const sample = pairRows(earlier, table).appeared
  const columns = table.columns.map((column, at) => ({
    ...column,
    values: sample.filter(({ cells }) => cells[at] !== null).length,
  }))
  return { ...table, columns, sample, rows: sample.length }
}

/** `orders.note: 5 of 5 values lost`. */
export function describeLoss({ table, column, how, count, of, estimated }: DataLoss): string {
  const name = column === undefined ? shownName(table) : `${shownName(table)}.${column}`
  const many = `${estimated ? 'about ' : ''}${count}`
  const unit = column === undefined ? 'row' : 'value'
  if (how === 'added')
    return `${name}: ${many} ${plural(count, unit, `${unit}s`).replace(/^\d+ /, '')} that ${count === 1 ? 'was' : 'were'} not there before`
  if (how === 'repeated') return `${name}: generates ${plural(count, 'number', 'numbers')} a second time`
  const what = how === 'narrowed' || how === 'changed' ? how : 'lost'
  return `${name}: ${many} of ${plural(of, unit, `${unit}s`)} ${what}`
}

function tableLoss(name: string, before: TableData, after: TableData | undefined): readonly DataLoss[] {
  if (before.rows === 0) return []
  const exact = { table: name, column: undefined, of: before.rows, estimated: false }
  if (!after) return [{ ...exact, how: 'dropped', count: before.rows }]
  if (after.rows === 0) return [{ ...exact, how: 'emptied', count: before.rows }]
  if (!comparable(before, after)) return lossByTotals(name, before, after)
  const pairing = pairRows(before, after)
  return [...rowLoss(name, before, pairing), ...columnLoss(name, before, after, pairing)]
}

/** Samples of rows without a key are chosen by what the rows hold, so they answer each other only when nothing changed. */
function comparable(before: TableData, after: TableData): boolean {
  const complete = before.oneOf === 1 && after.oneOf === 1
  return complete || (before.key.length > 0 && before.key.join() === after.key.join())
}

function rowLoss(table: string, before: TableData, { gone, weight }: Pairing): readonly DataLoss[] {
  if (gone === 0) return []
  const count = Math.min(before.rows, gone * weight)
  const how = count === before.rows ? 'emptied' : 'removed'
  return [{ table, column: undefined, how, count, of: before.rows, estimated: weight > 1 }]
}

function columnLoss(table: string, before: TableData, after: TableData, pairing: Pairing): readonly DataLoss[] {
  const common = new Map(commonColumns(before, after))
  return before.columns.flatMap((column, at): readonly DataLoss[] => {
    const other = common.get(at)
    if (other === undefined) return droppedColumn(table, column)
    return valueLoss(table, column, countChanges(pairing, at, other), pairing.weight)
  })
}

function droppedColumn(table: string, { name, values }: ColumnData): readonly DataLoss[] {
  return values === 0 ? [] : [{ table, column: name, how: 'dropped', count: values, of: values, estimated: false }]
}

interface Changes {
  readonly lost: number
  readonly narrowed: number
  readonly changed: number
  readonly added: number
}

function countChanges({ pairs }: Pairing, at: number, other: number): Changes {
  const counts = { lost: 0, narrowed: 0, changed: 0, added: 0 }
  for (const pair of pairs) {
    const before = pair.before[at] ?? null
    const after = pair.after[other] ?? null
    if (before === after) continue
    if (after === null) counts.lost++
    else if (before === null) counts.added++
    else if (lengthOf(after) < lengthOf(before)) counts.narrowed++
    else counts.changed++
  }
  return counts
}

function valueLoss(table: string, { name, values }: ColumnData, changes: Changes, weight: number): readonly DataLoss[] {
  const { lost, narrowed, changed, added } = changes
  const one = (how: DataLoss['how'], count: number): readonly DataLoss[] => {
    const all = how === 'added' ? count * weight : Math.min(values, count * weight)
    return count === 0 ? [] : [{ table, column: name, how, count: all, of: values, estimated: weight > 1 }]
  }
  // Rounding makes most values shorter and leaves some as long as they were: that is one finding, not two.
  const other = one(narrowed >= changed ? 'narrowed' : 'changed', narrowed + changed)
  return [...one(lost * weight >= values ? 'emptied' : 'removed', lost), ...other, ...one('added', added)]
}

/** All that can be said of large tables without a key: how many are gone, and whether the rest is what it was. */
function lossByTotals(table: string, before: TableData, after: TableData): readonly DataLoss[] {
  const gone = Math.max(0, before.rows - after.rows)
  const rows: readonly DataLoss[] =
    gone === 0 ? [] : [{ table, column: undefined, how: 'removed', count: gone, of: before.rows, estimated: false }]
  const columns = before.columns.flatMap((column): readonly DataLoss[] => {
    const other = after.columns.find(({ name }) => name === column.name)
    if (!other) return droppedColumn(table, column)
    const found = { table, column: column.name, of: column.values, estimated: true }
    const lost = column.values - other.values
    if (lost > 0 && gone === 0)
      return [{ ...found, how: lost === column.values ? 'emptied' : 'removed', count: lost, estimated: false }]
    const known = column.digest !== undefined && other.digest !== undefined && before.rows === after.rows
    return known && column.digest !== other.digest ? [{ ...found, how: 'changed', count: column.values }] : []
  })
  return [...rows, ...columns]
}

/** Of a table that is there before and after, where columns may have other names and types. */
function columnsAside(name: string, before: TableData, after: TableData): readonly DataLoss[] {
  const typeAfter = new Map(after.columns.map((column) => [column.name, column.type]))
  const sameType = (column: string) =>
    before.columns.find((each) => each.name === column)?.type === typeAfter.get(column)
  return tableLoss(name, before, after).filter(({ column, how }) => {
    if (column === undefined) return true
    if (how === 'added') return false
    if (how === 'dropped') return !cameBack(before, after, column)
    return how !== 'changed' || sameType(column)
  })
}

/** Whether a column of another name holds, row by row, what this one held. */
function cameBack(before: TableData, after: TableData, column: string): boolean {
  const at = before.columns.findIndex(({ name }) => name === column)
  const { pairs } = pairRows(before, after)
  const held = pairs.some((pair) => pair.before[at] !== null)
  return after.columns.some(({ name }, other) => {
    const isNew = !before.columns.some((each) => each.name === name)
    return isNew && held && pairs.every((pair) => pair.before[at] === pair.after[other])
  })
}

/** Whether all rows exist, with what most columns held, under the same columns' names. */
function isSameTable(before: TableData, after: TableData): boolean {
  const common = commonColumns(before, after)
  if (before.rows === 0 || 2 * common.length < before.columns.length) return false
  const { pairs, gone } = pairRows(before, after)
  return gone === 0 && pairs.every((pair) => common.every(([left, right]) => pair.before[left] === pair.after[right]))
}

/** Rows that neither were there before nor were written in between. */
function addedRows(
  table: string,
  before: TableData | undefined,
  after: TableData,
  written: TableData | undefined,
): readonly DataLoss[] {
  const finding = (count: number): readonly DataLoss[] =>
    count <= 0 ? [] : [{ table, column: undefined, how: 'added', count, of: after.rows, estimated: false }]
  const counted = after.rows - Math.max(before?.rows ?? 0, written?.rows ?? 0)
  if (!before || before.oneOf > 1 || after.oneOf > 1) return finding(counted)
  const { appeared } = pairRows(before, after)
  if (!written) return finding(appeared.length)
  if (written.oneOf > 1 || written.key.length === 0 || written.key.join() !== after.key.join()) return finding(counted)
  const known = new Set(written.sample.map(({ key }) => key))
  return finding(appeared.filter(({ key }) => !known.has(key)).length)
}

/** Rows of the up's own that the down did not roll back. */
function leftRows(
  table: string,
  before: TableData | undefined,
  after: TableData,
  up: TableData | undefined,
): readonly DataLoss[] {
  if (!before || !up || before.oneOf > 1 || up.oneOf > 1 || after.oneOf > 1) return []
  const own = new Set(pairRows(before, up).appeared.map(({ key }) => key))
  const count = pairRows(before, after).appeared.filter(({ key }) => own.has(key)).length
  return count === 0 ? [] : [{ table, column: undefined, how: 'added', count, of: after.rows, estimated: false }]
}
