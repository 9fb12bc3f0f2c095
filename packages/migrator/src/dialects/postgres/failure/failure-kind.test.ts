import { expect, test } from 'vitest'
import { failureKindOfState } from './failure-kind.ts'

test.each([
  ['55P03', 'lock-timeout'],
  ['57014', 'cancelled'],
  ['40P01', 'deadlock'],
  ['40001', 'serialization'],
  ['25006', 'read-only'],
  ['25P02', 'doomed'],
  ['25001', 'needs-no-transaction'],
  ['22P02', 'value-refused'],
  ['22003', 'value-refused'],
  ['23502', 'value-missing'],
  ['23505', 'value-repeated'],
  ['23503', 'rule-refused'],
  ['23P01', 'rule-refused'],
  ['21000', 'several-rows'],
  ['P0001', 'raised'],
  ['42704', 'missing-object'],
  ['42P01', 'statement-refused'],
  ['0A000', 'statement-refused'],
  ['2BP01', 'statement-refused'],
  ['57P01', undefined],
  ['', undefined],
] as const)('%s is %s', (state, kind) => {
  expect(failureKindOfState(state)).toBe(kind)
})
