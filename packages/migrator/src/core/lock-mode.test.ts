import { expect, test } from 'vitest'
import { blockedBy, compareLockModes, LOCK_MODES, lockModeOf } from './lock-mode.ts'

test('the names of pg_locks are those of the manual', () => {
  const names = ['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock']
  const strong = ['ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']
  expect([...names, ...strong].map(lockModeOf)).toEqual(LOCK_MODES)
  expect(lockModeOf('SIReadLock')).toBeUndefined()
})

test('modes are ordered by their strength', () => {
  expect(compareLockModes('ACCESS EXCLUSIVE', 'SHARE')).toBeGreaterThan(0)
  expect(compareLockModes('ROW SHARE', 'ROW EXCLUSIVE')).toBeLessThan(0)
})

test('what a mode keeps others from', () => {
  expect(LOCK_MODES.map(blockedBy)).toEqual([
    ...['nothing', 'nothing', 'nothing', 'schema changes', 'writes', 'writes', 'writes', 'reads and writes'],
  ])
})
