import { describe, expect, test } from 'vitest'
import { entryOf, fileOf } from '../../test/support/records.ts'
import { planUp } from './plan.ts'
import { type MigrationStatus, reconcile } from './reconcile.ts'
import type { UpTarget } from './target.ts'

const FILES = ['1_a', '2_b', '3_c', '10_d'].map((id) => fileOf(id))
const fresh = reconcile(FILES, [])
const two = reconcile(FILES, [entryOf('1_a', 1), entryOf('2_b', 2)])

interface Expected {
  readonly steps: readonly string[]
  /** `CODE id`. */
  readonly problems?: readonly string[]
}

function check(
  statuses: readonly MigrationStatus[],
  target: UpTarget,
  expected: Expected,
  rules = { allowOutOfOrder: false },
): void {
  const plan = planUp(statuses, target, rules)
  expect(plan.direction).toBe('up')
  expect(plan.steps.map(({ id }) => id)).toEqual(expected.steps)
  expect(plan.problems.map(({ code, id }) => `${code} ${id}`)).toEqual(expected.problems ?? [])
  for (const step of plan.steps) {
    expect(step).toMatchObject({ direction: 'up', by: 'file' })
    expect(step.file?.id).toBe(step.id)
  }
}

const latest: UpTarget = { kind: 'latest' }
const upTo = (id: string): UpTarget => ({ kind: 'id', id })
const steps = (count: number): UpTarget => ({ kind: 'count', count })

describe('the targets of planUp', () => {
  test('latest takes every pending migration, in the order of ids', () => {
    check(fresh, latest, { steps: ['1_a', '2_b', '3_c', '10_d'] })
    check(two, latest, { steps: ['3_c', '10_d'] })
    check([], latest, { steps: [] })
  })

  test('an id is the last that is applied', () => {
    check(fresh, upTo('3_c'), { steps: ['1_a', '2_b', '3_c'] })
    check(two, upTo('10_d'), { steps: ['3_c', '10_d'] })
  })

  test('an id that is applied already leaves nothing to do', () => {
    check(two, upTo('2_b'), { steps: [] })
    check(two, upTo('1_a'), { steps: [] })
  })

  test('a count takes that many of the pending ones, and all when there are fewer', () => {
    check(two, steps(1), { steps: ['3_c'] })
    check(two, steps(2), { steps: ['3_c', '10_d'] })
    check(two, steps(99), { steps: ['3_c', '10_d'] })
  })

  test('an unknown id is a problem, and nothing is planned', () => {
    check(two, upTo('2_bb'), { steps: [], problems: ['TARGET_UNKNOWN 2_bb'] })
    expect(planUp(two, upTo('2_bb'), { allowOutOfOrder: false }).problems[0]?.hint).toContain('2_b')
    check(two, upTo(''), { steps: [], problems: ['TARGET_UNKNOWN '] })
    check([], upTo('1_a'), { steps: [], problems: ['TARGET_UNKNOWN 1_a'] })
  })

  test('an id whose file is gone cannot be migrated to', () => {
    const gone = reconcile([fileOf('1_a')], [entryOf('1_a', 1), entryOf('2_b', 2)])
    check(gone, upTo('2_b'), { steps: [], problems: ['TARGET_UNKNOWN 2_b', 'MIGRATION_MISSING 2_b'] })
  })
})

describe('what planUp never plans past silently', () => {
  test('an edited file, though it is not a step', () => {
    const statuses = reconcile(FILES, [entryOf('1_a', 1, { checksum: 'before the edit' })])
    check(statuses, latest, { steps: ['2_b', '3_c', '10_d'], problems: ['CHECKSUM_MISMATCH 1_a'] })
    check(statuses, upTo('1_a'), { steps: [], problems: ['CHECKSUM_MISMATCH 1_a'] })
  })

  test('a lost file, archived or not', () => {
    for (const archived of [true, false]) {
      const statuses = reconcile(FILES.slice(1), [entryOf('1_a', 1, { archived })])
      check(statuses, latest, { steps: ['2_b', '3_c', '10_d'], problems: ['MIGRATION_MISSING 1_a'] })
    }
  })

  test('a pending migration below an applied one, unless it is allowed', () => {
    const statuses = reconcile(FILES, [entryOf('2_b', 1)])
    const all = ['1_a', '3_c', '10_d']
    check(statuses, latest, { steps: all, problems: ['OUT_OF_ORDER 1_a'] })
    check(statuses, latest, { steps: all }, { allowOutOfOrder: true })
    check(statuses, steps(1), { steps: ['1_a'], problems: ['OUT_OF_ORDER 1_a'] })
    check(statuses, upTo('2_b'), { steps: ['1_a'], problems: ['OUT_OF_ORDER 1_a'] })
  })

  test('an id that only looks lower as a text is not out of order', () => {
    check(reconcile(FILES, [entryOf('1_a', 1), entryOf('2_b', 2), entryOf('3_c', 3)]), latest, { steps: ['10_d'] })
  })

  test('several problems at once are all told', () => {
    const statuses = reconcile(
      [fileOf('1_a'), fileOf('2_b')],
      [entryOf('2_b', 1, { checksum: 'other' }), entryOf('3_c', 2)],
    )
    check(statuses, upTo('9_z'), {
      steps: [],
      problems: ['TARGET_UNKNOWN 9_z', 'CHECKSUM_MISMATCH 2_b', 'MIGRATION_MISSING 3_c'],
    })
    check(statuses, latest, {
      steps: ['1_a'],
      problems: ['CHECKSUM_MISMATCH 2_b', 'MIGRATION_MISSING 3_c', 'OUT_OF_ORDER 1_a'],
    })
  })

  test('every problem names its migration and says what happened', () => {
    const statuses = reconcile(FILES, [entryOf('2_b', 1, { checksum: 'other' }), entryOf('9_z', 2)])
    for (const { id, message } of planUp(statuses, latest, { allowOutOfOrder: false }).problems)
      expect(message).toContain(id)
    const [edited] = planUp(statuses, latest, { allowOutOfOrder: true }).problems
    expect(edited?.message).toBe('Migration 2_b checksum mismatch')
    expect(edited?.hint).toContain('db:repair accept-checksum')
  })
})

test('a dirty migration is no step upwards: its recovery comes first', () => {
  const statuses = reconcile(FILES, [entryOf('1_a', 1), entryOf('2_b', 2, { dirty: true })])
  check(statuses, latest, { steps: ['3_c', '10_d'] })
})

test('an applied migration that is irreversible, or whose down alone was edited, hinders nothing upwards', () => {
  const files = [fileOf('1_a'), fileOf('2_b', { downChecksum: 'new' }), fileOf('3_c')]
  const history = [entryOf('1_a', 1, { irreversible: 'why' }), entryOf('2_b', 2, { downChecksum: 'old' })]
  check(reconcile(files, history), latest, { steps: ['3_c'] })
})
