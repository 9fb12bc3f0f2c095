import { beforeAll, expect, test } from 'vitest'
import { assignmentsOf } from './assigned.ts'
import { loadParser, parseStatements } from './statements.ts'

beforeAll(loadParser)

/** Each as `table.columns from`. */
function assigned(sql: string): readonly string[] {
  return read(sql).assigned.map(({ ref, columns, from }) => `${ref.name}.${[columns].flat().join('+')} ${from}`)
}

function read(sql: string) {
  const parsed = parseStatements(sql)
  if (!parsed.ok || !parsed.statements[0]) throw new Error(sql)
  return assignmentsOf(parsed.statements[0])
}

test.each([
  ["INSERT INTO t (a, b) VALUES ('x', 1), ('y', 2)", ['t.a text', 't.b text']],
  ["INSERT INTO t VALUES ('x', 1)", ['t.all text']],
  ['INSERT INTO t DEFAULT VALUES', []],
  ['INSERT INTO t (a, b) VALUES ($1, 1)', ['t.a bound', 't.b text']],
  ["INSERT INTO t (a, b) SELECT x, 'c' FROM s", ['t.a data', 't.b text']],
  ['INSERT INTO t (a, b) VALUES ((SELECT max(x) FROM s), 1)', ['t.a data', 't.b text']],
  ['INSERT INTO t SELECT * FROM s', ['t.all data']],
  ['INSERT INTO t (a) SELECT x FROM s UNION SELECT y FROM r', ['t.a data']],
  ["INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 'z'", ['t.a text', 't.b data']],
  ["UPDATE t SET a = 'x'", ['t.a text']],
  ["UPDATE t SET a = 'x' WHERE b", ['t.a data']],
  ['UPDATE t SET a = b', ['t.a data']],
  ['UPDATE t SET a = $1 WHERE id = $2', ['t.a bound']],
  ['UPDATE t SET (a, b) = (SELECT x, y FROM s)', ['t.a data', 't.b data']],
  ['WITH n AS (UPDATE t SET a = 1 RETURNING a) INSERT INTO u (a) SELECT a FROM n', ['u.a data', 't.a text']],
  ['MERGE INTO t USING s ON true WHEN MATCHED THEN UPDATE SET a = s.a', ['t.all data']],
  ['CREATE TABLE t AS SELECT * FROM s', ['t.all data']],
  ['CREATE FUNCTION f() RETURNS void BEGIN ATOMIC UPDATE t SET a = 1; END', []],
  ['DELETE FROM t', []],
])('%s', (sql, expected) => {
  expect([...assigned(sql)].sort()).toEqual([...expected].sort())
})

test.each([
  ['UPDATE t SET a = s.a FROM s WHERE s.id IN (SELECT id FROM r)', ['r', 's']],
  ['UPDATE t SET a = b', []],
  ['UPDATE t SET a = b RETURNING a', ['t']],
  ['WITH n AS (SELECT * FROM s) INSERT INTO t SELECT * FROM n', ['s']],
  ['SELECT * FROM t', ['t']],
])('%s reads %s', (sql, expected) => {
  expect(
    read(sql)
      .reads.map(({ name }) => name)
      .sort(),
  ).toEqual(expected)
})

test('names what it calls, and what hides its statements', () => {
  expect(read('SELECT f(a), lower(b) FROM t').calls).toEqual(['f', 'lower'])
  expect(read('DO $$ BEGIN END $$').isOpaque).toBe(true)
  expect(read('CALL p()').isOpaque).toBe(true)
  expect(read('SELECT 1').isOpaque).toBe(false)
})

test('names the tables that it writes to', () => {
  const writes = (sql: string) => read(sql).writes.map(({ name }) => name)
  expect(writes('DELETE FROM t USING s WHERE s.id = t.id')).toEqual(['t'])
  expect(writes('WITH d AS (DELETE FROM t RETURNING a) INSERT INTO u SELECT a FROM d')).toEqual(['u', 't'])
  expect(writes('SELECT 1 FROM t')).toEqual([])
})
