import { beforeAll, describe, expect, test } from 'vitest'
import { droppedBy, isDestructive } from './drops.ts'
import { loadParser, parseStatements, type Statement } from './statements.ts'

beforeAll(loadParser)

function only(sql: string): Statement {
  const parsed = parseStatements(sql)
  if (!parsed.ok) throw new Error(`${sql}: ${parsed.message}`)
  const [statement] = parsed.statements
  if (!statement || parsed.statements.length > 1) throw new Error(`${sql} is not one statement`)
  return statement
}

describe('droppedBy', () => {
  /** Each object as `kind schema name part`, a dash where there is none. */
  const check = (sql: string, expected: readonly string[]) =>
    expect(
      droppedBy(only(sql)).map(({ kind, schema = '-', name, part = '-' }) => `${kind} ${schema} ${name} ${part}`),
      sql,
    ).toEqual(expected)

  test('names every object of a DROP with its schema', () => {
    check('DROP TABLE a', ['table - a -'])
    check('DROP TABLE IF EXISTS s.a, b CASCADE', ['table s a -', 'table - b -'])
    check('DROP TABLE "My Schema"."say ""hi"""', ['table My Schema say "hi" -'])
    check('DROP TABLE Users', ['table - users -'])
    check('DROP TABLE "größe 😀"', ['table - größe 😀 -'])
  })

  test('tells the kinds apart', () => {
    check('DROP FOREIGN TABLE s.a', ['table s a -'])
    check('DROP VIEW s.a', ['view s a -'])
    check('DROP MATERIALIZED VIEW s.a', ['view s a -'])
    check('DROP INDEX CONCURRENTLY IF EXISTS s.a', ['index s a -'])
    check('DROP SEQUENCE s.a', ['sequence s a -'])
    check('DROP TYPE s.a', ['type s a -'])
    check('DROP DOMAIN s.a', ['type s a -'])
    check('DROP SCHEMA a, b', ['schema - a -', 'schema - b -'])
    check('DROP EXTENSION "uuid-ossp"', ['extension - uuid-ossp -'])
    check('DROP DATABASE a', ['database - a -'])
  })

  test('names functions without their arguments', () => {
    check('DROP FUNCTION a, s.b(int, text)', ['function - a -', 'function s b -'])
    check('DROP PROCEDURE s.a()', ['function s a -'])
    check('DROP AGGREGATE a(int)', ['function - a -'])
  })

  test('names what hangs on a table as a part of it', () => {
    check('DROP TRIGGER t ON s.a', ['trigger s a t'])
    check('DROP POLICY p ON a', ['policy - a p'])
    check('DROP RULE r ON a', ['rule - a r'])
    check('ALTER TABLE s.a DROP COLUMN b, DROP c, DROP CONSTRAINT d, ADD COLUMN e int', [
      'column s a b',
      'column s a c',
      'constraint s a d',
    ])
  })

  test('names what is emptied', () => {
    check('TRUNCATE s.a, ONLY b RESTART IDENTITY', ['table s a -', 'table - b -'])
  })

  test('finds nothing in what drops nothing', () => {
    for (const sql of [
      'CREATE TABLE a ()',
      'ALTER TABLE a ALTER COLUMN b DROP NOT NULL, ALTER COLUMN b DROP DEFAULT',
      'DELETE FROM a',
      "SELECT 'DROP TABLE a'",
      'COMMENT ON TABLE a IS NULL',
    ])
      check(sql, [])
  })
})

describe('isDestructive', () => {
  const check = (sql: string, expected: boolean) => expect(isDestructive(only(sql)), sql).toBe(expected)

  test.each([
    'DROP TABLE a',
    'DROP FOREIGN TABLE a',
    'DROP SCHEMA a CASCADE',
    'DROP TYPE a CASCADE',
    'DROP SEQUENCE a',
    'DROP DATABASE a',
    'DROP EXTENSION hstore CASCADE',
    'ALTER TABLE a DROP COLUMN b',
    'ALTER TABLE a ADD COLUMN c int, DROP b',
    'ALTER TYPE a DROP ATTRIBUTE b',
    'TRUNCATE a',
    'DELETE FROM a WHERE false',
    'DELETE FROM a USING b WHERE a.id = b.id',
  ])('is true of %s', (sql) => check(sql, true))

  test.each([
    'WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone',
    'WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone',
    'MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE',
    'DROP OWNED BY app',
  ])('is true of a deletion inside another statement: %s', (sql) => check(sql, true))

  test.each([
    'DROP INDEX a',
    'DROP VIEW a',
    'DROP MATERIALIZED VIEW a',
    'DROP FUNCTION a',
    'DROP TRIGGER t ON a',
    'DROP POLICY p ON a',
    'ALTER TABLE a DROP CONSTRAINT b',
    'ALTER TABLE a ALTER COLUMN b DROP NOT NULL',
    'CREATE TABLE a ()',
    'UPDATE a SET b = 1',
    "INSERT INTO a VALUES ('DELETE FROM b')",
    'CREATE RULE r AS ON DELETE TO a DO INSTEAD NOTHING',
    'CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM a $$',
  ])('is false of %s, which loses no row', (sql) => check(sql, false))
})
