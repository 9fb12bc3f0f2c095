import { expect, test } from 'vitest'
import { preservedText, putBackText } from './keep.ts'

const rows = { table: 'public.orders', rows: 3, copy: 'migration_preserved.orders_1' }
const values = { ...rows, columns: ['note', 'total'] }

test.each([
  [preservedText(rows), 'Preserved 3 rows of public.orders in migration_preserved.orders_1'],
  [
    preservedText({ ...values, rows: 12345 }),
    'Preserved the values of note, total of 12,345 rows of public.orders in migration_preserved.orders_1',
  ],
  [putBackText({ ...rows, rows: 1, putBack: 1, gone: 0, left: 0 }), 'Put back 1 row of public.orders'],
  [
    putBackText({ ...values, putBack: 2, gone: 1, left: 0 }),
    'Put back the values of note, total of 2 rows of public.orders; the values of note, total of 1 row of public.orders could not be restored because their rows were deleted meanwhile',
  ],
  [
    putBackText({ ...rows, putBack: 2, gone: 0, left: 1, why: 'no' }),
    'Put back 2 rows of public.orders; 1 row of public.orders was NOT restored and stays in migration_preserved.orders_1: no',
  ],
])('says what was kept: %s', (text, expected) => {
  expect(text).toBe(expected)
})
