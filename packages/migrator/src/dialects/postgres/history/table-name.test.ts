import { expect, test } from 'vitest'
import { parseTableName, quoted } from './table-name.ts'

test('reads a table, with or without its schema', () => {
  expect(parseTableName('schema_migrations')).toEqual({ schema: 'public', table: 'schema_migrations' })
  expect(parseTableName('ops.history')).toEqual({ schema: 'ops', table: 'history' })
})

test('refuses what is neither', () => {
  for (const text of ['', '.', 'a.', '.a', 'a.b.c'])
    expect(() => parseTableName(text), text).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})

test('is quoted, so that it can carry no SQL', () => {
  expect(quoted(parseTableName('Ops.a"; DROP TABLE b; --'))).toBe('"Ops"."a""; DROP TABLE b; --"')
})
