import { describe, expect, test } from 'vitest'
import { entryOf, fileOf } from '../../test/support/records.ts'
import type { HistoryEntry } from './history.ts'
import { type DownRules, planDown } from './plan.ts'
import { type MigrationStatus, reconcile } from './reconcile.ts'
import type { DownTarget } from './target.ts'

const CAREFUL: DownRules = { force: false, everything: false }
const AGREED: DownRules = { force: false, everything: true }
const FORCED: DownRules = { force: true, everything: true }

const ids = ['1_a', '2_b', '3_c', '4_d']
const files = ids.map((id) => fileOf(id))
/** All four applied; `2_b` last, though its id is not the highest. */
const applied = (changes: Readonly<Record<string, Partial<HistoryEntry>>> = {}) =>
  ['1_a', '3_c', '4_d', '2_b'].map((id, index) => entryOf(id, index + 1, changes[id]))
const statuses = (changes?: Readonly<Record<string, Partial<HistoryEntry>>>) => reconcile(files, applied(changes))
const without = (gone: string, changes?: Readonly<Record<string, Partial<HistoryEntry>>>) =>
  reconcile(
    files.filter(({ id }) => id !== gone),
    applied(changes),
  )

interface Expected {
  /** The id, and how it is rolled back where that is not by its file. */
  readonly steps: readonly string[]
  readonly problems?: readonly string[]
  readonly notices?: readonly string[]
}

function check(input: readonly MigrationStatus[], target: DownTarget, rules: DownRules, expected: Expected): void {
  const plan = planDown(input, target, rules)
  expect(plan.direction).toBe('down')
  expect(plan.steps.map(({ id, by }) => (by === 'file' ? id : `${id} by ${by}`))).toEqual(expected.steps)
  expect(plan.problems.map(({ code, id }) => (id === undefined ? code : `${code} ${id}`))).toEqual(
    expected.problems ?? [],
  )
  expect(plan.notices.map((notice) => notice.split(':')[0])).toEqual(expected.notices ?? [])
  for (const step of plan.steps) expect(step).toMatchObject({ direction: 'down', entry: { id: step.id } })
}

const steps = (count: number): DownTarget => ({ kind: 'count', count })
const downTo = (id: string): DownTarget => ({ kind: 'id', id })
const batch: DownTarget = { kind: 'batch' }
const empty: DownTarget = { kind: 'empty' }

describe('the targets of planDown', () => {
  test('a count takes the last applied first, not the highest id', () => {
    check(statuses(), steps(1), CAREFUL, { steps: ['2_b'] })
    check(statuses(), steps(3), CAREFUL, { steps: ['2_b', '4_d', '3_c'] })
  })

  test('an id stays, and everything applied after it goes', () => {
    check(statuses(), downTo('3_c'), CAREFUL, { steps: ['2_b', '4_d'] })
    check(statuses(), downTo('1_a'), CAREFUL, { steps: ['2_b', '4_d', '3_c'] })
    check(statuses(), downTo('2_b'), CAREFUL, { steps: [] })
  })

  test('a batch is what the last run applied', () => {
    check(statuses({ '2_b': { batch: 2 }, '4_d': { batch: 2 } }), batch, CAREFUL, { steps: ['2_b', '4_d'] })
    check(statuses({ '2_b': { batch: 10 }, '4_d': { batch: 9 } }), batch, CAREFUL, { steps: ['2_b'] })
  })

  test('nothing applied leaves nothing to do', () => {
    for (const target of [steps(1), steps(5), batch, empty]) check(reconcile(files, []), target, CAREFUL, { steps: [] })
  })

  test('an unknown id is a problem that names what is near, and nothing is planned', () => {
    check(statuses(), downTo('3_cc'), CAREFUL, { steps: [], problems: ['TARGET_UNKNOWN 3_cc'] })
    expect(planDown(statuses(), downTo('3_cc'), FORCED).problems[0]?.hint).toContain('3_c')
  })

  test('an id that is not applied is a problem that names an applied one, even by force', () => {
    const input = reconcile(files, [entryOf('1_a', 1)])
    check(input, downTo('3_c'), FORCED, { steps: [], problems: ['TARGET_NOT_APPLIED 3_c'] })
    expect(planDown(input, downTo('3_c'), CAREFUL).problems[0]?.hint).toContain('1_a')
    check(reconcile(files, []), downTo('3_c'), CAREFUL, { steps: [], problems: ['TARGET_NOT_APPLIED 3_c'] })
  })
})

