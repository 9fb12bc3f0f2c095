import { describe, expect, test } from 'vitest'
import { BACKUP_ID, backupId, clipped, stampOf, suffixed, uniqueName } from './name.ts'

const at = new Date('2026-01-31T23:59:58.999Z')

test('an id tells the operation and the second, in UTC', () => {
  expect(backupId('migrate', at)).toBe('pre-migrate-20260131-235958')
  expect(backupId('rollback', at)).toBe('pre-rollback-20260131-235958')
  expect(backupId('manual', at)).toBe('manual-20260131-235958')
  expect(stampOf(at, '_')).toBe('20260131_235958')
})

test('every id is recognised, with its number, wherever it stands', () => {
  for (const operation of ['migrate', 'rollback', 'manual'] as const) {
    const id = backupId(operation, at)
    expect(BACKUP_ID.exec(`shop_${id}`)?.[0]).toBe(id)
    expect(BACKUP_ID.exec(`shop_${id}-12`)?.[0]).toBe(`${id}-12`)
  }
  expect(BACKUP_ID.test('pre-deploy-20260131-235958')).toBe(false)
})

test('a taken name gets the first free number', () => {
  expect(uniqueName('a', new Set())).toBe('a')
  expect(uniqueName('a', new Set(['a']))).toBe('a-2')
  expect(uniqueName('a', new Set(['a', 'a-2', 'a-3']))).toBe('a-4')
})

describe('clipped', () => {
  test('counts bytes and keeps characters whole', () => {
    expect(clipped('größe', 4)).toBe('grö')
    expect(clipped('größe', 3)).toBe('gr')
    expect(clipped('a😀b', 4)).toBe('a')
    expect(clipped('a😀b', 5)).toBe('a😀')
    expect(clipped('short', 63)).toBe('short')
  })

  test('an ending is never cut', () => {
    expect(suffixed('ä'.repeat(60), '_restored')).toBe(`${'ä'.repeat(27)}_restored`)
    expect(suffixed('shop', '_restored')).toBe('shop_restored')
  })
})
