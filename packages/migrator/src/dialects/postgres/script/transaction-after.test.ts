import { beforeAll, expect, test } from 'vitest'
import { loadParser } from './statements.ts'
import { transactionAfter } from './transaction-after.ts'

beforeAll(loadParser)

test.each([
  ['BEGIN', false, true],
  ['START TRANSACTION READ ONLY', false, true],
  ['BEGIN; SELECT 1; COMMIT', false, false],
  ['COMMIT', true, false],
  ['END', true, false],
  ['ROLLBACK', true, false],
  ['COMMIT AND CHAIN', true, true],
  ["PREPARE TRANSACTION 'x'", true, false],
  ['ROLLBACK TO SAVEPOINT a', true, true],
  ['PREPARE a AS SELECT 1', false, false],
  ['SELECT 1', true, true],
  ['DO $$ BEGIN END $$', false, false],
  ['begin nonsense', true, true],
])('%s (open before: %s) leaves one open: %s', (sql, before, after) => {
  expect(transactionAfter(sql, before)).toBe(after)
})
