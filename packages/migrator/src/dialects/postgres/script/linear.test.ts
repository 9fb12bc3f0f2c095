import { beforeAll, describe, expect, test } from 'vitest'
import { growthOf, LINEAR } from '../../../../test/support/growth.ts'
import { readDirectives } from '../../../load/directives.ts'
import { readCode } from './code-texts.ts'
import { cutStatements } from './cut.ts'
import { createStatementEffects } from './destroys.ts'
import { mayBeDestructive } from './drops.ts'
import { mayAddEnumValue } from './enum-value.ts'
import { findForbidden } from './forbidden.ts'
import { inlineParameters } from './inline.ts'
import { plainDrops } from './plain-drops.ts'
import { scriptOf } from './script.ts'
import { loadParser, parseStatements } from './statements.ts'
import { headerOf, isBlank, positionAt } from './text.ts'

beforeAll(loadParser)

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  isBlank,
  cutStatements: (text) => [...cutStatements(text)].length,
  readDirectives: (text) => readDirectives(headerOf(text)),
  scriptOf: (text) => scriptOf(text, true),
  findForbidden: (text) => findForbidden(text, 'transaction'),
  mayBeDestructive,
  plainDrops,
  readCode,
  inlineParameters: (text) => inlineParameters(text, [1]),
  mayAddEnumValue,
  positionAt: (text) => positionAt(text, text.length),
  parseStatements,
}

/** What texts are made of again and again, in front of it, behind it. */
const TEXTS: readonly (readonly [string, string, string])[] = [
  ...["'", '"', '`', '$', '$a$', '$a', '/*', '*/', '/* ', '-', '\\', ' ', '\n', '\r\n', ';', ',', '=', '//'].map(
    (part) => ['', part, ''] as const,
  ),
  ...['/* a */\n', '-- a\n', '  -- a int,\n', ' ', '\n', '/* ', "SELECT 'commit';\n", 'commit ', "'"].map(
    (part) => ['BEGIN;\n', part, 'x;\nCOMMIT;\n'] as const,
  ),
  ['', "INSERT INTO t VALUES (1, 'start of it');\n", ''],
  ['', '-- start\nINSERT INTO t VALUES (1);\n', ''],
  ['', 'DROP TABLE a, b;\n', 'x'],
  ['DROP TABLE ', 'a, ', 'a;'],
  ['DROP TABLE a', ' ', 'x;'],
  ['', 'DELETE FROM a WHERE b = 1;\n', ''],
  ['', 'ALTER TYPE a ', ''],
  ['', 'COPY a FROM ', ''],
  ['', 'rollback ', ''],
  ['', "E'\\'", ''],
  ['', '"\\"', ''],
  ['SELECT ', "E'a'\n", ''],
  ["SELECT E'a'", "\n'b'", ''],
  ['CREATE FUNCTION f() BEGIN ATOMIC ', 'SELECT CASE WHEN a THEN 1 END; ', 'END; SELECT 1'],
  ['-- migrator: ', 'a', ''],
  ['-- migrator: ', 'a ', '=1'],
  ['-- migrator: a="', '\\', ''],
  ['-- description: a', ' ', 'b'],
  ['-- description: a', '\t \r', 'b'],
  ['SELECT ', '1, ', '1;'],
  ['SELECT 1 WHERE 1 IN (', '1, ', '1);'],
  ['INSERT INTO t VALUES ', "(1, 'start'),\n", '(1);'],
  ['CREATE TABLE a (', 'b int, -- c int,\n', 'd int)'],
  ['', "SELECT '😀', 'é';\n", ''],
  ['SELECT ', '漢', ''],
]

describe.each(Object.entries(READERS))('%s takes eight times as long for eight times the text', (_, read) => {
  test.each(TEXTS)('%j %j … %j', (before, part, after) => {
    const textOf = (size: number) => before + part.repeat(Math.ceil(size / part.length)) + after
    expect(growthOf((size) => void read(textOf(size)), 8_000)).toBeLessThan(LINEAR)
  })
})

test('what drops fifty thousand tables is read statement by statement', () => {
  const reader = createStatementEffects()
  const drop = (size: number) => {
    const parsed = parseStatements('DROP TABLE a CASCADE;\n'.repeat(size))
    if (parsed.ok) reader(parsed.statements)
  }
  expect(growthOf(drop, 500)).toBeLessThan(LINEAR)
})
