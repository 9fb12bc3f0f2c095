import { expect, test } from 'vitest'
import type { RdsError } from './error.ts'
import { flag, members, required, text, texts, whole } from './params.ts'

const params = (values: Readonly<Record<string, string>>) => new Map(Object.entries(values))

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return (error as RdsError).code
  }
  return 'nothing'
}

test('the members of a list come in the order of their numbers, under whatever name', () => {
  const tags = params({
    'Tags.Tag.10.Key': 'j',
    'Tags.Tag.2.Key': 'b',
    'Tags.member.1.Key': 'a',
    'TagsOther.Tag.1.Key': 'x',
  })
  expect(members(tags, 'Tags').map((member) => member.get('Key'))).toEqual(['a', 'b', 'j'])
})

test('a list of texts differs from none', () => {
  expect(texts(params({ 'Groups.Group.1': 'sg-1', 'Groups.Group.2': 'sg-2' }), 'Groups')).toEqual(['sg-1', 'sg-2'])
  expect(texts(params({}), 'Groups')).toBeUndefined()
})

test('a list in a member of a list is found', () => {
  const [filter] = members(
    params({ 'Filters.Filter.1.Name': 'engine', 'Filters.Filter.1.Values.Value.1': 'x' }),
    'Filters',
  )
  expect(filter && texts(filter, 'Values')).toEqual(['x'])
})

test('an empty value is no value', () => {
  expect(text(params({ A: '' }), 'A')).toBeUndefined()
  expect(codeOf(() => required(params({ A: '' }), 'A'))).toBe('MissingParameter')
})

test('flags and numbers are read strictly', () => {
  expect([flag(params({ A: 'true' }), 'A'), flag(params({ A: 'false' }), 'A'), flag(params({}), 'A')]).toEqual([
    true,
    false,
    undefined,
  ])
  expect(whole(params({ A: '20' }), 'A')).toBe(20)
  expect(codeOf(() => flag(params({ A: 'yes' }), 'A'))).toBe('InvalidParameterValue')
  expect(codeOf(() => whole(params({ A: '2e1' }), 'A'))).toBe('InvalidParameterValue')
})
