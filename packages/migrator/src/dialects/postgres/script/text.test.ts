import { describe, expect, test } from 'vitest'
import { isBlank, positionAt, startOfCode } from './text.ts'

describe('startOfCode', () => {
  /** `rest` is what is left from there on. */
  const check = (sql: string, rest: string) => expect(sql.slice(startOfCode(sql))).toBe(rest)

  test('skips white space, semicolons and a byte order mark', () => {
    check('SELECT 1', 'SELECT 1')
    check(' \t\r\n\f;; ;\nSELECT 1', 'SELECT 1')
    check('\uFEFFSELECT 1', 'SELECT 1')
    check('\uFEFF\n-- a\nSELECT 1', 'SELECT 1')
  })

  test('skips comments of a line and of a block', () => {
    check('-- a\n--b\nSELECT 1', 'SELECT 1')
    check('-- a\r\n/* b\n * c */ SELECT 1', 'SELECT 1')
    check('/**/SELECT 1', 'SELECT 1')
    check('/***/SELECT 1', 'SELECT 1')
    check('-- /* not a block\nSELECT 1', 'SELECT 1')
    check('/* -- not a line */SELECT 1', 'SELECT 1')
  })

  test('skips nested block comments as one', () => {
    check('/* a /* b */ c */ SELECT 1', 'SELECT 1')
    check('/*/* a */*/SELECT 1', 'SELECT 1')
    check('/* a */ b */', 'b */')
  })

  test('ends a line comment at a carriage return, as the server does', () => {
    check('-- a\rSELECT 1', 'SELECT 1')
  })

  test('takes operators for code', () => {
    check('- 1', '- 1')
    check('/ 2', '/ 2')
    check('* 3', '* 3')
  })
})

describe('isBlank', () => {
  const check = (sql: string, expected: boolean) => expect(isBlank(sql)).toBe(expected)

  test('is true for nothing, white space, comments and semicolons', () => {
    for (const sql of [
      '',
      '\uFEFF',
      ' \n\t',
      ';',
      '-- DROP TABLE a',
      '/* DROP TABLE a; */ ;',
      '/* a /* b */ c */',
      '/* no end',
    ])
      check(sql, true)
  })

  test('is false as soon as there is anything else', () => {
    for (const sql of ['SELECT 1', '-- a\n;SELECT 1', '/* a */x', '/* a /* b */ c */ .', '😀']) check(sql, false)
  })
})

describe('positionAt', () => {
  const check = (sql: string, codePoint: number, line: number, column: number) =>
    expect(positionAt(sql, codePoint)).toEqual({ line, column })

  test('counts lines and columns from one', () => {
    check('SELECT 1', 1, 1, 1)
    check('SELECT 1', 8, 1, 8)
    check('a\nb\nc', 3, 2, 1)
    check('a\nb\nc', 5, 3, 1)
    check('a\r\nbc', 5, 2, 2)
  })

  test('counts the break itself to the line that it ends', () => {
    check('a\nb', 2, 1, 2)
    check('\n\nb', 2, 2, 1)
  })

  test('counts characters beyond the BMP as one, on this line and on those before', () => {
    check("SELECT '😀', x", 13, 1, 13)
    check('-- 😀😀\nSELECT x', 14, 2, 8)
    check('-- é漢😀\nx', 8, 2, 1)
  })

  test('stays inside the text', () => {
    check('ab', 0, 1, 1)
    check('ab', -5, 1, 1)
    check('ab', 99, 1, 3)
    check('', 1, 1, 1)
  })
})
