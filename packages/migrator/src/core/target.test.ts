import { expect, test } from 'vitest'
import { nearestIds } from './target.ts'

const IDS = ['0001_init_schema', '0002_events_by_month', '0003_add_sessions', '0012_user_traits', '0014_user_tags']

function check(wanted: string, expected: readonly string[]): void {
  expect(nearestIds(wanted, IDS)).toEqual(expected)
}

test('finds the id that a typing error misses', () => {
  check('0001_init_shema', ['0001_init_schema'])
  check('0003_ad_session', ['0003_add_sessions'])
})

test('finds ids by a part of them, in any case', () => {
  check('0012', ['0012_user_traits'])
  check('SESSIONS', ['0003_add_sessions'])
})

test('puts the nearest first and stops at three', () => {
  check('user', ['0012_user_traits', '0014_user_tags'])
  expect(nearestIds('000', IDS)).toEqual(IDS.slice(0, 3))
  expect(nearestIds('0014_user_tag', IDS)[0]).toBe('0014_user_tags')
})

test('finds nothing where nothing is near', () => {
  check('zzzzzzzzzz', [])
  check('9999', [])
  expect(nearestIds('0001_init_schema', [])).toEqual([])
})

test('does not offer everything for an empty or one-letter wish', () => {
  check('', [])
  check('_', [])
})

test('finds the number that was asked for without its zeros', () => {
  check('12', ['0012_user_traits'])
  check('3', ['0003_add_sessions'])
})
