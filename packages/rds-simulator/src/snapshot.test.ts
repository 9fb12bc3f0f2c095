import { expect, test } from 'vitest'
import { type Fate, progressAt, type Snapshot } from './snapshot.ts'

const snapshot = (fate: Fate, rest: Partial<Snapshot<undefined>> = {}): Snapshot<undefined> => ({
  id: 'one',
  arn: 'arn',
  type: 'manual',
  source: undefined,
  copy: { directory: '/nowhere' },
  takenAt: 1000,
  durationMs: 200,
  fate,
  tags: new Map(),
  ...rest,
})

function check(fate: Fate, expected: readonly string[], rest?: Partial<Snapshot<undefined>>): void {
  const seen = [1000, 1050, 1199, 1200, 9999].map((now) => {
    const { status, percent } = progressAt(snapshot(fate, rest), now)
    return `${status} ${percent}`
  })
  expect(seen).toEqual(expected)
}

test('it grows to available', () => {
  check({ kind: 'completes' }, ['creating 0', 'creating 25', 'creating 99', 'available 100', 'available 100'])
})

test('it fails at its percentage and stays there', () => {
  check({ kind: 'fails', percent: 25 }, ['creating 0', 'failed 25', 'failed 25', 'failed 25', 'failed 25'])
})

test('one that never finishes keeps creating', () => {
  check({ kind: 'never-finishes', percent: 60 }, [
    'creating 0',
    'creating 25',
    'creating 60',
    'creating 60',
    'creating 60',
  ])
})

test('nothing is available before the real copy is', () => {
  check(
    { kind: 'completes' },
    Array.from({ length: 5 }, () => 'creating 0'),
    { copy: undefined },
  )
})

test('a duration of nothing is available at once', () => {
  expect(progressAt(snapshot({ kind: 'completes' }, { durationMs: 0 }), 1000).status).toBe('available')
})
