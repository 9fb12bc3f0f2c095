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

test('a text that begins in front of the part is left out, too', () => {
  const sql = "INSERT INTO t VALUES ('first\nada@row.example', 'more')"
  expect(withoutValues(sql, sql.indexOf('ada'))).toBe("'…', '…')")
})

test('numbers are left out where a value was refused', () => {
  expect(withoutNumbers('INSERT INTO card VALUES (4111111111111111, -1)')).toBe('INSERT INTO card VALUES (…, -…)')
})
