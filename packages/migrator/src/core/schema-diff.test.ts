import { describe, expect, test } from 'vitest'
import type { CatalogSnapshot } from './catalog.ts'
import {
  type CatalogDiff,
  type Difference,
  describeDifferences,
  diffCatalogs,
  diffDigests,
  explainDifferences,
} from './schema-diff.ts'

describe('diffDigests', () => {
  const check = (before: Record<string, string>, after: Record<string, string>, expected: readonly string[]) =>
    expect(diffDigests(before, after).map(({ kind, object }) => `${kind} ${object}`)).toEqual(expected)

  test('tells what was added, removed and changed, ordered by object', () => {
    check(
      { 'table public.b': '1', 'table public.c': '1', 'table public.d': '1' },
      { 'table public.a': '1', 'table public.c': '2', 'table public.d': '1' },
      ['added table public.a', 'removed table public.b', 'changed table public.c'],
    )
  })

  test('finds no difference between equal catalogs, in whatever order they are written', () => {
    check({ a: '1', b: '2' }, { b: '2', a: '1' }, [])
    check({}, {}, [])
  })

  test('takes an empty digest for an object that is there', () => {
    check({}, { 'column order public.t': '' }, ['added column order public.t'])
  })
})

describe('diffCatalogs', () => {
  const check = (before: CatalogSnapshot, after: CatalogSnapshot, expected: CatalogDiff) =>
    expect(diffCatalogs(before, after)).toEqual(expected)

  test('names the property, before and after', () => {
    check(
      { 'column public.t.a': { type: 'integer', default: '1' } },
      { 'column public.t.a': { type: 'integer', nullable: 'no', default: '2' } },
      {
        verdict: 'differs',
        differences: [
          {
            kind: 'changed',
            object: 'column public.t.a',
            changes: [
              { property: 'default', before: '1', after: '2' },
              { property: 'nullable', before: undefined, after: 'no' },
            ],
          },
        ],
      },
    )
  })

  test('tells all properties of an object that came or went, even if it has none', () => {
    const gone = { kind: 'removed', object: 'table public.b', changes: [{ property: 'owner', before: 'o' }] } as const
    const come = { kind: 'added', object: 'table public.a', changes: [] } as const
    check({ 'table public.b': { owner: 'o' } }, { 'table public.a': {} }, {
      verdict: 'differs',
      differences: [come, { ...gone, changes: [{ property: 'owner', before: 'o', after: undefined }] }],
    } as CatalogDiff)
  })

  test('is identical in whatever order objects and properties come', () => {
    const nothing: CatalogDiff = { verdict: 'identical', differences: [] }
    check({ a: { x: '1', y: '2' }, b: {} }, { b: {}, a: { y: '2', x: '1' } }, nothing)
  })

  const order = (columns: string): CatalogSnapshot => ({ 'column order public.t': { columns } })

  test('calls it order only when nothing but the order of columns differs', () => {
    expect(diffCatalogs(order('a, b'), order('b, a')).verdict).toBe('order-only')
    expect(diffCatalogs({ ...order('a, b'), x: {} }, order('b, a')).verdict).toBe('differs')
    expect(diffCatalogs({}, order('a')).verdict).toBe('differs')
  })

  test('does not name the order where columns came or went', () => {
    const before = { ...order('a, b'), 'column public.t.a': {}, 'column public.t.b': {} }
    const after = { ...order('a'), 'column public.t.a': {} }
    expect(diffCatalogs(before, after).differences.map(({ object }) => object)).toEqual(['column public.t.b'])
  })

  test('takes the order of a composite type for what its values are made by', () => {
    const pair = (columns: string) => ({ 'attribute order public.pair': { columns } })
    expect(diffCatalogs(pair('a, b'), pair('b, a')).verdict).toBe('differs')
  })
})

test('describeDifferences shows ten and counts the rest', () => {
  const added = (object: string): Difference => ({ kind: 'added', object, changes: [] })
  const many = Array.from({ length: 12 }, (_, index) => added(`table t${index}`))
  expect(describeDifferences(many.slice(0, 1))).toBe('+ table t0')
  expect(describeDifferences(many)).toMatch(/^\+ table t0, .*\+ table t9 and 2 more$/)
  expect(
    describeDifferences([
      { kind: 'removed', object: 'a', changes: [] },
      { kind: 'changed', object: 'b', changes: [] },
    ]),
  ).toBe('- a, ~ b')
})

describe('explainDifferences', () => {
  const check = (before: CatalogSnapshot, after: CatalogSnapshot, expected: readonly string[]) =>
    expect(explainDifferences(diffCatalogs(before, after).differences)).toEqual(expected)

  test('writes each property below its object', () => {
    check(
      { 'column public.t.a': { default: '1' }, 'index public.i': {} },
      { 'column public.t.a': { default: "'x\ny'", comment: 'c' } },
      ['~ column public.t.a', '    comment: (none) → c', "    default: 1 → 'x\n      y'", '- index public.i'],
    )
  })

  test('tells a table that came or went in one line, and its index on a table that stays in another', () => {
    const table = {
      'table public.t': {},
      'column public.t.a': { type: 'integer' },
      'constraint public.t.t_pkey': { definition: 'PRIMARY KEY (a)' },
      'index public.t_pkey': { table: 'public.t' },
      'index public.u_a': { table: 'public.u' },
    }
    check({}, table, ['+ index public.u_a', '+ table public.t'])
    check(table, {}, ['- index public.u_a', '- table public.t'])
  })
})
