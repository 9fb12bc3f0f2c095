import { describe, expect, test } from 'vitest'
import { describeDifferences, diffCatalogs, hasObject } from './schema-diff.ts'

describe('diffCatalogs', () => {
  const check = (before: Record<string, string>, after: Record<string, string>, expected: readonly string[]) =>
    expect(diffCatalogs(before, after).map(({ kind, object }) => `${kind} ${object}`)).toEqual(expected)

  test('tells what was added, removed and changed, ordered by object', () => {
    check(
      { 'table public.b': '1', 'table public.c': '1', 'table public.d': '1' },
      { 'table public.a': '1', 'table public.c': '2', 'table public.d': '1' },
      ['added table public.a', 'removed table public.b', 'changed table public.c'],
    )
  })

  test('finds no difference between equal catalogs, in whatever order they are written', () => {
    check({ a: '1', b: '2' }, { b: '2', a: '1' }, [])
    check({}, {}, [])
  })

  test('takes an empty digest for an object that is there', () => {
    check({}, { 'column order public.t': '' }, ['added column order public.t'])
  })
})

test('describeDifferences shows ten and counts the rest', () => {
  const many = Array.from({ length: 12 }, (_, index) => ({ kind: 'added', object: `table t${index}` }) as const)
  expect(describeDifferences(many.slice(0, 1))).toBe('+ table t0')
  expect(describeDifferences(many)).toMatch(/^\+ table t0, .*\+ table t9 and 2 more$/)
  expect(
    describeDifferences([
      { kind: 'removed', object: 'a' },
      { kind: 'changed', object: 'b' },
    ]),
  ).toBe('- a, ~ b')
})

describe('hasObject', () => {
  type Wanted = Parameters<typeof hasObject>[1]
  const check = (objects: readonly string[], wanted: Wanted, expected: boolean) =>
    expect(hasObject(Object.fromEntries(objects.map((object) => [object, 'digest'])), wanted)).toBe(expected)

  test('finds a name in its schema, and in no other', () => {
    check(['table public.users'], { schema: 'public', name: 'users' }, true)
    check(['table audit.users'], { schema: 'public', name: 'users' }, false)
    check(['table public.users'], { schema: 'public', name: 'user' }, false)
    check([], { schema: 'public', name: 'users' }, false)
  })

  test('finds a name without a schema in any', () => {
    check(['table audit.users'], { name: 'users' }, true)
    check(['table audit.old_users'], { name: 'users' }, false)
  })

  test('finds every kind, also those of two words', () => {
    for (const kind of [
      'table',
      'index',
      'sequence',
      'materialized view',
      'foreign table',
      'composite type',
      'range type',
      'enum',
    ])
      check([`${kind} public.x`], { schema: 'public', name: 'x' }, true)
  })

  test('finds a part of a relation', () => {
    check(['column public.users.email'], { schema: 'public', name: 'users', part: 'email' }, true)
    check(['trigger public.users.touch'], { name: 'users', part: 'touch' }, true)
    check(['column public.users.email'], { name: 'accounts', part: 'email' }, false)
    check(['table public.users'], { name: 'users', part: 'email' }, false)
  })

  test('finds a function by its name, whatever its arguments', () => {
    check(['function public.touch(a integer, b public.kind)'], { schema: 'public', name: 'touch' }, true)
    check(['function public.touch()'], { name: 'touch' }, true)
    check(['function public.touch(users text)'], { name: 'users' }, false)
  })

  test('finds names that PostgreSQL quotes', () => {
    check(['table public."Users"'], { schema: 'public', name: 'Users' }, true)
    check(['table public."Users"'], { schema: 'public', name: 'users' }, false)
    check(['table "My Schema"."say ""hi"""'], { schema: 'My Schema', name: 'say "hi"' }, true)
    check(['column public."Users"."eMail"'], { name: 'Users', part: 'eMail' }, true)
    check(['table public."größe"'], { name: 'größe' }, true)
    check(['table public."a.b"'], { name: 'b' }, false)
  })

  test('finds reserved words, which PostgreSQL quotes as well', () => {
    check(['table public."user"'], { schema: 'public', name: 'user' }, true)
    check(['table public."order"'], { name: 'order' }, true)
    check(['column public.events."timestamp"'], { name: 'events', part: 'timestamp' }, true)
    check(['table public."a$b"'], { name: 'a$b' }, true)
  })

  test('finds a quoted name with a parenthesis in it', () => {
    check(['table public."odd(name)"'], { schema: 'public', name: 'odd(name)' }, true)
  })

  test('does not take a column or a trigger for a relation, type or function of that name', () => {
    check(['table public.events', 'column public.events.status'], { name: 'status' }, false)
    check(['trigger public.events.touch'], { name: 'touch' }, false)
    check(['table s.t'], { name: 's', part: 't' }, false)
  })
})
