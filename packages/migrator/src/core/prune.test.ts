import { expect, test } from 'vitest'
import { chooseToPrune, type Prunable } from './prune.ts'

const NOW = new Date('2026-11-20T12:00:00Z')
const DAY = 86_400_000

function backup(id: string, daysOld: number, more: Partial<Prunable> = {}): Prunable {
  return {
    id,
    own: true,
    state: 'available',
    createdAt: new Date(NOW.getTime() - daysOld * DAY).toISOString(),
    ...more,
  }
}

function chosen(backups: readonly Prunable[], rules: Parameters<typeof chooseToPrune>[1]): readonly string[] {
  return chooseToPrune(backups, rules, NOW).map(({ id }) => id)
}

test('by age, the oldest goes first', () => {
  expect(chosen([backup('new', 1), backup('old', 40), backup('older', 50)], { olderThanMs: 30 * DAY })).toEqual([
    'older',
    'old',
  ])
})

test('by count, the newest stay', () => {
  expect(chosen([backup('c', 3), backup('a', 1), backup('b', 2)], { keep: 2 })).toEqual(['c'])
})

test('age and count together: what is among the newest stays however old it is', () => {
  const backups = [backup('a', 40), backup('b', 50), backup('c', 60)]
  expect(chosen(backups, { olderThanMs: 30 * DAY, keep: 1 })).toEqual(['c', 'b'])
})

test('what others made is never chosen, nor counted', () => {
  expect(chosen([backup('theirs', 1, { own: false }), backup('mine', 2), backup('mine-too', 3)], { keep: 1 })).toEqual([
    'mine-too',
  ])
})

test('one that is still being made is never chosen', () => {
  expect(chosen([backup('making', 99, { state: 'creating' })], { olderThanMs: DAY })).toEqual([])
})

test('one that failed takes no place among those to keep', () => {
  expect(chosen([backup('failed', 1, { state: 'failed' }), backup('good', 2)], { keep: 1 })).toEqual(['failed'])
})
