import { expect, test } from 'vitest'
import { filtered } from './filters.ts'

const items = [
  { id: 'one', engine: 'postgres' },
  { id: 'two', engine: 'postgres' },
  { id: 'three', engine: 'aurora' },
]
const table = { 'db-instance-id': ({ id }: { id: string }) => id, engine: ({ engine }: { engine: string }) => engine }

const check = (params: Readonly<Record<string, string>>, expected: readonly string[]) =>
  expect(filtered(new Map(Object.entries(params)), items, table).map(({ id }) => id)).toEqual(expected)

test('values of one filter are alternatives, filters are conditions', () => {
  const ids = {
    'Filters.Filter.1.Name': 'db-instance-id',
    'Filters.Filter.1.Values.Value.1': 'arn:aws:rds:us-east-1:123456789012:db:two',
    'Filters.Filter.1.Values.Value.2': 'THREE',
  }
  check(ids, ['two', 'three'])
  check({ ...ids, 'Filters.Filter.2.Name': 'engine', 'Filters.Filter.2.Values.Value.1': 'postgres' }, ['two'])
})

test('without a filter everything passes', () => check({}, ['one', 'two', 'three']))

test('an unknown filter is refused, not ignored', () => {
  expect(() => check({ 'Filters.Filter.1.Name': 'colour' }, [])).toThrow('Unrecognized filter name: colour')
})
