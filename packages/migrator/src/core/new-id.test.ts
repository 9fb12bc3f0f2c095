import { expect, test } from 'vitest'
import { compareIds } from './migration.ts'
import { nextNumber } from './new-id.ts'

const NOW = new Date('2026-11-28T08:30:15.123Z')

/** The next number, whose id sorts above every other one. */
function check(ids: readonly string[], expected: string): void {
  expect(nextNumber(ids, NOW)).toBe(expected)
  for (const id of ids) expect(compareIds(`${expected}_new`, id), id).toBeGreaterThan(0)
}

test('one above the highest number, as wide as the others', () => {
  check([], '0001')
  check(['0001_a', '0010_b', '0002_c'], '0011')
  check(['000001_a', '000002_b'], '000003')
  check(['1_a', '9_b'], '0010')
  check(['0001_a', '9999_b'], '10000')
  check(['00000000000001_padded'], '00000000000002')
})

test('in a folder of timestamps the time now, as they are written', () => {
  check(['20240101120000_a'], '20261128083015')
  check(['20240101120000123_a'], '20261128083015123')
  check(['202401011200_a'], '202611280830')
  check(['20240101_a'], '20261128')
  check(['1700000000000_a'], '1795854615123')
  check(['1700000000_a'], '1795854615')
  check(['2024-01-01-120000_diesel'], '20261128083015')
  check(['0001_first', '20240101120000_a'], '20261128083015')
})

test('above one that is in the future, or of this very second', () => {
  check(['20991231235959_a'], '20991231235960')
  check(['20261128083015_a'], '20261128083016')
  check(['4000000000000_a'], '4000000000001')
})

test("above other tools' ids", () => {
  check(['V1__a', 'V2.1__b', 'R__views'], '0003')
  check(['V20240101120000__a'], '20261128083015')
  check(['no_number', '3_a'], '0004')
})
