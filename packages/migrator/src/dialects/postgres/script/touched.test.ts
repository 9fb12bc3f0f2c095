import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser, parseStatements, type Statement } from './statements.ts'
import { movesSearchPath, namesIn, touchedBy } from './touched.ts'

beforeAll(loadParser)

function statements(sql: string): readonly Statement[] {
  const parsed = parseStatements(sql)
  if (!parsed.ok) throw new Error(`${sql}: ${parsed.message}`)
  return parsed.statements
}

describe('touchedBy', () => {
  /** Each as `kind schema.name spreads`. */
  const check = (sql: string, ...expected: readonly string[]) =>
    expect(
      statements(sql)
        .flatMap(touchedBy)
        .map(
          ({ kind, schema, name, spreads }) => `${kind} ${schema === undefined ? '' : `${schema}.`}${name} ${spreads}`,
        ),
      sql,
    ).toEqual(expected)

  test('names what rows are written to, wherever in the statement', () => {
    check('INSERT INTO a SELECT * FROM b', 'relation a rows')
    check('UPDATE s.a SET x = 1 FROM b', 'relation s.a rows')
    check('DELETE FROM a USING b', 'relation a rows')
    check('MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE', 'relation a rows')
    check(
      'WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone',
      'relation b rows',
      'relation a rows',
    )
    check('EXPLAIN ANALYZE DELETE FROM a', 'relation a rows')
    check('UPDATE "Größe 😀"."say ""hi""" SET x = 1', 'relation Größe 😀.say "hi" rows')
  })

  test('a statement that only reads or defines touches nothing', () => {
    check('SELECT * FROM a')
    check('CREATE TABLE a AS SELECT * FROM b')
    check('CREATE VIEW v AS SELECT * FROM b')
    check('CREATE INDEX i ON a (x)')
    check('CREATE RULE r AS ON INSERT TO a DO INSTEAD DELETE FROM b')
    check('CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM a; END')
    check('COPY a TO STDOUT')
    check('GRANT SELECT ON a TO PUBLIC')
  })

  test('TRUNCATE reaches those who refer to it only with CASCADE', () => {
    check('TRUNCATE a, s.b', 'relation a nowhere', 'relation s.b nowhere')
    check('TRUNCATE a CASCADE', 'relation a truncate')
  })

  test('names what ALTER and RENAME change the columns of', () => {
    check('ALTER TABLE a DROP COLUMN x', 'relation a drop')
    check('ALTER TABLE a RENAME TO b', 'relation a nowhere')
    check('ALTER TABLE s.a RENAME COLUMN x TO y', 'relation s.a nowhere')
    check('ALTER TABLE a SET SCHEMA s', 'relation a nowhere')
    check('ALTER TABLE a RENAME CONSTRAINT x TO y')
    check('ALTER INDEX i RENAME TO j')
    check("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", 'type mood nowhere')
    check('ALTER TYPE pair DROP ATTRIBUTE x CASCADE', 'type pair drop')
    check('ALTER TYPE pair RENAME ATTRIBUTE x TO y', 'type pair nowhere')
    check('ALTER DOMAIN s.d ADD CHECK (value > 0)', 'type s.d nowhere')
  })

  test('names every object of a DROP', () => {
    check('DROP TABLE IF EXISTS s.a, b CASCADE', 'relation s.a drop', 'relation b drop')
    check('DROP TYPE mood CASCADE', 'type mood drop')
    check('DROP DOMAIN s.d', 'type s.d drop')
    check('DROP SCHEMA s CASCADE', 'schema s drop')
    check('DROP EXTENSION citext CASCADE', 'extension citext drop')
    check('DROP FUNCTION s.f(int) CASCADE', 'function s.f drop')
    check('DROP INDEX i')
    check('DROP OWNED BY app', 'role app drop')
  })

  test('hands over code that it cannot read, and the names of functions that are called', () => {
    check('DO $$ BEGIN DELETE FROM a; END $$', 'text DO $$ BEGIN DELETE FROM a; END $$ rows')
    check('SELECT s.clean(1), pg_catalog.now()', 'function s.clean rows')
    check('CALL tidy()', 'function tidy rows')
    check('INSERT INTO a VALUES (next_number())', 'relation a rows', 'function next_number rows')
  })
})

test('a moved search path is seen', () => {
  const moves = (sql: string) => statements(sql).some(movesSearchPath)
  expect(moves('SET search_path = s')).toBe(true)
  expect(moves('SET LOCAL search_path TO s, public')).toBe(true)
  expect(moves("SELECT pg_catalog.set_config('search_path', 's', true)")).toBe(true)
  expect(moves("SET lock_timeout = '1s'")).toBe(false)
})

describe('namesIn', () => {
  const check = (code: string, names: readonly string[], expected: readonly string[]) =>
    expect(namesIn(code, names), code).toEqual(expected)

  test('finds whole words only', () => {
    check('await db.execute(sql`DELETE FROM users`)', ['users', 'user', 'sers'], ['users'])
    check('UPDATE old_users SET x = 1', ['users'], [])
    check('app.users', ['users'], ['users'])
    check('users2, größe_users', ['users', 'größe'], [])
    check('größe', ['größe'], ['größe'])
    check('a😀b 😀', ['😀'], ['😀'])
  })

  test('follows SQL in folding what is not quoted', () => {
    check('DELETE FROM Users', ['users', 'Users'], ['users', 'Users'])
    check('delete from users', ['users', 'Users'], ['users'])
  })

  test('finds names with spaces and quotes', () => {
    check('DELETE FROM "my table"', ['my table'], ['my table'])
    check('DELETE FROM "say ""hi"""', ['say "hi"'], ['say "hi"'])
  })
})
