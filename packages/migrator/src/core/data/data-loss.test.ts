import { describe, expect, test } from 'vitest'
import { compareData, describeLoss, downLoss, roundTripLoss } from './data-loss.ts'
import type { DataSnapshot, TableData } from './data-snapshot.ts'

type Rows = Readonly<Record<string, readonly (string | null)[]>>

/** A table's rows by key; each cell stands for a value of that length and kind. */
function data(columns: readonly string[], rows: Rows, more: Partial<TableData> = {}): TableData {
  const sample = Object.entries(rows).map(([key, cells]) => ({
    key,
    cells: cells.map((cell) => (cell === null ? null : `${cell.length}:${cell}`)),
  }))
  return {
    columns: columns.map((name, at) => {
      const [plain = '', type = 'text'] = name.split(':')
      return { name: plain, type, values: sample.filter(({ cells }) => cells[at] !== null).length, digest: undefined }
    }),
    key: ['id'],
    rows: sample.length,
    oneOf: 1,
    sample,
    hidesRows: false,
    ...more,
  }
}

const snapshot = (tables: Readonly<Record<string, TableData>>): DataSnapshot => ({
  tables: new Map(Object.entries(tables)),
})
const one = (table: TableData) => snapshot({ 'public.t': table })

describe('compareData', () => {
  const check = (before: TableData, after: TableData | undefined, expected: readonly string[]) => {
    const found = compareData(one(before), after ? one(after) : snapshot({}))
    expect(found.map((loss) => `${loss.how}: ${describeLoss(loss)}`)).toEqual(expected)
  }
  const standing = data(['a', 'b'], { '1': ['x', 'long text'], '2': ['y', null], '3': [null, 'other'] })

  test('finds nothing where all is as it was', () => check(standing, standing, []))

  test('names a table that is gone, unless it held nothing', () => {
    check(standing, undefined, ['dropped: t: 3 of 3 rows lost'])
    check(data(['a'], {}), undefined, [])
  })

  test('tells an emptied table from one that lost some rows', () => {
    check(standing, data(['a', 'b'], {}), ['emptied: t: 3 of 3 rows lost'])
    check(standing, data(['a', 'b'], { '1': ['x', 'long text'] }), ['removed: t: 2 of 3 rows lost'])
  })

  test('names a column that is gone by its values', () => {
    check(standing, data(['a'], { '1': ['x'], '2': ['y'], '3': [null] }), ['dropped: t.b: 2 of 2 values lost'])
    check(data(['a', 'none'], { '1': ['x', null] }), data(['a'], { '1': ['x'] }), [])
  })

  test('tells lost, shorter, other and new values apart', () => {
    check(standing, data(['a', 'b'], { '1': ['x', null], '2': ['y', null], '3': [null, null] }), [
      'emptied: t.b: 2 of 2 values lost',
    ])
    check(standing, data(['a', 'b'], { '1': [null, 'long text'], '2': ['y', null], '3': [null, 'other'] }), [
      'removed: t.a: 1 of 2 values lost',
    ])
    check(standing, data(['a', 'b'], { '1': ['x', 'long'], '2': ['y', null], '3': [null, 'other'] }), [
      'narrowed: t.b: 1 of 2 values narrowed',
    ])
    check(standing, data(['a', 'b'], { '1': ['z', 'long text'], '2': ['y', null], '3': [null, 'other'] }), [
      'changed: t.a: 1 of 2 values changed',
    ])
    check(standing, data(['a', 'b'], { '1': ['x', 'long text'], '2': ['y', 'q'], '3': ['q', 'other'] }), [
      'added: t.a: 1 value that was not there before',
      'added: t.b: 1 value that was not there before',
    ])
  })

  test('finds rows without a key again by what they hold', () => {
    const bare = data(['a', 'b'], { h1: ['x', '1'], h2: ['y', '2'] }, { key: [] })
    check(bare, data(['a', 'b'], { h9: ['y', '2'], h8: ['x', '1'] }, { key: [] }), [])
    check(bare, data(['a', 'b'], { h9: ['y', '2'], h8: ['x', null] }, { key: [] }), [
      'removed: t.b: 1 of 2 values lost',
    ])
    check(bare, data(['a', 'b'], { h9: ['y', '2'] }, { key: [] }), ['removed: t: 1 of 2 rows lost'])
  })

  test('counts up from samples, of the coarser kind where they differ', () => {
    const keys = Array.from({ length: 64 }, (_, at) => at.toString(16).padStart(8, '0'))
    const rows = (of: readonly string[], cell: string): Rows => Object.fromEntries(of.map((key) => [key, [cell]]))
    const every = (step: number) => keys.filter((key) => Number.parseInt(key, 16) % step === 0)
    const before = data(['a'], rows(every(4), 'abc'), { oneOf: 4, rows: 64 })
    check(
      { ...before, columns: [{ name: 'a', type: 'text', values: 64, digest: '1' }] },
      data(['a'], rows(every(2), 'ab'), { oneOf: 2, rows: 64 }),
      ['narrowed: t.a: about 64 of 64 values narrowed'],
    )
    check(before, data(['a'], rows(every(4).slice(8), 'abc'), { oneOf: 4, rows: 32 }), [
      'removed: t: about 32 of 64 rows lost',
    ])
  })
})

