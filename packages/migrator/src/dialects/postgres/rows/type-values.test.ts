import { describe, expect, test } from 'vitest'
import { scalarValues } from '../../../core/data/scalar-values.ts'
import type { TypeShape } from '../../../core/data/table-shape.ts'
import { listOf, valuesOf } from './type-values.ts'

const base = (name: string, ...modifiers: number[]): TypeShape => ({ kind: 'base', sql: name, name, modifiers })
const all = (type: TypeShape, domains: ReadonlyMap<string, readonly string[]> = new Map()) =>
  listOf(valuesOf(type, domains), 30)

describe('valuesOf', () => {
  test('fills a limited text to its last letter, and never over it', () => {
    expect(all(base('varchar', 5)).some((text) => Array.from(text).length === 5)).toBe(true)
    for (const limit of [1, 2, 5, 12, 400]) {
      for (const text of all(base('varchar', limit))) expect(Array.from(text).length).toBeLessThanOrEqual(limit)
    }
  })

  test('keeps to a precision and scale, and reaches their end', () => {
    for (const [precision, scale] of [
      [5, 2],
      [3, 3],
      [4, 0],
      [1, 0],
      [4, -2],
      [2, 4],
    ] as const) {
      const numbers = all(base('numeric', precision, scale)).map(Number)
      const limit = 10 ** (precision - scale)
      expect(numbers.every((value) => Math.abs(value) < limit)).toBe(true)
      expect(Math.max(...numbers)).toBeGreaterThan(0.89 * limit)
    }
    expect(all(base('numeric', 5, 2))).toContain('999.99')
  })

  test('has as many different plain values as the type allows', () => {
    for (const name of [
      'int2',
      'int4',
      'int8',
      'numeric',
      'text',
      'date',
      'timestamptz',
      'uuid',
      'inet',
      'macaddr',
      'jsonb',
      'bytea',
      'interval',
    ]) {
      const plain = scalarValues(name, [])?.plain
      expect(new Set(Array.from({ length: 500 }, (_, at) => plain?.(at))).size, name).toBe(500)
    }
  })

  test('quotes what composite and array texts are made of', () => {
    const text = base('text')
    expect(valuesOf({ kind: 'composite', sql: 'c', fields: [text, text] }, new Map()).plain(0)).toBe(
      '("text 1","text 1")',
    )
    const odd = new Map([['d', ['a "b" \\c']]])
    const domain: TypeShape = { kind: 'domain', sql: 'd', base: text, checks: [], required: false }
    expect(valuesOf({ kind: 'array', sql: 'd[]', element: domain, delimiter: ',' }, odd).plain(0)).toBe(
      '{"a \\"b\\" \\\\c","a \\"b\\" \\\\c"}',
    )
  })

  test('makes ranges that do not overlap', () => {
    const { plain } = valuesOf({ kind: 'range', sql: 'int4range', subtype: base('int4') }, new Map())
    expect([plain(0), plain(1), plain(2)]).toEqual(['["1","3")', '["4","6")', '["7","9")'])
    expect(
      valuesOf(
        { kind: 'multirange', sql: 'm', range: { kind: 'range', sql: 'r', subtype: base('int4') } },
        new Map(),
      ).plain(1),
    ).toBe('{["4","6")}')
  })

  test('tries a few texts for a type that nobody knows', () => {
    expect(all(base('mystery'))).toContain('(1,2)')
  })
})
