import { expect, test } from 'vitest'
import { dropStatements } from './drops.ts'
import type { Graph } from './objects.ts'
import { inOrder } from './order.ts'

function graph(objects: Readonly<Record<string, string>>, needs: Readonly<Record<string, readonly string[]>>): Graph {
  return {
    objects: Object.entries(objects).map(([key, kind]) => ({ key, kind, identity: key, schema: 'public', oid: key })),
    needs: new Map(Object.entries(needs).map(([key, others]) => [key, new Set(others)])),
    has: (key) => key in objects,
  }
}

test('puts what others need first, and leaves the rest in its order', () => {
  const groups = inOrder(graph({ a: 'table', b: 'table', v: 'view', c: 'type' }, { a: ['c'], v: ['b', 'a'] }))
  expect(groups.map((group) => group.map(({ key }) => key))).toEqual([['c'], ['a'], ['b'], ['v']])
})

test('drops tables that refer to each other in one statement', () => {
  const objects = { a: 'table', b: 'table', f: 'function' }
  expect(dropStatements(graph(objects, { a: ['b', 'f'], b: ['a'] }))).toEqual(['DROP TABLE a, b', 'DROP FUNCTION f'])
})

test('drops other objects that need each other with CASCADE', () => {
  expect(dropStatements(graph({ t: 'table', f: 'function' }, { t: ['f'], f: ['t'] }))).toEqual([
    'DROP TABLE IF EXISTS t CASCADE',
    'DROP FUNCTION IF EXISTS f CASCADE',
  ])
})
