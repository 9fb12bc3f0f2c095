import { expect, test } from 'vitest'
import { createStatementEffects } from './destroys.ts'
import { plainDrops } from './plain-drops.ts'
import { loadParser, parseStatements } from './statements.ts'

test.each([
  'DROP TABLE a;\n',
  'drop table if exists a',
  'DROP TABLE public.a;',
  'DROP TABLE a, b;\nDROP TABLE IF EXISTS s.c ;',
  'DROP INDEX a_name; DROP TABLE a;',
  '',
])('%j is read as the parser reads it', async (sql) => {
  await loadParser()
  const parsed = parseStatements(sql)
  const expected = parsed.ok ? createStatementEffects()(parsed.statements) : undefined
  expect(plainDrops(sql)).toEqual(expected)
})

test.each([
  'DROP TABLE a CASCADE;',
  'DROP TABLE "A";',
  'DROP TABLE A;',
  'DROP TABLE a; -- and more',
  'DROP TABLE a; DELETE FROM b;',
  'DROP TABLE IF EXISTS;x',
  'DROP INDEX CONCURRENTLY a;',
  'DROP VIEW a;',
  'SELECT 1;',
])('%j is left to the parser', (sql) => {
  expect(plainDrops(sql)).toBeUndefined()
})
