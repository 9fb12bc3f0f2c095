import { beforeAll, describe, expect, test } from 'vitest'
import { changesRows, hintsIn } from './hints-in.ts'
import { loadParser, parseStatements, type Statement } from './statements.ts'

beforeAll(loadParser)

function only(sql: string): Statement {
  const parsed = parseStatements(sql)
  const [statement] = parsed.ok ? parsed.statements : []
  if (!statement) throw new Error(sql)
  return statement
}

describe('hintsIn reads what columns are compared with', () => {
  const check = (sql: string, expected: Readonly<Record<string, readonly (string | null)[]>>, ...values: unknown[]) => {
    const found: Record<string, (string | null)[]> = {}
    for (const { column, constants } of hintsIn(only(sql), values).flat()) {
      found[column] = [...(found[column] ?? []), ...constants.map(({ text }) => text)]
    }
    expect(found).toEqual(expected)
  }

  test.each([
    ["UPDATE v SET kind = 'b' WHERE kind = 'a'", { kind: ['b', 'a'] }],
    ["DELETE FROM v WHERE kind IN ('x', 'y') AND level > 5", { kind: ['x', 'y'], level: ['5'] }],
    ["UPDATE v SET data = data - 'legacy'", { data: ['legacy'] }],
    ["SELECT id FROM v WHERE data ->> 'state' = 'old'", { data: ['state', 'old'] }],
    ['DELETE FROM v WHERE done_at IS NULL', { done_at: [null] }],
    ["DELETE FROM v WHERE 'old' = ANY (tags)", { tags: ['old'] }],
    ["UPDATE v SET n = CASE kind WHEN 'a' THEN 1 END", { kind: ['a'] }],
    ["WITH g AS (DELETE FROM v WHERE kind = 'a' RETURNING *) INSERT INTO w SELECT * FROM g", { kind: ['a'] }],
    [
      "DO $$ BEGIN DELETE FROM v WHERE kind = 'a'; UPDATE v SET n = 0 WHERE n = 7; END $$",
      { kind: ['a'], n: ['0', '7'] },
    ],
  ] as const)('%s', (sql, expected) => check(sql, expected))

  test('of a module, with what it bound to the parameters', () =>
    check('DELETE FROM v WHERE kind = $1 AND level > $2', { kind: ['debug'], level: ['5'] }, 'debug', 5))

  test('not what a subquery compares its own columns with', () =>
    check("DELETE FROM v WHERE id = (SELECT max(id) FROM w WHERE name = 'x')", { name: ['x'] }))
})

test('changesRows tells an UPDATE, DELETE or MERGE of one of the tables', () => {
  const check = (sql: string) => changesRows(only(sql), new Set(['v']))
  expect(check('UPDATE v SET a = 1')).toBe(true)
  expect(check('DELETE FROM app.v')).toBe(true)
  expect(check('WITH g AS (DELETE FROM v RETURNING *) SELECT * FROM g')).toBe(true)
  expect(check('UPDATE w SET a = 1')).toBe(false)
  expect(check("INSERT INTO v VALUES ('update v')")).toBe(false)
})
