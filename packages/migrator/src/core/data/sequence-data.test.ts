import { describe, expect, test } from 'vitest'
import type { DataSnapshot } from './data-snapshot.ts'
import { type RowsAround, type SequenceData, type Sequences, setBack } from './sequence-data.ts'

const fed = (largest: bigint, smallest = 1n) => ({
  ...{ table: 'public.users', column: 'id', remedy: 'SELECT 1;' },
  ends: { smallest, largest },
})
const at = (next: bigint, more: Partial<SequenceData> = {}): Sequences =>
  new Map([['public.s', { next, increment: 1n, cycles: false, feeds: [], ...more }]])
const rowsAt = (rows: number): DataSnapshot => ({
  tables: new Map([['public.users', { columns: [], key: ['id'], rows, oneOf: 1, sample: [], hidesRows: false }]]),
})
/** 8 rows before; in the up state; afterwards. */
const holding = (up: number, after = 8): RowsAround => ({ before: rowsAt(8), up: rowsAt(up), after: rowsAt(after) })
const UNFED = { sequence: 'public.s', next: 1n, count: 8 }
const TAKEN = { ...UNFED, taken: { table: 'public.users', column: 'id', remedy: 'SELECT 1;', upTo: 8n } }

describe('a sequence is set back', () => {
  test('where the next row would get a number that a row has', () =>
    expect(setBack(at(9n, { feeds: [fed(8n)] }), at(1n, { feeds: [fed(8n)] }), holding(8))).toEqual([TAKEN]))
  test('also where it stands no lower than it did, with rows of the up state ahead of it', () =>
    expect(setBack(at(9n, { feeds: [fed(8n)] }), at(9n, { feeds: [fed(12n)] }), holding(8))).toMatchObject([
      { taken: { upTo: 12n }, count: 0 },
    ]))
  test('where all rows were elsewhere in the up state', () =>
    expect(setBack(at(9n, { feeds: [fed(8n)] }), at(1n, { feeds: [fed(8n)] }), holding(0))).toEqual([TAKEN]))
  test('counting down', () => {
    const down = { increment: -2n }
    const before = at(-17n, { ...down, feeds: [fed(-1n, -15n)] })
    expect(setBack(before, at(-1n, { ...down, feeds: [fed(-1n, -15n)] }), holding(8))).toMatchObject([
      { taken: { upTo: -15n }, count: 8 },
    ])
  })
  test('where it feeds nothing', () => expect(setBack(at(9n), at(1n), holding(8))).toEqual([UNFED]))
  test('where what it feeds may hold the same twice', () => {
    const plain = { feeds: [{ table: 'public.users', column: 'no', remedy: 'SELECT 1;' }] }
    expect(setBack(at(9n, plain), at(1n, plain), holding(8))).toEqual([UNFED])
  })
  test('with numbers that JavaScript does not count to', () => {
    const far = 9_007_199_254_740_993n
    expect(setBack(at(far), at(far - 1n), holding(0))).toMatchObject([{ next: far - 1n, count: 1 }])
  })
})

describe('a sequence is not', () => {
  test.each<[string, Sequences, Sequences, number, number?]>([
    ['that stands where it stood', at(9n), at(9n), 8],
    ['that stands further', at(9n, { feeds: [fed(8n)] }), at(20n, { feeds: [fed(19n)] }), 8],
    ['whose rows did not all come back', at(9n, { feeds: [fed(8n)] }), at(1n, { feeds: [fed(3n)] }), 0, 3],
    ['that cycles on its own', at(9n, { cycles: true }), at(1n, { cycles: true }), 8],
    ['that is new', new Map(), at(1n), 8],
    ['whose numbers were taken before', at(1n, { feeds: [fed(8n)] }), at(1n, { feeds: [fed(8n)] }), 8],
  ])('one %s', (_, before, after, up, left) => expect(setBack(before, after, holding(up, left))).toEqual([]))
})
