import { expect, test } from 'vitest'
import type { HistoryEntry } from './history.ts'
import type { MigrationFile } from './migration.ts'
import { planUp } from './plan.ts'
import { reconcile } from './reconcile.ts'

const file = (id: string, replaces?: readonly string[]): MigrationFile => ({
  ...{ id, format: 'sql', checksum: `sum of ${id}`, path: `${id}.up.sql`, replaces },
  load: async () => {
    throw new Error('not loaded here')
  },
})

const entry = (id: string, sequence: number, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
  ...{ id, sequence, batch: sequence, checksum: `sum of ${id}`, appliedAt: '', dirty: false, format: 'sql' },
  ...{ transactional: true, archived: true, ...more },
})

const FILES = [file('2_squashed', ['1_a', '2_b']), file('3_c')]

function check(history: readonly HistoryEntry[], expected: Readonly<Record<string, string>>): void {
  const states = reconcile(FILES, history).map(({ id, state }) => [id, state])
  expect(Object.fromEntries(states)).toEqual(expected)
}

test('counts as applied in the place of all that it replaces, before what was applied later', () => {
  const history = [entry('1_a', 1), entry('2_b', 2), entry('3_c', 3)]
  check(history, { '2_squashed': 'applied', '3_c': 'applied' })
  const [squashed] = reconcile(FILES, history)
  expect(squashed?.entry).toMatchObject({ sequence: 2, batch: 2, inPlaceOf: ['1_a', '2_b'], archived: false })
})

test('is pending on a database that has none of them', () => {
  check([], { '2_squashed': 'pending', '3_c': 'pending' })
})

test.each([
  ['only some of them', [entry('1_a', 1)]],
  ['one that is dirty', [entry('1_a', 1), entry('2_b', 2, { dirty: true })]],
])('is refused with what to do first on a database that has %s', (_, history) => {
  const { problems } = planUp(reconcile(FILES, history), { kind: 'latest' }, { allowOutOfOrder: true })
  expect(problems.map(({ id, code }) => [id, code])).toEqual([['2_squashed', 'MIGRATION_MISSING']])
  expect(problems[0]?.message).toMatch(/1_a/)
})

test('is left alone once it is on record itself', () => {
  check([entry('2_squashed', 5)], { '2_squashed': 'applied', '3_c': 'pending' })
})
