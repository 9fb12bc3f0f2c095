import { expect, test } from 'vitest'
import { parseDay, parseInstant } from './calendar.ts'

function check(parse: (text: string) => Date | undefined, input: string, expected: string | undefined): void {
  expect(parse(input)?.toISOString()).toBe(expected)
}

test.each([
  ['2026-11-20', '2026-11-20T00:00:00.000Z'],
  ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ['2026-02-29', undefined],
  ['2026-02-30', undefined],
  ['2026-13-01', undefined],
  ['2026-1-1', undefined],
  ['1969-12-31', undefined],
  ['3000-01-01', undefined],
  ['yesterday', undefined],
  ['', undefined],
])('reads day %j as %j', (input, expected) => check(parseDay, input, expected))

test.each([
  ['2026-11-20T08:30:00Z', '2026-11-20T08:30:00.000Z'],
  ['2026-11-20T08:30Z', '2026-11-20T08:30:00.000Z'],
  ['2026-11-20T00:30:00.1234567+02:00', '2026-11-19T22:30:00.123Z'],
  ['2026-11-20T08:30:00', undefined],
  ['2026-11-20', undefined],
  ['2026-02-30T08:30:00Z', undefined],
  ['2026-11-20T25:00:00Z', undefined],
  ['2026-11-20T08:30:00+99:00', undefined],
  ['1970-01-01T00:00:00+01:00', undefined],
  ['Fri, 20 Nov 2026 08:30:00 GMT', undefined],
])('reads instant %j as %j', (input, expected) => check(parseInstant, input, expected))
