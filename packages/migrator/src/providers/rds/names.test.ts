import { expect, test } from 'vitest'
import { backupName, firstInstanceName, looksLikeOurs, nameProblem, restoredName } from './names.ts'

const at = new Date('2026-11-05T06:07:08.999Z')

test('names a backup by what it precedes and the moment in UTC', () => {
  expect(backupName('rollback', at, 1)).toBe('pre-rollback-20261105-060708')
  expect(backupName('migrate', at, 1)).toBe('pre-migrate-20261105-060708')
  expect(backupName('manual', at, 1)).toBe('manual-20261105-060708')
})

test('numbers the names after the first', () => {
  expect(backupName('rollback', at, 2)).toBe('pre-rollback-20261105-060708-2')
  expect(backupName('rollback', at, 13)).toBe('pre-rollback-20261105-060708-13')
})

test('every name it makes is one that AWS takes', () => {
  for (const source of [
    'a',
    'summit-prod',
    'a'.repeat(63),
    `${'a'.repeat(40)}-${'b'.repeat(22)}`,
    `${'a'.repeat(37)}---b`,
  ]) {
    const restored = restoredName(source, at)
    expect(nameProblem(restored)).toBeUndefined()
    expect(nameProblem(firstInstanceName(restored))).toBeUndefined()
  }
  expect(restoredName('summit-prod', at)).toBe('summit-prod-restored-20261105-060708')
})

test('knows its own names from others', () => {
  expect(looksLikeOurs('pre-rollback-20261105-060708')).toBe(true)
  expect(looksLikeOurs('manual-20261105-060708-2')).toBe(true)
  expect(looksLikeOurs('pre-rollback-by-hand')).toBe(false)
  expect(looksLikeOurs('rds:summit-prod-2026-11-05-06-07')).toBe(false)
})

test('says what AWS would say against a name', () => {
  expect(nameProblem('new-prod')).toBeUndefined()
  expect(nameProblem('1st')).toContain('letter')
  expect(nameProblem('')).toContain('letter')
  expect(nameProblem('new_prod')).toContain('only letters, digits and hyphens')
  expect(nameProblem('new--prod')).toContain('two in a row')
  expect(nameProblem('new-')).toContain('end with a hyphen')
  expect(nameProblem('a'.repeat(64))).toContain('63')
})
