import { beforeAll, describe, expect, test } from 'vitest'
import { castsIn } from './casts.ts'
import { loadParser, parseStatements } from './statements.ts'

beforeAll(loadParser)

describe('castsIn', () => {
  const casts = (sql: string) => {
    const parsed = parseStatements(sql)
    return parsed.ok
      ? parsed.statements.flatMap(castsIn).map(({ column, type }) => `${column} ${type}`)
      : parsed.message
  }

  test.each([
    ['ALTER TABLE t ALTER c TYPE int USING c::int', ['c int4']],
    ['UPDATE t SET n = CAST(trim(t.c) AS public.kind)', ['c public.kind']],
    ['UPDATE t SET n = c::int[], m = "D e"::timestamptz', ['c int4[]', 'D e timestamptz']],
    ["UPDATE t SET n = (c::jsonb ->> 'a')::int", ['c jsonb']],
    ["SELECT '1'::int, now()::date", []],
  ])('%s', (sql, expected) => expect(casts(sql)).toEqual(expected))
})
