import { expect, test } from 'vitest'
import { column, table } from '../../../test/support/shapes.ts'
import { changedSince, isUnique, shownName } from './table-shape.ts'

test('changedSince finds new tables, new columns, other types and constraints', () => {
  const earlier = [
    table('a'),
    table('b', { columns: [column('x')] }),
    table('c', { columns: [column('x')] }),
    table('gone'),
  ]
  const now = [
    table('a'),
    table('b', { columns: [column('x'), column('y')] }),
    table('c', { columns: [column('x', { nullable: true })] }),
    table('fresh'),
  ]
  expect(changedSince(earlier, now).map((shape) => shape.table)).toEqual(['b', 'c', 'fresh'])
})

test('isUnique asks for any constraint that the column has a part in', () => {
  const shape = table('t', { uniques: [{ columns: ['a', 'b'], deferrable: false }] })
  expect([isUnique(shape, 'b'), isUnique(shape, 'c')]).toEqual([true, false])
})

test('shownName leaves out the schema that everybody is in', () => {
  expect([shownName('public.orders'), shownName('audit.orders')]).toEqual(['orders', 'audit.orders'])
})
