import { expect, test } from 'vitest'
import { withoutNumbers, withoutValues } from './without-values.ts'

test.each([
  ["INSERT INTO people VALUES ('ada@row.example', 7)", "INSERT INTO people VALUES ('…', 7)"],
  ["INSERT INTO t VALUES (E'a\\'b', U&'x', $$y$$, $tag$z$tag$)", "INSERT INTO t VALUES ('…', '…', '…', '…')"],
  ['CREATE TABLE "Ada" (a varchar(20)) -- ada@row.example', 'CREATE TABLE "Ada" (a varchar(20)) '],
  ["SELECT 'never ends", "SELECT '…'"],
])('leaves texts and comments out: %s', (sql, told) => {
  expect(withoutValues(sql)).toBe(told)
})

test.each([
  [
    "DO $$ BEGIN INSERT INTO t VALUES ('ada'); PERFORM pg_sleep(9); END $$",
    "DO $$ BEGIN INSERT INTO t VALUES ('…'); PERFORM pg_sleep(9); END $$",
  ],
  ['DO LANGUAGE plpgsql $b$ -- ada\nBEGIN END $b$', 'DO LANGUAGE plpgsql $b$ \nBEGIN END $b$'],
  [
    "CREATE FUNCTION f() RETURNS text AS $$ SELECT 'ada' $$ LANGUAGE sql",
    "CREATE FUNCTION f() RETURNS text AS $$ SELECT '…' $$ LANGUAGE sql",
  ],
  [
    "CREATE FUNCTION f() RETURNS text AS 'SELECT 1' LANGUAGE sql",
    "CREATE FUNCTION f() RETURNS text AS '…' LANGUAGE sql",
  ],
  ['DO $$ BEGIN INSERT INTO t VALUES ($x$ada$x$)', "DO $$ BEGIN INSERT INTO t VALUES ('…')"],
])('a body is code, without its own texts: %s', (sql, told) => {
  expect(withoutValues(sql)).toBe(told)
})

test('a part of a body is shown, wherever it begins and ends', () => {
  const sql = "DO $$ BEGIN\n  SELECT 'ada', 1;\n  SELECT 2;\nEND $$; SELECT 3"
  const part = (from: string, to: string) => withoutValues(sql, sql.indexOf(from), sql.indexOf(to))
  expect(part("SELECT 'ada", ';\n  SELECT 2')).toBe("SELECT '…', 1")
  expect(part('SELECT 2', '; SELECT 3')).toBe('SELECT 2;\nEND $$')
  expect(part('DO', 'SELECT 2')).toBe("DO $$ BEGIN\n  SELECT '…', 1;\n  ")
})

test('a text that begins in front of the part is left out, too', () => {
  const sql = "INSERT INTO t VALUES ('first\nada@row.example', 'more')"
  expect(withoutValues(sql, sql.indexOf('ada'))).toBe("'…', '…')")
})

test('numbers are left out where a value was refused', () => {
  expect(withoutNumbers('INSERT INTO card VALUES (4111111111111111, -1)')).toBe('INSERT INTO card VALUES (…, -…)')
})
