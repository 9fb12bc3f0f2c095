import { expect, test } from 'vitest'
import { createFaults } from './faults.ts'

test('a fault for so many times is used up, one without a number stays', () => {
  const faults = createFaults(() => 0)
  faults.add({ kind: 'throttling', times: 2 })
  faults.add({ kind: 'expired-token' })
  expect([1, 2, 3].map(() => faults.take('throttling', 'A') !== undefined)).toEqual([true, true, false])
  expect([1, 2, 3].map(() => faults.take('expired-token', 'A') !== undefined)).toEqual([true, true, true])
  expect(faults.list()).toEqual([{ kind: 'expired-token' }])
})

test('the list tells how many times are left', () => {
  const faults = createFaults(() => 0)
  faults.add({ kind: 'throttling', times: 3 })
  faults.take('throttling', 'A')
  expect(faults.list()).toEqual([{ kind: 'throttling', times: 2 }])
})

test('a fault for one action leaves the others alone', () => {
  const faults = createFaults(() => 0)
  faults.add({ kind: 'access-denied', action: 'CreateDBSnapshot' })
  expect(faults.take('access-denied', 'DescribeDBSnapshots')).toBeUndefined()
  expect(faults.take('access-denied', 'CreateDBSnapshot')).toBeDefined()
})

test('looking at a fault does not use it up', () => {
  const faults = createFaults(() => 0)
  faults.add({ kind: 'quota-exceeded', times: 1 })
  faults.active('quota-exceeded', 'A')
  expect(faults.take('quota-exceeded', 'A')).toBeDefined()
})

test('a status lasts for its time, the latest one counts, and clearing ends them all', () => {
  let now = 0
  const faults = createFaults(() => now)
  faults.add({ kind: 'status', id: 'one', status: 'stopped' })
  faults.add({ kind: 'status', id: 'one', status: 'modifying', forMs: 100 })
  expect([faults.statusOf('one'), faults.statusOf('two')]).toEqual(['modifying', undefined])
  now = 100
  expect(faults.statusOf('one')).toBe('stopped')
  faults.clear()
  expect(faults.statusOf('one')).toBeUndefined()
})
