import { describe, expect, test } from 'vitest'
import { readableShape, textsReadAs } from './read-as.ts'
import type { TableShape } from './table-shape.ts'

const column = (type: string) => ({ type })

describe('textsReadAs', () => {
  const read = (from: string, to: string, more: Record<string, Record<string, string>> = {}) =>
    textsReadAs({ 'column public.t.c': column(from) }, { 'column public.t.c': column(to), ...more }, [])

  test.each([
    ['text', 'integer', 'int4', []],
    ['character varying(20)', 'numeric(10,2)', 'numeric', [10, 2]],
    ['character(3)', 'timestamp with time zone', 'timestamptz', []],
    ['citext', 'timestamp(3) without time zone', 'timestamp', [3]],
    ['text', 'double precision', 'float8', []],
    ['character varying(200)', 'character varying(3)', 'varchar', [3]],
  ])('%s to %s', (from, to, name, modifiers) => {
    const type = { kind: 'base', sql: to, name, modifiers }
    expect(read(from, to)).toEqual([{ table: 'public.t', column: 'c', type }])
  })

  test('arrays, enums and domains', () => {
    expect(read('text', 'integer[]')[0]?.type).toMatchObject({ kind: 'array', element: { name: 'int4' } })
    const labels = { 'enum public.kind': { values: "'a', 'it''s, so', ''" } }
    expect(read('text', 'public.kind', labels)[0]?.type).toMatchObject({ kind: 'enum', labels: ['a', "it's, so", ''] })
    const domain = { 'domain public.age': { type: 'smallint' } }
    expect(read('text', 'public.age', domain)[0]?.type).toMatchObject({ kind: 'base', name: 'int2' })
  })

  test('not what was no text, stays what it is, goes, or becomes what nobody knows', () => {
    expect(read('integer', 'text')).toEqual([])
    expect(read('text', 'text')).toEqual([])
    expect(read('text[]', 'integer[]')).toEqual([])
    expect(read('text', 'public.point3d')).toEqual([])
    expect(textsReadAs({ 'column public.t.c': column('text') }, {}, [])).toEqual([])
  })

  test('casts tell of columns that keep their type, or go', () => {
    const from = { 'column public."T".c': column('text'), 'column public.u.d': column('text') }
    const casts = [
      { column: 'c', type: 'int4' },
      { column: 'd', type: 'kind' },
    ]
    const found = textsReadAs(from, { 'enum other.kind': { values: "'x'" } }, casts)
    expect(found.map(({ table, type }) => [table, type.kind])).toEqual([
      ['public.T', 'base'],
      ['public.u', 'enum'],
    ])
  })
})

test('readableShape marks the columns of its own table', () => {
  const text = { kind: 'base', sql: 'text', name: 'text', modifiers: [] } as const
  const shape = {
    schema: 'public',
    table: 't',
    columns: [
      { name: 'c', type: text },
      { name: 'd', type: text },
    ],
  }
  const int = { kind: 'base', sql: 'integer', name: 'int4', modifiers: [] } as const
  const marked = readableShape(shape as unknown as TableShape, [
    { table: 'public.t', column: 'd', type: int },
    { table: 'other.t', column: 'c', type: int },
  ])
  expect(marked.columns.map(({ readAs }) => readAs)).toEqual([undefined, int])
})
