import { expect, test } from 'vitest'
import { entryOf, fileOf } from '../../test/support/records.ts'
import type { HistoryEntry } from './history.ts'
import type { MigrationFile } from './migration.ts'
import { inOrderOfApplication, isUnfinished, reconcile } from './reconcile.ts'

function check(
  { files, history }: { files: readonly MigrationFile[]; history: readonly HistoryEntry[] },
  expected: Readonly<Record<string, string>>,
): void {
  const states = reconcile(files, history).map(({ id, state }) => [id, state] as const)
  expect(Object.fromEntries(states)).toEqual(expected)
  expect(states).toHaveLength(Object.keys(expected).length)
}

const one = (file: Partial<MigrationFile> | undefined, entry: Partial<HistoryEntry> | undefined) => ({
  files: file ? [fileOf('1_a', file)] : [],
  history: entry ? [entryOf('1_a', 1, entry)] : [],
})

const LIVE = 'migrator/1234abcd someone'
const progress = { direction: 'up', applicationName: LIVE, finished: 0 } as const

test('calls running what the holder of the run lock began, though the server wrote its name in another way', () => {
  const stateUnder = (runner: string | undefined, entry: Partial<HistoryEntry> = { dirty: true, progress }) =>
    reconcile([fileOf('1_a')], [entryOf('1_a', 1, entry)], runner)[0]?.state
  expect(stateUnder(LIVE)).toBe('running')
  expect(stateUnder('migrator/1234abcd some\\xc3')).toBe('running')
  expect(stateUnder('migrator/99999999 someone')).toBe('dirty')
  expect(stateUnder(undefined)).toBe('dirty')
  expect(stateUnder(LIVE, { dirty: true })).toBe('dirty')
  expect(stateUnder(LIVE, {})).toBe('applied')
})

test('calls ahead what is newer than the newest file, and missing what is not', () => {
  const history = [
    entryOf('1_a', 1),
    entryOf('2_b', 2),
    entryOf('10_c', 3),
    entryOf('11_d', 4, { dirty: true, progress }),
  ]
  const states = reconcile([fileOf('1_a'), fileOf('3_x')], history, LIVE).map(({ state }) => state)
  expect(states).toEqual(['applied', 'missing', 'out-of-order', 'ahead', 'running'])
  expect(reconcile([], [entryOf('1_a', 1)])[0]?.state).toBe('missing')
})

test('a release is unfinished by what is its own, not by what a later one applied or is applying', () => {
  const history = [
    entryOf('1_a', 1, { dirty: true, progress }),
    entryOf('2_b', 2),
    entryOf('3_c', 3, { dirty: true, progress }),
  ]
  const unfinished = reconcile([fileOf('1_a')], history, LIVE).filter(isUnfinished)
  expect(unfinished.map(({ id }) => id)).toEqual(['1_a'])
})

test('gives each of the other seven states', () => {
  check(
    {
      files: ['1_applied', '2_changed', '3_dirty', '4_final', '5_late', '7_pending'].map((id) => fileOf(id)),
      history: [
        entryOf('1_applied', 1),
        entryOf('2_changed', 2, { checksum: 'other' }),
        entryOf('3_dirty', 3, { dirty: true }),
        entryOf('4_final', 4, { irreversible: 'the rows are gone' }),
        entryOf('6_missing', 5),
      ],
    },
    {
      '1_applied': 'applied',
      '2_changed': 'changed',
      '3_dirty': 'dirty',
      '4_final': 'irreversible',
      '5_late': 'out-of-order',
      '6_missing': 'missing',
      '7_pending': 'pending',
    },
  )
})

test('finds nothing in nothing, and everything pending in an empty history', () => {
  check({ files: [], history: [] }, {})
  check({ files: [fileOf('1_a'), fileOf('2_b')], history: [] }, { '1_a': 'pending', '2_b': 'pending' })
})

