import { describe, expect, test } from 'vitest'
import { byKeeping, type Loss, losesData, lossText, tellable } from './loss.ts'

const rows = (count: number | undefined, more: Partial<Loss> = {}): Loss => ({
  ...{ migration: '0001_a', how: 'dropped', table: 'public.orders', rows: count, estimated: false },
  ...more,
})
const values = (count: number | undefined, more: Partial<Loss> = {}): Loss => ({
  ...{ migration: '0001_a', how: 'dropped', table: 'public.orders', column: 'note', values: count, estimated: false },
  ...more,
})
const unknown: Loss = { migration: '0001_a', how: 'unknown', estimated: false, why: 'its down is code' }

describe('describes a loss as', () => {
  test.each([
    [rows(1), '1 row of public.orders'],
    [rows(12345), '12,345 rows of public.orders'],
    [rows(12345, { estimated: true }), 'about 12,345 rows of public.orders'],
    [rows(undefined, { estimated: true }), 'an unknown number of rows of public.orders'],
    [values(1), '1 value of public.orders.note'],
    [values(2, { how: 'may-narrow' }), '2 values of public.orders.note, which may not fit the new type'],
    [values(2, { how: 'may-overwrite' }), '2 values of public.orders.note, which it may overwrite'],
    [unknown, 'what it destroys cannot be determined beforehand: its down is code'],
  ])('%#: %o', (loss, expected) => {
    expect(lossText(loss)).toBe(expected)
  })
})

test.each([
  [rows(1), true],
  [rows(1, { estimated: true }), true],
  [rows(0), false],
  [rows(undefined), false],
  [values(3), true],
  [values(3, { how: 'may-narrow' }), false],
  [values(3, { how: 'may-overwrite' }), false],
  [unknown, false],
])('only what is known to go is lost for certain: %o', (loss, expected) => {
  expect(losesData(loss)).toBe(expected)
})

test('an empty table is no loss, an uncounted one may be', () => {
  expect(tellable([rows(0), values(0), rows(undefined), unknown])).toEqual([rows(undefined), unknown])
})

test('distinguishes what --preserve-data keeps, what it does not keep, and what is known only later', () => {
  const [dropped, narrowed, overwritten] = [
    values(1),
    values(1, { how: 'may-narrow' }),
    values(1, { how: 'may-overwrite' }),
  ]
  const code: Loss = { migration: '0001_a', how: 'unknown', estimated: false, why: 'its down is code' }
  expect(byKeeping([code, overwritten, dropped, narrowed])).toEqual({
    kept: [dropped, narrowed],
    unkept: [overwritten],
    unknown: [code],
  })
})
