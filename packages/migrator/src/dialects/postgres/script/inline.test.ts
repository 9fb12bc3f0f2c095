import { expect, test } from 'vitest'
import { inlineParameters } from './inline.ts'

const check = (sql: string, parameters: readonly unknown[], expected: string) =>
  expect(inlineParameters(sql, parameters)).toBe(expected)

test('parameters are written out as literals', () => {
  check('SELECT $1, $2, $3', ["it's", 7, null], "SELECT 'it''s', 7, NULL")
  check('SELECT $1, $2', [true, new Date(0)], "SELECT true, '1970-01-01T00:00:00.000Z'")
  check('SELECT $1 || $2', [new Uint8Array([1, 255]), 12n], "SELECT '\\x01ff' || 12")
  check('SELECT $1, $2', [['a', 'b'], { a: 1 }], "SELECT ARRAY['a', 'b'], '{\"a\":1}'")
})

test('the tenth parameter is not the first one with a zero behind it', () => {
  const ten = Array.from({ length: 10 }, (_, place) => place + 1)
  check('$10 $1', ten, '10 1')
})

test('what only looks like a parameter stays', () => {
  for (const sql of ["'$1'", '"$1"', '-- $1', '/* $1 */', '$$ $1 $$', '$tag$ $1 $tag$', "E'\\'$1'"])
    check(sql, ['x'], sql)
})

test('a number that nothing is bound to stays', () => check('SELECT $2', ['x'], 'SELECT $2'))