describe('reverting everything', () => {
  const all = ['2_b', '4_d', '3_c', '1_a']

  test('has to be agreed to, by whatever name it is asked for', () => {
    for (const target of [empty, steps(4), steps(5)]) {
      check(statuses(), target, CAREFUL, { steps: all, problems: ['CONFIRMATION_REQUIRED'] })
      check(statuses(), target, AGREED, { steps: all })
    }
  })

  test('says how many there are when more are asked for', () => {
    const [problem] = planDown(statuses(), steps(7), CAREFUL).problems
    expect(problem?.message).toContain('7')
    expect(problem?.message).toContain('4')
  })

  test('is the plain rollback of the only one', () => {
    check(reconcile(files, [entryOf('1_a', 1)]), steps(1), CAREFUL, { steps: ['1_a'] })
    check(reconcile(files, [entryOf('1_a', 1)]), steps(2), CAREFUL, {
      steps: ['1_a'],
      problems: ['CONFIRMATION_REQUIRED'],
    })
  })
})

describe('a gap', () => {
  test('is closed by the archived source', () => {
    check(without('2_b'), steps(1), CAREFUL, { steps: ['2_b by archive'], notices: ['2_b'] })
    check(without('2_b'), steps(1), FORCED, { steps: ['2_b by archive'], notices: ['2_b'] })
  })

  test('without an archive stops the plan, wherever in it it stands', () => {
    for (const id of ['2_b', '4_d'])
      check(without(id, { [id]: { archived: false } }), steps(2), AGREED, {
        steps: ['2_b', '4_d'],
        problems: [`MIGRATION_MISSING ${id}`],
      })
  })

  test('behind the target does not matter', () => {
    check(without('1_a', { '1_a': { archived: false } }), steps(2), CAREFUL, { steps: ['2_b', '4_d'] })
  })

  test('is passed only by force, which drops the record, runs nothing and says so loudly', () => {
    const input = without('2_b', { '2_b': { archived: false } })
    check(input, steps(1), FORCED, { steps: ['2_b by record'], notices: ['2_b'] })
    expect(planDown(input, steps(1), FORCED).notices[0]).toContain('NOTHING IS RUN')
  })
})

describe('what stands against a step', () => {
  test('an edited file stops, unless forced', () => {
    const input = statuses({ '2_b': { checksum: 'before the edit' } })
    check(input, steps(1), AGREED, { steps: ['2_b'], problems: ['CHECKSUM_MISMATCH 2_b'] })
    check(input, steps(1), FORCED, { steps: ['2_b'], notices: ['2_b'] })
  })

  test('an irreversible migration stops always, with or without its file', () => {
    const why = { '2_b': { irreversible: 'the rows are gone' } }
    for (const input of [statuses(why), without('2_b', why)])
      for (const rules of [CAREFUL, FORCED])
        check(input, steps(1), rules, { steps: ['2_b'], problems: ['MIGRATION_IRREVERSIBLE 2_b'] })
    expect(planDown(statuses(why), steps(1), CAREFUL).problems[0]?.message).toContain('the rows are gone')
  })

  test('a dirty migration is recovered, whatever else is said of it', () => {
    for (const more of [{}, { checksum: 'other' }, { irreversible: 'why' }])
      check(statuses({ '2_b': { dirty: true, ...more } }), steps(2), CAREFUL, { steps: ['2_b by recovery', '4_d'] })
    check(without('2_b', { '2_b': { dirty: true } }), steps(1), CAREFUL, { steps: ['2_b by recovery'] })
  })

  test('reports an edited down file, and does not stop', () => {
    const input = reconcile(
      [fileOf('1_a'), fileOf('2_b', { downChecksum: 'new' })],
      [entryOf('1_a', 1), entryOf('2_b', 2, { downChecksum: 'old' })],
    )
    check(input, steps(1), CAREFUL, { steps: ['2_b'], notices: ['2_b'] })
  })

  test('reports all problems at once, those of later steps too', () => {
    const changes = { '2_b': { checksum: 'other' }, '4_d': { irreversible: 'why' }, '3_c': { archived: false } }
    check(without('3_c', changes), empty, CAREFUL, {
      steps: ['2_b', '4_d', '3_c', '1_a'],
      problems: [
        'CONFIRMATION_REQUIRED',
        'CHECKSUM_MISMATCH 2_b',
        'MIGRATION_IRREVERSIBLE 4_d',
        'MIGRATION_MISSING 3_c',
      ],
    })
  })

  test('what is pending or behind the target is not looked at', () => {
    const changes = { '1_a': { checksum: 'other', irreversible: 'why' } }
    check(reconcile([...files, fileOf('9_new')], applied(changes)), downTo('1_a'), CAREFUL, {
      steps: ['2_b', '4_d', '3_c'],
    })
  })
})
