import { beforeAll, describe, expect, test } from 'vitest'
import { isPlainStatement } from './plain-statement.ts'
import { loadParser } from './statements.ts'

beforeAll(loadParser)

describe('a statement that a transaction of its own changes nothing for', () => {
  test.each([
    'ALTER TABLE a ALTER b SET NOT NULL',
    'CREATE INDEX a ON b (c)',
    'DROP INDEX a',
    'UPDATE a SET b = 1',
    'ALTER TABLE a DETACH PARTITION b',
  ])('%s', (sql) => expect(isPlainStatement(sql)).toBe(true))
})

describe('a statement that is left as it is', () => {
  test.each([
    'CREATE INDEX CONCURRENTLY a ON b (c)',
    'DROP INDEX CONCURRENTLY a',
    'ALTER TABLE a DETACH PARTITION b CONCURRENTLY',
    'REINDEX TABLE CONCURRENTLY a',
    'VACUUM a',
    'CALL a()',
    'DO $$ BEGIN COMMIT; END $$',
    'BEGIN',
    'nonsense',
  ])('%s', (sql) => expect(isPlainStatement(sql)).toBe(false))
})
