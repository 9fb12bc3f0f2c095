import { expect, test } from 'vitest'
import { column, reference, table } from '../../../../test/support/shapes.ts'
import { rowPlan } from './row-plan.ts'

const kinds = (shape: Parameters<typeof rowPlan>[0], late: readonly string[] = []) =>
  Object.fromEntries(rowPlan(shape, new Set(late)).columns.map(({ column: { name }, from }) => [name, from.kind]))

test('a column that two keys share belongs to the shorter one, and the other has to agree', () => {
  const shape = table('task', {
    columns: [column('tenant'), column('user_id', { nullable: true })],
    foreignKeys: [
      {
        name: 'user',
        columns: ['tenant', 'user_id'],
        parent: 'public.users',
        parentColumns: ['tenant', 'id'],
        full: false,
      },
      { ...reference('tenant', 'tenants'), name: 'tenant' },
    ],
  })
  const plan = rowPlan(shape, new Set())
  expect(plan.picks.map(({ key, shared, optional }) => [key.name, shared, optional])).toEqual([
    ['tenant', [], false],
    ['user', [{ parentColumn: 'tenant', pick: 0, pickColumn: 'id' }], true],
  ])
  expect(kinds(shape)).toEqual({ tenant: 'parent', user_id: 'parent' })
})

test('a key that has to wait leaves NULL where it may, and a value where it may not', () => {
  const shape = table('node', {
    columns: [column('tenant'), column('id'), column('parent_id', { nullable: true })],
    foreignKeys: [
      {
        name: 'up',
        columns: ['tenant', 'parent_id'],
        parent: 'public.node',
        parentColumns: ['tenant', 'id'],
        full: false,
      },
    ],
  })
  expect(kinds(shape, ['public.node up'])).toEqual({ tenant: 'value', id: 'value', parent_id: 'null' })
})

test('sequences, generated and derived columns take no value', () => {
  const shape = table('t', {
    columns: [
      column('a', { source: 'sequence', expression: 's' }),
      column('b', { source: 'generated', expression: 'g' }),
      column('c'),
      column('d'),
    ],
    checks: [{ name: 'c', expression: '(c = (d + 1))', columns: ['c', 'd'] }],
  })
  expect(kinds(shape)).toEqual({ a: 'sequence', b: 'generated', c: 'derived', d: 'value' })
})
