import { describe, expect, test } from 'vitest'
import { randomSource } from '../../test/support/random.ts'
import { compareIds, isNumberedId, numberOf, orderOf } from './migration.ts'

describe('numberOf', () => {
  const check = (id: string, expected: string | undefined) => expect(numberOf(id)).toBe(expected)

  test('reads the digits in front, without leading zeros', () => {
    check('0001_init_schema', '1')
    check('0010-add-products', '10')
    check('20260101120000_users', '20260101120000')
    check('1767268800_users', '1767268800')
    check('00_zero', '0')
    check('7_größe_😀', '7')
  })

  test('keeps a number that is longer than any integer type', () => {
    check('123456789012345678901234567890_a', '123456789012345678901234567890')
  })

  test('reads a date with separators as one number, and the parts of a version', () => {
    check('2024-01-31-120000_add_users', '20240131120000')
    check('2024_01_31_120000_add_users', '20240131120000')
    check('2024-01-31T12-00-00_add_users', '20240131120000')
    check('2024-01-31_add', '20240131')
    check('2024_plans', '2024')
    check('2024-99-01_a', '2024')
    check('V2.1__add', '2.1')
    check('V2_1__add', '2.1')
    check('V2.0__add', '2')
    check('2.10_add', '2.10')
  })

  test('needs no name behind the number', () => {
    for (const id of ['0001', '0001_']) check(id, '1')
    expect(['0001', '0001_', '0001_a', 'a'].map(isNumberedId)).toEqual([false, false, true, false])
  })

  test('reads none where the id does not begin with a number', () => {
    for (const id of ['', '_a', 'a_1', 'init', '0001.init', '0x1_a', '-1_a', '1 _a', '١_a']) check(id, undefined)
  })
})

describe('compareIds', () => {
  const check = (input: readonly string[], expected: readonly string[]) => {
    expect(input.toSorted(compareIds)).toEqual(expected)
    expect(input.toReversed().sort(compareIds)).toEqual(expected)
  }

  test('orders by number, not by text', () => {
    check(['10_a', '9_b', '100_c', '2_d'], ['2_d', '9_b', '10_a', '100_c'])
  })

  test('takes leading zeros for nothing', () => {
    check(['0010_a', '9_b', '00011_c', '08_d'], ['08_d', '9_b', '0010_a', '00011_c'])
  })

  test("orders Flyway's versions part by part, and dates with separators by time", () => {
    check(
      ['V2.10__a', 'V10__b', 'V2.9__c', 'V2__d', 'V1.2.3__e'],
      ['V1.2.3__e', 'V2__d', 'V2.9__c', 'V2.10__a', 'V10__b'],
    )
    check(
      ['2024-01-02-000000_a', '2023-12-31-235959_b', '2024-01-01-120000_c', '2024-01-01-000000_d'],
      ['2023-12-31-235959_b', '2024-01-01-000000_d', '2024-01-01-120000_c', '2024-01-02-000000_a'],
    )
  })

  test('orders ids without a number by name, before all others', () => {
    check(['0001_a', 'users', 'accounts'], ['accounts', 'users', '0001_a'])
  })

  test('puts timestamps behind numbers, in the order of time', () => {
    check(
      ['20260102000000_c', '0002_b', '20260101235959_d', '1767268800_unix'],
      ['0002_b', '1767268800_unix', '20260101235959_d', '20260102000000_c'],
    )
  })

  test('tells numbers apart that a floating-point number cannot', () => {
    check(['9007199254740993_a', '9007199254740992_b'], ['9007199254740992_b', '9007199254740993_a'])
  })

  test('orders one number by name, code unit by code unit, in no language', () => {
    check(['0001_b', '0001_a', '0001_ä', '0001_B'], ['0001_B', '0001_a', '0001_b', '0001_ä'])
  })

  test('is zero for the very same id only', () => {
    expect(compareIds('0001_a', '0001_a')).toBe(0)
    expect(compareIds('0001_a', '1_a')).not.toBe(0)
    expect(compareIds('0001_a', '0001-a')).not.toBe(0)
  })

  test('is a total order over any ids', () => {
    const random = randomSource(1)
    const digits = () => String(random.below(10 ** random.pick([1, 2, 9, 9])))
    const anyId = () =>
      random.pick(['', '0', '000']) +
      random.pick([digits(), digits() + digits() + digits(), '']) +
      random.pick(['_', '-', '']) +
      random.pick(['a', 'b', 'B', 'ä', '😀', ''])
    for (let round = 0; round < 500; round++) {
      const [a, b, c] = [anyId(), anyId(), anyId()]
      const named = JSON.stringify([a, b, c])
      expect(Math.sign(compareIds(a, b)) + Math.sign(compareIds(b, a)), named).toBe(0)
      expect(compareIds(a, b) === 0, named).toBe(a === b)
      if (compareIds(a, b) <= 0 && compareIds(b, c) <= 0) expect(compareIds(a, c), named).toBeLessThanOrEqual(0)
    }
  })
})

describe('orderOf', () => {
  const folder = (ids: readonly string[]) => ids.map((id) => ({ id }))

  test('has the folder decide, also against the numbers', () => {
    const ids = ['0001_a', '0003_c', '0002_b', '0004_d']
    expect(ids.toSorted(orderOf(folder(ids)))).toEqual(ids)
  })

  test('places an id that is not in the folder after the last one that is below it', () => {
    const all = ['0000_old', '0001_a', '0003_c', '0002_b', '0003_x', '0004_d', '0005_new']
    const inFolder = all.filter((id) => !['0000_old', '0003_x', '0005_new'].includes(id))
    expect(all.toReversed().sort(orderOf(folder(inFolder)))).toEqual(all)
  })

  test('is the order of the ids where the folder has that order', () => {
    const random = randomSource(7)
    const ids = Array.from({ length: 200 }, (_, at) => `${random.below(150)}_${at}`)
    const known = ids.filter(() => random.below(2) === 0).sort(compareIds)
    expect(ids.toSorted(orderOf(folder(known)))).toEqual(ids.toSorted(compareIds))
  })
})
