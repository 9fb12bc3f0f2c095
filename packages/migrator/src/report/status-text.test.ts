import { expect, test } from 'vitest'
import { entryOf, fileOf, noStates } from '../../test/support/records.ts'
import { reconcile } from '../core/reconcile.ts'
import { statusTable, summaryLine } from './status-text.ts'
import { styleFor } from './style.ts'

test('the table shows every migration with state, time, duration and the beginning of its checksum', () => {
  const files = [fileOf('1_a', { checksum: '0123456789abcdef' }), fileOf('2_b', { checksum: 'fedcba9876543210' })]
  const history = [
    entryOf('1_a', 1, { checksum: '0123456789abcdef', durationMs: 12, appliedAt: '2026-01-02T03:04:05.678Z' }),
  ]
  expect(statusTable(reconcile(files, history), styleFor({}, 'plain')).split('\n')).toEqual([
    '  migration  state    applied at (UTC)     took   checksum',
    '✓ 1_a        applied  2026-01-02 03:04:05  12 ms  0123456789ab',
    '· 2_b        pending                              fedcba987654',
  ])
})

test('each state has its own mark, and is recognised without colours', () => {
  const history = [
    entryOf('1_a', 1),
    entryOf('2_b', 2, { dirty: true }),
    entryOf('3_c', 3, { checksum: 'other' }),
    entryOf('5_e', 4),
  ]
  const files = ['1_a', '2_b', '3_c', '4_d', '6_f'].map((id) => fileOf(id))
  const [, ...lines] = statusTable(reconcile(files, history), styleFor({}, 'plain')).split('\n')
  expect(lines.map((line) => line.split(/\s+/).slice(0, 3).join(' '))).toEqual([
    '✓ 1_a applied',
    '! 2_b dirty',
    '≠ 3_c changed',
    '↕ 4_d out-of-order',
    '? 5_e missing',
    '· 6_f pending',
  ])
})

test('the summary names the states that occur', () => {
  expect(summaryLine({ ...noStates, applied: 12, pending: 2 })).toBe('12 applied, 2 pending')
  expect(summaryLine(noStates)).toBe('0 migrations')
})
