import { describe, expect, test } from 'vitest'
import type { TypeShape } from '../../../core/data/table-shape.ts'
import { hintsOf } from './hints.ts'

const base = (name: string): TypeShape => ({ kind: 'base', sql: name, name, modifiers: [] })

describe('hintsOf', () => {
  const check = (expression: string, type: TypeShape, expected: readonly string[]) =>
    expect(hintsOf(expression, type)).toEqual(expect.arrayContaining([...expected]))

  test('reads limits of numbers, their neighbours and what is between', () => {
    check('((a > 100) AND (a < 105))', base('int4'), ['100', '101', '99', '105', '103'])
    check('(a = ANY (ARRAY[10, 20]))', base('int8'), ['10', '20'])
    check('((b >= 0.5) AND (b <= 0.75))', base('numeric'), ['0.5', '0.75', '0.51'])
    check("(g < '-5'::integer)", base('int4'), ['-5', '-6'])
    check('(x > (-5))', base('int4'), ['-5'])
  })

  test('gives no number that the type cannot hold', () => {
    expect(hintsOf('(a < 40000)', base('int2'))).toEqual([])
  })

  test('reads words, also those of an array, and quotes in them', () => {
    check("(a = ANY (ARRAY['draft'::text, 'it''s'::text]))", base('text'), ['draft', "it's"])
    check('((d)::text = ANY (\'{x,"y z"}\'::text[]))', base('varchar'), ['x', 'y z'])
  })

  test('reads lengths of texts', () => {
    const lengths = new Set(hintsOf('(char_length(b) = 7)', base('text')).map((text) => text.length))
    expect(lengths).toContain(7)
    expect(lengths).toContain(6)
  })

  test('reads lengths of bytes, and of what a text encodes', () => {
    const lengths = new Set(hintsOf('(octet_length(b) = 32)', base('bytea')).map((text) => (text.length - 2) / 2))
    expect(lengths).toContain(32)
    check("(octet_length(decode(b, 'base64'::text)) = 16)", base('text'), [btoa('abcdefghijabcdef')])
    check("(length(decode(b, 'hex'::text)) = 3)", base('text'), ['616263'])
  })

  test('makes a prefix as long as is asked for', () => {
    const found = hintsOf("((a ~~ 'cus\\_%'::text) AND (length(a) = 18))", base('text'))
    expect(found.some((text) => text.startsWith('cus_') && text.length === 18)).toBe(true)
  })

  test('reads patterns by the operator before them', () => {
    expect(hintsOf("(a ~ '^[A-Z]{2}$'::text)", base('text')).some((text) => /^[A-Z]{2}$/.test(text))).toBe(true)
    check("(c ~~ 'http%'::text)", base('text'), ['httpany'])
    expect(hintsOf("(f ~ similar_to_escape('a(b|c)%'::text))", base('text')).some((text) => /^a[bc]/.test(text))).toBe(
      true,
    )
  })

  test('reads moments, and those around and between them', () => {
    check(
      "((b > '2024-05-01 00:00:00+00'::timestamp with time zone) AND (b < '2024-05-02 00:00:00+00'::timestamp with time zone))",
      base('timestamptz'),
      ['2024-05-01 12:00:00.000+00'],
    )
    check("(a >= '2030-01-01'::date)", base('date'), ['2030-01-01', '2030-01-02', '2029-12-31'])
    check('(EXTRACT(year FROM c) = (2019)::numeric)', base('timestamp'), ['2019-06-15 00:00:00.000'])
  })

  test('reads keys of documents', () => {
    check("(b ? 'name'::text)", base('jsonb'), ['{"name":"x"}', '{"name":1}', '[]', 'null'])
  })

  test('takes a constant of an unknown type only with that type', () => {
    expect(hintsOf("((a = '1'::public.odd) OR (b = '2'::text))", base('odd'))).toEqual(['1'])
  })

  test('gives all labels of an enum, and the words for an array', () => {
    expect(hintsOf('(a <> b)', { kind: 'enum', sql: 'e', labels: ['x', 'y'] })).toEqual(['x', 'y'])
    const array: TypeShape = { kind: 'array', sql: 'text[]', element: base('text'), delimiter: ',' }
    expect(hintsOf("(f <@ ARRAY['red'::text, 'green'::text])", array)).toEqual(['{"red","green"}'])
  })
})
