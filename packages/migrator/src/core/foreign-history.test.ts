import { expect, test } from 'vitest'
import { type ForeignKey, mapHistory } from './foreign-history.ts'

const named = (name: string): ForeignKey => ({ by: 'name', name })
const numbered = (number: string): ForeignKey => ({ by: 'number', number })
const file = (id: string, replaces?: readonly string[]) => ({ id, checksum: id, replaces })

const FILES = [file('0002_squashed', ['0001_one', '0002_two']), file('0003_three')]

function check(keys: readonly ForeignKey[], { applied = [] as string[], newestOnly = false } = {}) {
  const rows = keys.map((key, at) => ({ key, from: `row ${at + 1}`, appliedAt: `day ${at + 1}` }))
  const history = { tool: 'a tool', table: 'a.table', rows, newestOnly, broken: [] }
  const { mapped, unmatched } = mapHistory(history, FILES, new Set(applied))
  return {
    mapped: mapped.map(({ id, from, appliedAt }) => [id, from, appliedAt]),
    unmatched: unmatched.map(({ from }) => from),
  }
}

const whole = ['0002_squashed', 'row 1, row 2', 'day 2']
const third = ['0003_three', 'row 3', 'day 3']

test('rows that name all that a squashed migration replaces stand for it, with the time of the last', () => {
  const expected = { mapped: [whole, third], unmatched: [] }
  expect(check([named('0001_one'), named('0002_two'), named('0003_three')])).toEqual(expected)
  expect(check([numbered('1'), numbered('2'), numbered('3')])).toEqual(expected)
})

test('rows that name only some of it match nothing', () => {
  expect(check([named('0001_one')])).toEqual({ mapped: [], unmatched: ['row 1'] })
  expect(check([numbered('2')])).toEqual({ mapped: [], unmatched: ['row 1'] })
})

test('what the history has already counts', () => {
  const expected = { mapped: [['0002_squashed', 'row 1', 'day 1']], unmatched: [] }
  expect(check([named('0002_two')], { applied: ['0001_one'] })).toEqual(expected)
  expect(check([named('0002_two')], { applied: ['0002_squashed'] })).toEqual(expected)
})

test('a row that names the squashed migration itself stands for it', () => {
  const own = ['0002_squashed', 'row 1', 'day 1']
  expect(check([named('0002_squashed')])).toEqual({ mapped: [own], unmatched: [] })
  expect(check([named('0002_squashed'), named('0001_one')])).toEqual({ mapped: [own], unmatched: [] })
})

test('where only the newest is recorded, everything before it is applied', () => {
  const newestOnly = true
  const own = ['0002_squashed', 'row 1', 'day 1']
  expect(check([numbered('2')], { newestOnly })).toEqual({ mapped: [own], unmatched: [] })
  expect(check([numbered('3')], { newestOnly }).mapped.map(([id]) => id)).toEqual(['0002_squashed', '0003_three'])
  expect(check([numbered('1')], { newestOnly })).toEqual({ mapped: [], unmatched: ['row 1'] })
})
