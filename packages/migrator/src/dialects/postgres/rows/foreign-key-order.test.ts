import { describe, expect, test } from 'vitest'
import { column, reference, table } from '../../../../test/support/shapes.ts'
import type { TableShape } from '../../../core/data/table-shape.ts'
import { insertOrder } from './foreign-key-order.ts'

/** `child: parent!` must refer to it, `child: parent` may. */
function tablesOf(wiring: Readonly<Record<string, string>>): readonly TableShape[] {
  return Object.entries(wiring).map(([name, parents]) => {
    const list = parents.split(' ').filter(Boolean)
    const names = list.map((parent) => parent.replace('!', ''))
    return table(name, {
      columns: [
        column('id'),
        ...list.map((parent) => column(`${parent.replace('!', '')}_id`, { nullable: !parent.endsWith('!') })),
      ],
      foreignKeys: names.map((parent) => reference(`${parent}_id`, parent)),
    })
  })
}

describe('insertOrder', () => {
  const check = (wiring: Readonly<Record<string, string>>, groups: readonly string[], late: readonly string[] = []) => {
    const order = insertOrder(tablesOf(wiring))
    expect(
      order.groups.map(({ tables, ring }) => tables.map((each) => each.table).join('+') + (ring ? ' ring' : '')),
    ).toEqual(groups)
    expect([...order.late].sort()).toEqual(late)
  }

  test('puts parents first, whatever the order of the tables', () => {
    check({ c: 'b!', b: 'a!', a: '' }, ['a', 'b', 'c'])
    check({ a: '', x: '', c: 'a! b', b: 'a' }, ['a', 'x', 'b', 'c'])
  })

  test('leaves out keys to tables that are not among them', () => check({ a: 'elsewhere!' }, ['a']))

  test('opens a circle where a key may be NULL', () => {
    check({ a: 'b', b: 'a!' }, ['a', 'b'], ['public.a b_id_fkey'])
    check({ a: 'a' }, ['a'], ['public.a a_id_fkey'])
  })

  test('keeps a circle together where none may', () => {
    check({ a: 'b!', b: 'c!', c: 'a!', d: 'a!' }, ['c+b+a ring', 'd'])
    check({ a: 'a!' }, ['a ring'])
  })

  test('does not nest with the length of a chain', () => {
    const wiring = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, at) => [`t${at}`, at === 19_999 ? '' : `t${at + 1}!`]),
    )
    expect(insertOrder(tablesOf(wiring)).groups[0]?.tables[0]?.table).toBe('t19999')
  })
})
