import { describe, expect, test } from 'vitest'
import { postgresScript } from '../dialects/postgres/script/language.ts'
import { isDestructiveAction } from './destructive.ts'

describe('of an SQL text', () => {
  const check = async (sql: string, expected: boolean) =>
    expect(await isDestructiveAction(postgresScript, { kind: 'sql', sql, file: '0001_a.up.sql' }), sql).toBe(expected)

  test.each([
    'DROP TABLE a',
    'drop  table if exists a',
    'CREATE TABLE b ();\nDROP TABLE a;',
    'TRUNCATE a',
    'DELETE FROM a',
    'DELETE\nFROM ONLY a',
    'DROP SCHEMA a',
    'DROP TYPE a',
    'ALTER TABLE a DROP COLUMN b',
    'ALTER TABLE a DROP b',
    'ALTER TABLE a DROP IF EXISTS b',
    'ALTER TYPE a DROP ATTRIBUTE b',
    'DROP FOREIGN TABLE a',
    'DROP DOMAIN a CASCADE',
    'DROP EXTENSION hstore CASCADE',
    'DROP OWNED BY app',
    'DROP /* a comment */ TABLE a',
    'DROP -- a comment\nTABLE a',
    'WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone',
    'MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE',
    'DO $$ BEGIN DELETE FROM a; END $$',
    "DO $$ BEGIN EXECUTE 'DROP TABLE a'; END $$",
  ])('%s is destructive', (sql) => check(sql, true))

  test.each([
    'CREATE TABLE a ()',
    'DROP INDEX a',
    'DROP VIEW a',
    "SELECT 'DROP TABLE a'",
    '-- DROP TABLE a\nSELECT 1',
    'CREATE TABLE a (b int REFERENCES c ON DELETE CASCADE)',
    'ALTER TABLE a ALTER COLUMN b DROP NOT NULL',
    'CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM a $$',
    'CREATE TRIGGER t AFTER DELETE OR TRUNCATE ON a EXECUTE FUNCTION f()',
  ])('%s is not', (sql) => check(sql, false))

  test('a text that does not parse is, when it looks so', async () => {
    await check('DROP TABLE a; SELEKT', true)
  })
})

describe('of a module', () => {
  const check = async (run: (db: never) => unknown, expected: boolean) =>
    expect(await isDestructiveAction(postgresScript, { kind: 'module', run, file: '0001_a.ts' })).toBe(expected)
  const db = { execute: (text: string) => text, delete: (table: string) => table }

  test('what it says itself decides', async () => {
    await check(() => db.execute('DROP TABLE a'), true)
    await check(() => db.execute('alter table a\n  drop   column b'), true)
    await check(() => db.execute('truncate a'), true)
    await check(() => db.delete('a'), true)
    await check(() => db.execute('CREATE TABLE a ()'), false)
    await check(() => db.execute('ALTER TABLE a DROP CONSTRAINT b'), false)
  })

  test('a column that is dropped without the word COLUMN counts too', async () => {
    await check(() => db.execute('ALTER TABLE a DROP b'), true)
    await check(() => db.execute('ALTER TABLE a DROP IF EXISTS b'), true)
  })
})
