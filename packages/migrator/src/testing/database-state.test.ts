import { describe, expect, test } from 'vitest'
import { entryOf } from '../../test/support/records.ts'
import { type DatabaseState, explainLeftovers, isClean, leftoversIn } from './database-state.ts'

const before: DatabaseState = {
  catalog: { 'table public.users': {}, 'column public.users.id': { type: 'integer' } },
  history: [entryOf('0001_one', 1), entryOf('0002_two', 2)],
  rows: new Map([['public.users', { rows: 2, digest: '7', columns: ['"id"'] }]]),
}

/** The lines that tell how a state differs from the one above. */
function check(after: Partial<DatabaseState>, expected: readonly string[]): void {
  const left = leftoversIn(before, { ...before, ...after })
  expect(explainLeftovers(left)).toEqual(expected)
  expect(isClean(left)).toBe(expected.length === 0)
}

function rowsOf(rows: number, digest: string, columns = ['"id"']): DatabaseState['rows'] {
  return new Map([['public.users', { rows, digest, columns }]])
}

describe('leftovers', () => {
  test('of the same state there are none', () => {
    check({}, [])
  })

  test('an object that came, one that changed', () => {
    const catalog = { ...before.catalog, 'column public.users.id': { type: 'bigint' }, 'index public.more': {} }
    check({ catalog }, ['~ column public.users.id', '    type: integer → bigint', '+ index public.more'])
  })

  test('columns in another order are no leftover', () => {
    const catalog = (order: string) => ({ ...before.catalog, 'column order public.users': { columns: order } })
    const left = leftoversIn({ ...before, catalog: catalog('a, b') }, { ...before, catalog: catalog('b, a') })
    expect(isClean(left)).toBe(true)
    expect(left.catalog.verdict).toBe('order-only')
  })

  test('a record that came, is dirty, went, or is another one', () => {
    const [one] = before.history
    check({ history: [...before.history, entryOf('0003_three', 3)] }, ['0003_three is applied in the history'])
    check({ history: [...before.history, entryOf('0003_three', 3, { dirty: true })] }, [
      '0003_three is dirty in the history',
    ])
    check({ history: one ? [one] : [] }, ['the record of 0002_two is gone from the history'])
    check({ history: [entryOf('0001_one', 1), entryOf('0002_two', 3)] }, ['the record of 0002_two differs'])
  })

  test('the fingerprint with a record may be written anew', () => {
    check({ history: [entryOf('0001_one', 1), entryOf('0002_two', 2, { schemaFingerprint: 'f' })] }, [])
  })

  test('rows that came or have other values', () => {
    check({ rows: rowsOf(3, '8') }, ['rows of public.users changed (2 before, 3 after)'])
    check({ rows: rowsOf(2, '8') }, ['rows of public.users changed (2 before, 2 after)'])
  })

  test('values that differ because columns do are covered by the catalog', () => {
    check({ rows: rowsOf(2, '8', ['"id"', '"more"']) }, [])
  })
})
