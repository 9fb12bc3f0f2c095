import { beforeAll, describe, expect, test } from 'vitest'
import { randomSource } from '../../../../test/support/random.ts'
import { identifier, jsonLiteral, literal } from './literal.ts'
import { loadParser, parseStatements } from './statements.ts'

beforeAll(loadParser)

/** What PostgreSQL's own parser reads in the only column of the only statement. */
function readBack(sql: string): string | undefined {
  const parsed = parseStatements(`SELECT ${sql}`)
  if (!parsed.ok || parsed.statements.length !== 1) return undefined
  const found = /"sval":("(?:[^"\\]|\\.)*")/.exec(JSON.stringify(parsed.statements[0]?.node.targetList))
  return found?.[1] === undefined ? '' : (JSON.parse(found[1]) as string)
}

const NASTY = [
  '',
  "it's",
  "'",
  "''",
  '\\',
  "\\'",
  "'\\",
  '\\n',
  'a\nb\r\n\tc',
  "'; DROP TABLE users; --",
  "\\'; DROP TABLE users; --",
  "' OR '1'='1",
  '$$; COMMIT; $$',
  '/* */ -- ',
  '"quoted"',
  'é漢😀',
  '\u2019; DROP TABLE users',
  '%s %I :name $1 ?',
  "E'x'",
  'U&\\0027',
]

describe('literal', () => {
  const check = (value: Parameters<typeof literal>[0], expected: string) => expect(literal(value)).toBe(expected)

  test('writes what is no text as it is', () => {
    check(undefined, 'NULL')
    check(null, 'NULL')
    check(true, 'true')
    check(false, 'false')
    check(0, '0')
    check(1.5, '1.5')
  })

  test('doubles quotes, and says so where it doubles backslashes', () => {
    check('abc', "'abc'")
    check("it's", "'it''s'")
    check('a\\b', "E'a\\\\b'")
    check("\\'", "E'\\\\'''")
    check('NULL', "'NULL'")
  })

  test.each(NASTY)('comes back from the parser as it went in: %j', (text) => {
    expect(readBack(literal(text))).toBe(text)
  })

  test('comes back whatever it is made of', () => {
    const random = randomSource(7)
    const pieces = ["'", '\\', '"', '$', ';', '-', '\n', 'a', '😀', '/*', '*/', 'E'] as const
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: random.below(12) }, () => random.pick(pieces)).join('')
      expect(readBack(literal(text)), JSON.stringify(text)).toBe(text)
    }
  })
})

describe('jsonLiteral', () => {
  const check = (value: unknown) => {
    const sql = jsonLiteral(value)
    expect(sql.endsWith('::jsonb')).toBe(true)
    expect(JSON.parse(readBack(sql) ?? '')).toEqual(value)
  }

  test('is NULL for undefined, and JSON null for null', () => {
    expect(jsonLiteral(undefined)).toBe('NULL')
    expect(jsonLiteral(null)).toBe("'null'::jsonb")
  })

  test('comes back as it went in', () => {
    check({ a: NASTY, b: { c: [1, true, null] }, "it's": '\\' })
    for (const text of NASTY) check(text)
  })

  test('leaves out the NUL that jsonb cannot keep', () => {
    expect(jsonLiteral({ a: 'x\u0000y' })).toBe(`'{"a":"xy"}'::jsonb`)
  })

  test('keeps a text that only mentions a NUL', () => {
    check([{ path: '1_a.ts', content: "text.replaceAll('\\u0000', '')" }])
    check('\\\\u0000')
  })

  test('holds no half of a surrogate pair, which jsonb refuses', () => {
    expect(readBack(jsonLiteral('cut off: \ud83d'))).not.toMatch(/\\ud[89a-f]/i)
    check('whole: 😀')
  })
})

test('an identifier is quoted, and its quotes are doubled', () => {
  const check = (name: string, expected: string) => expect(identifier(name)).toBe(expected)
  check('users', '"users"')
  check('My Table', '"My Table"')
  check('a"; DROP TABLE b; --', '"a""; DROP TABLE b; --"')
  check("it's \\ 😀", `"it's \\ 😀"`)
})

test.each([
  ['', ''],
  ["'", '$'],
  ['$migrator_long$', ''],
  ['', '$migrator_long'],
  ['', '$migrator_lon'],
  ['', '$mig$'],
  ['\\', "'"],
])('a long text between %j and %j is read back as it was', (before, after) => {
  const value = `${before}${"it's \\ long\n".repeat(10_000)}${after}`
  expect(readBack(literal(value))).toBe(value)
  expect(JSON.parse(readBack(jsonLiteral({ value })) ?? '')).toEqual({ value })
})
