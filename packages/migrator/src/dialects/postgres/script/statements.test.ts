import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser, parseStatements } from './statements.ts'

beforeAll(loadParser)

/** Each statement as `line:column text`. */
function check(sql: string, expected: readonly string[]): void {
  const parsed = parseStatements(sql)
  if (!parsed.ok) throw new Error(parsed.message)
  expect(parsed.statements.map((statement) => `${statement.at.line}:${statement.at.column} ${statement.sql}`)).toEqual(
    expected,
  )
}

function checkError(sql: string, line: number, column: number): void {
  expect(parseStatements(sql)).toMatchObject({ ok: false, at: { line, column } })
}

describe('a text is cut into statements', () => {
  test('without their semicolons and the space around them', () => {
    check('SELECT 1', ['1:1 SELECT 1'])
    check('SELECT 1;', ['1:1 SELECT 1'])
    check(';;SELECT 1;;\n\n  SELECT  2 ;', ['1:3 SELECT 1', '3:3 SELECT  2'])
  })

  test('and into none where there is none', () => {
    for (const sql of ['', ' ', '\n', ';', '-- a', '/* a */;']) check(sql, [])
  })

  test('without the comments in front, nested ones too', () => {
    check('-- a\nSELECT 1; /* b /* c */ d */ SELECT 2', ['2:1 SELECT 1', '2:29 SELECT 2'])
    check('/* a\n;\n*/ SELECT 1;\n-- b;\n\n  SELECT 2', ['3:4 SELECT 1', '6:3 SELECT 2'])
  })

  test('and not at semicolons in strings, quoted names, comments and dollar quotes', () => {
    check(`SELECT ';'; SELECT ";" FROM a; SELECT 1 /* ; */ + 1`, [
      `1:1 SELECT ';'`,
      `1:13 SELECT ";" FROM a`,
      '1:32 SELECT 1 /* ; */ + 1',
    ])
    check('DO $$ BEGIN PERFORM 1; END $$; SELECT $a$;$$;$a$', [
      '1:1 DO $$ BEGIN PERFORM 1; END $$',
      '1:32 SELECT $a$;$$;$a$',
    ])
    check(`SELECT E'\\';'; SELECT 2`, [`1:1 SELECT E'\\';'`, '1:16 SELECT 2'])
  })

  test('with the body of an SQL function as part of its statement', () => {
    const body = 'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END'
    check(`${body}; SELECT 3`, [`1:1 ${body}`, '1:71 SELECT 3'])
  })

  test('at characters, though the parser counts bytes', () => {
    check(`SELECT 'é'; SELECT '漢字'; SELECT '😀'; SELECT 4`, [
      `1:1 SELECT 'é'`,
      `1:13 SELECT '漢字'`,
      `1:26 SELECT '😀'`,
      '1:38 SELECT 4',
    ])
    check(`-- 😀é\nSELECT '😀😀'; SELECT 2\n;/* 😀 */ SELECT 3`, [
      `2:1 SELECT '😀😀'`,
      '2:14 SELECT 2',
      '3:10 SELECT 3',
    ])
  })

  test('behind a byte order mark', () => {
    const parsed = parseStatements('\uFEFFSELECT 1; SELECT 2')
    expect(parsed.ok && parsed.statements.map(({ sql }) => sql)).toEqual(['SELECT 1', 'SELECT 2'])
  })

  test('with Windows line ends', () => {
    check('-- a\r\nSELECT 1;\r\nSELECT 2;\r\n', ['2:1 SELECT 1', '3:1 SELECT 2'])
  })
})

test('a statement carries the type that the parser gives it', () => {
  const types = (sql: string) => {
    const parsed = parseStatements(sql)
    return parsed.ok && parsed.statements.map(({ type }) => type)
  }
  expect(types('CREATE TABLE a (); CREATE INDEX ON a (b); BEGIN; DROP TABLE a')).toEqual([
    'CreateStmt',
    'IndexStmt',
    'TransactionStmt',
    'DropStmt',
  ])
})

describe('a syntax error is a result', () => {
  test('with the place where the parser stopped', () => {
    checkError('SELEKT 1', 1, 1)
    checkError('SELECT 1;\n  SELECT FROM WHERE', 2, 15)
    checkError('SELECT (', 1, 9)
    checkError("SELECT 'no end", 1, 8)
    checkError('DO $$ BEGIN', 1, 4)
  })

  test('counted in characters', () => {
    checkError(`SELECT 'é'; SELEKT`, 1, 13)
    checkError(`SELECT '😀'; SELEKT`, 1, 13)
    checkError(`-- 😀漢\nSELECT '😀' FROM WHERE`, 2, 17)
  })

  test('with the message of PostgreSQL', () => {
    expect(parseStatements('SELEKT 1')).toMatchObject({ message: 'syntax error at or near "SELEKT"' })
  })
})
