import { describe, expect, test } from 'vitest'
import { table } from '../../../../test/support/shapes.ts'
import { derivedColumns, mentions } from './derived.ts'

describe('derivedColumns', () => {
  const check = (expression: string, columns: readonly string[], expected: Readonly<Record<string, string>>) =>
    expect(Object.fromEntries(derivedColumns(table('t', { checks: [{ name: 'c', expression, columns }] })))).toEqual(
      expected,
    )

  test('finds what a column has to be', () => {
    check('(total = (price * (quantity)::numeric))', ['total', 'price', 'quantity'], {
      total: '(price * (quantity)::numeric)',
    })
    check('((a + b) = c)', ['a', 'b', 'c'], { c: '(a + b)' })
    check('((low < high) AND (sum = (low + high)))', ['low', 'high', 'sum'], { sum: '(low + high)' })
  })

  test('finds nothing where another side may hold', () => {
    check('((a = (b + 1)) OR (a IS NULL))', ['a', 'b'], {})
    check('(a = 5)', ['a'], {})
    check("((kind = 'x'::text) = (a IS NULL))", ['kind', 'a'], {})
    check('(a = (a * b))', ['a', 'b'], {})
  })

  test('derives no column from one that is derived itself', () => {
    check('((a = b) AND (b = (a + 0)))', ['a', 'b'], { a: 'b' })
  })
})

test('mentions tells a column from words in texts, longer names and functions', () => {
  expect(mentions('(at > now())', 'at')).toBe(true)
  expect(mentions("(x = 'at'::text)", 'at')).toBe(false)
  expect(mentions('(created_at > now())', 'at')).toBe(false)
  expect(mentions('(lower(email) = x)', 'lower')).toBe(false)
  expect(mentions('("Primary Key" > 1)', 'Primary Key')).toBe(true)
})
