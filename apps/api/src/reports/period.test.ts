import { expect, test } from 'vitest'
import { daysOf, type Query, readLimit, readPeriod, refuseOthers } from './period.ts'

const today = new Date('2026-11-20T23:59:59.999Z')

test.each<[Query, string, string]>([
  [{}, '2026-10-22', '2026-11-20'],
  [{ to: '2026-03-01' }, '2026-01-31', '2026-03-01'],
  [{ from: '2026-11-01' }, '2026-11-01', '2026-11-20'],
  [{ from: '2026-11-20', to: '2026-11-20' }, '2026-11-20', '2026-11-20'],
  [{ from: '2028-01-01', to: '2028-12-31' }, '2028-01-01', '2028-12-31'],
])('reads %j as %s to %s', (query, from, to) => {
  expect(readPeriod(query, today)).toMatchObject({ from, to })
})

test('bounds a period by instants, the end excluded', () => {
  const period = readPeriod({ from: '2026-11-19', to: '2026-11-20' }, today)
  expect([period.start, period.end]).toEqual([new Date('2026-11-19'), new Date('2026-11-21')])
  expect(daysOf(period)).toEqual(['2026-11-19', '2026-11-20'])
})

test.each<[Query, RegExp]>([
  [{ from: 'monday' }, /^from must be a day/],
  [{ to: '2026-02-30' }, /^to must be a day/],
  [{ from: '' }, /^from must be a day/],
  [{ from: '2026-11-21' }, /^from \(2026-11-21\) is after to \(2026-11-20\)/],
  [{ from: '2025-01-01', to: '2026-01-02' }, /is 367 days: ask for 366 at most/],
])('refuses %j', (query, message) => {
  expect(() => readPeriod(query, today)).toThrow(message)
})

test('reads a limit from 1 to 100', () => {
  expect([readLimit({}), readLimit({ limit: '1' }), readLimit({ limit: '100' })]).toEqual([10, 1, 100])
  for (const limit of ['0', '101', '-1', '1.5', 'all', '']) expect(() => readLimit({ limit })).toThrow(/^limit must be/)
})

test('refuses a parameter that the report does not have', () => {
  expect(() => refuseOthers({ form: '2026-01-01' }, ['from', 'to'])).toThrow('form is not a valid parameter.')
})
