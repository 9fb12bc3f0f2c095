import { expect, test } from 'vitest'
import { hintFor, sourceState } from './source-state.ts'

test('AWS takes a snapshot of what is available, waits behind another backup, and refuses the rest', () => {
  for (const status of ['available', 'storage-optimization', undefined]) expect(sourceState({ status })).toBe('ready')
  expect(sourceState({ status: 'backing-up' })).toBe('soon')
  for (const status of ['stopped', 'modifying', 'rebooting', 'failed'])
    expect(sourceState({ status })).toBe('unavailable')
})

test('the next step fits the state', () => {
  const source = { kind: 'instance', id: 'p' } as const
  expect(hintFor({ ...source, status: 'stopped' })).toContain('aws rds start-db-instance --db-instance-identifier p')
  expect(hintFor({ kind: 'cluster', id: 'c', status: 'stopped' })).toContain(
    'start-db-cluster --db-cluster-identifier c',
  )
  expect(hintFor({ ...source, status: 'incompatible-network' })).toContain('RDS console')
  expect(hintFor({ ...source, status: 'modifying' })).toContain('Wait')
})