describe('roundTripLoss', () => {
  const check = (tables: readonly [TableData, TableData, TableData?], expected: readonly string[]) => {
    const [before, after, written] = tables
    const given = { before: one(before), after: one(after), ...(written ? { written: one(written) } : {}) }
    expect(roundTripLoss(given).map(describeLoss)).toEqual(expected)
  }
  const two = data(['a'], { '1': ['x'], '2': ['y'] })
  const three = data(['a'], { '1': ['x'], '2': ['y'], '3': ['z'] })

  test('names rows that came from nowhere', () => check([two, three], ['t: 1 row that was not there before']))
  test('takes rows that were written in between for what they are', () => check([two, three, three], []))
  test('still names others than those', () => {
    check([two, data(['a'], { '1': ['x'], '2': ['y'], '4': ['q'] }), three], ['t: 1 row that was not there before'])
  })
  test('names rows of the up that the down left', () => {
    const own = data(['a'], { '1': ['x'], '2': ['y'], '3': ['own'] })
    const written = data(['a'], { '1': ['x'], '2': ['y'], '3': ['own'], '4': ['new'] })
    const given = { before: one(two), up: one(own), written: one(written), after: one(written) }
    expect(roundTripLoss(given).map(describeLoss)).toEqual(['t: 1 row that was not there before'])
    const back = data(['a'], { '1': ['x'], '2': ['y'], '4': ['new'] })
    expect(roundTripLoss({ ...given, after: one(back) })).toEqual([])
  })

  test('takes rows written under a name that the table had in between', () => {
    const given = { before: one(two), after: one(three), written: snapshot({ 'public.other': three }) }
    expect(roundTripLoss(given)).toEqual([])
  })
})

describe('downLoss', () => {
  test('counts what was written since the up only, and not what it wrote itself', () => {
    const before = data(['a'], { '1': ['x'] })
    const up = data(['a', 'b'], { '1': ['x', 'filled'], '2': ['own', 'o'] })
    const written = data(['a', 'b'], { '1': ['x', 'filled'], '2': ['own', 'o'], '3': ['new', 'n'] })
    const earlier = { before: one(before), up: one(up) }
    const found = (after: TableData) => downLoss(one(written), one(after), earlier).map(describeLoss)
    expect(found(data(['a', 'b'], { '1': ['x', null], '3': ['new', 'n'] }))).toEqual([])
    expect(found(data(['a', 'b'], { '1': ['x', null], '3': ['new', null] }))).toEqual(['t.b: 1 of 1 value lost'])
    expect(found(data(['a'], { '1': ['x'], '3': ['new'] }))).toEqual(['t.b: 3 of 3 values lost'])
    expect(found(data(['a'], { '1': ['x'] }))).toEqual(['t.b: 3 of 3 values lost', 't: 1 of 1 row lost'])
    expect(downLoss(one(written), one(data(['a', 'b'], { '1': ['x', null] })), earlier)[0]?.how).toBe('removed')
  })

  const check = (written: DataSnapshot, after: DataSnapshot, expected: readonly string[]) =>
    expect(downLoss(written, after).map(describeLoss)).toEqual(expected)

  test('names new tables and columns with what they held', () => {
    check(
      snapshot({ 'public.t': data(['a', 'b'], { '1': ['x', 'y'] }), 's.u': data(['c'], { '1': ['x'] }) }),
      one(data(['a'], { '1': ['x'] })),
      ['t.b: 1 of 1 value lost', 's.u: 1 of 1 row lost'],
    )
  })

  test('knows a column and a table again by what they hold', () => {
    check(one(data(['new'], { '1': ['x'] })), one(data(['old'], { '1': ['x'] })), [])
    check(one(data(['new'], { '1': ['x'] })), one(data(['old'], { '1': ['q'] })), ['t.new: 1 of 1 value lost'])
    check(
      snapshot({ 'public.new': data(['a'], { '1': ['x'] }) }),
      snapshot({ 'public.old': data(['a'], { '1': ['x'] }) }),
      [],
    )
    check(
      snapshot({ 'public.new': data(['a'], { '1': ['x'] }) }),
      snapshot({ 'public.old': data(['a'], { '1': ['q'] }) }),
      ['new: 1 of 1 row lost'],
    )
  })

  test('does not take another type for another value, unless it is shorter', () => {
    check(one(data(['a:integer'], { '1': ['100'] })), one(data(['a:numeric'], { '1': ['1.00'] })), [])
    check(one(data(['a:text'], { '1': ['hello'] })), one(data(['a:varchar'], { '1': ['hell'] })), [
      't.a: 1 of 1 value narrowed',
    ])
  })
})
