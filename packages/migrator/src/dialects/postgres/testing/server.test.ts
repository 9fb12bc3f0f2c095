import { expect, test } from 'vitest'
import { buildsConcurrently } from './server.ts'

test.each([
  'CREATE INDEX CONCURRENTLY i ON t (a)',
  'create unique index\n  concurrently if not exists i on t (a)',
  '-- why\n/* and\n how */ CREATE INDEX CONCURRENTLY ON t (a)',
])('builds an index concurrently: %s', (sql) => {
  expect(buildsConcurrently(sql)).toBe(true)
})

test.each([
  'CREATE INDEX i ON t (a)',
  'DROP INDEX CONCURRENTLY i',
  'REINDEX INDEX CONCURRENTLY i',
  "SELECT 'create index concurrently'",
  '-- CREATE INDEX CONCURRENTLY i ON t (a)\nSELECT 1',
])('does not: %s', (sql) => {
  expect(buildsConcurrently(sql)).toBe(false)
})