test('lets dirty outrank changed, missing and irreversible', () => {
  check(one({ checksum: 'edited' }, { dirty: true, irreversible: 'why' }), { '1_a': 'dirty' })
  check(one(undefined, { dirty: true }), { '1_a': 'dirty' })
})

test('lets changed and missing outrank irreversible', () => {
  check(one({ checksum: 'edited' }, { irreversible: 'why' }), { '1_a': 'changed' })
  check(one(undefined, { irreversible: 'why' }), { '1_a': 'missing' })
})

test('sees an edited or lost helper as a change', () => {
  check(one({ importsChecksum: 'new' }, { importsChecksum: 'old' }), { '1_a': 'changed' })
  check(one({}, { importsChecksum: 'old' }), { '1_a': 'changed' })
  check(one({ importsChecksum: 'same' }, { importsChecksum: 'same' }), { '1_a': 'applied' })
})

test('accepts a history that recorded no checksum of the helpers', () => {
  check(one({ importsChecksum: 'new' }, {}), { '1_a': 'applied' })
})

test('tells an edited down file apart from a change of what was applied', () => {
  const downChanged = (file: Partial<MigrationFile>, entry: Partial<HistoryEntry>) => {
    const { files, history } = one(file, entry)
    const [status] = reconcile(files, history)
    expect(status?.state).toBe('applied')
    return status?.downChanged
  }
  expect(downChanged({ downChecksum: 'new' }, { downChecksum: 'old' })).toBe(true)
  expect(downChanged({ downChecksum: 'same' }, { downChecksum: 'same' })).toBe(false)
  expect(downChanged({ downChecksum: 'new' }, {})).toBe(false)
  expect(downChanged({}, { downChecksum: 'old' })).toBe(false)
})

test('calls pending out-of-order below the highest applied id, whatever its state and the order of application', () => {
  const history = [entryOf('10_b', 1, { dirty: true }), entryOf('2_a', 2)]
  check(
    { files: [fileOf('9_late'), fileOf('11_next')], history },
    { '2_a': 'missing', '9_late': 'out-of-order', '10_b': 'dirty', '11_next': 'pending' },
  )
})

test('puts lost entries among the files, by their ids', () => {
  const statuses = reconcile([fileOf('2_b'), fileOf('10_c')], [entryOf('3_gone', 1), entryOf('0001_gone', 2)])
  expect(statuses.map(({ id }) => id)).toEqual(['0001_gone', '2_b', '3_gone', '10_c'])
})

test('has the order of the files decide what is newer, not their numbers', () => {
  const files = ['1_a', '3_c', '2_b', '4_d'].map((id) => fileOf(id))
  const history = [entryOf('1_a', 1), entryOf('3_c', 2)]
  check({ files, history }, { '1_a': 'applied', '3_c': 'applied', '2_b': 'pending', '4_d': 'pending' })
  check(
    { files, history: [entryOf('1_a', 1), entryOf('2_b', 2)] },
    { '1_a': 'applied', '3_c': 'out-of-order', '2_b': 'applied', '4_d': 'pending' },
  )
})

test('changes neither of its inputs', () => {
  const files = Object.freeze([fileOf('1_a'), fileOf('2_b')])
  const history = Object.freeze([entryOf('2_b', 2), entryOf('1_a', 1)])
  expect(inOrderOfApplication(reconcile(files, history)).map(({ id }) => id)).toEqual(['1_a', '2_b'])
  expect(history.map(({ id }) => id)).toEqual(['2_b', '1_a'])
})

test('tells the order of application from the sequence, not from the id, and leaves out what has no entry', () => {
  const statuses = reconcile([fileOf('1_a'), fileOf('2_b'), fileOf('9_c')], [entryOf('2_b', 1), entryOf('1_a', 2)])
  expect(inOrderOfApplication(statuses).map(({ id }) => id)).toEqual(['2_b', '1_a'])
})
