import { describe, expect, test } from 'vitest'
import { hasObject, isNamedIn, ownerOf } from './catalog-identity.ts'

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
      'base type',
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

test('hasObject takes procedures and aggregates for functions, which DROP ROUTINE drops alike', () => {
  for (const kind of ['function', 'procedure', 'aggregate'])
    expect(hasObject({ [`${kind} public.f(integer)`]: '' }, { kind: 'function', name: 'f' })).toBe(true)
})

test('hasObject finds what stands in no schema', () => {
  expect(hasObject({ 'event trigger watch': '' }, { name: 'watch' })).toBe(true)
  expect(hasObject({ 'publication feed': '' }, { schema: 'public', name: 'feed' })).toBe(true)
  expect(hasObject({ 'foreign data wrapper files': '' }, { name: 'wrapper' })).toBe(false)
})

describe('isNamedIn', () => {
  const check = (object: string, text: string, expected: boolean) => expect(isNamedIn(object, text)).toBe(expected)

  test('finds the object, or the table that it is a part of, as a whole word', () => {
    check('table public.users', 'DROP TABLE Users', true)
    check('column public.users.email', 'DROP TABLE users', true)
    check('table public.users', 'DROP TABLE users_old', false)
    check('publication feed', 'DROP PUBLICATION feed', true)
    check('event trigger watch', 'CREATE TRIGGER public', false)
  })
})

describe('ownerOf', () => {
  const check = (object: string, expected: string | undefined) => expect(ownerOf(object)).toBe(expected)

  test('names the relation of a part', () => {
    check('column public.users.email', 'public.users')
    check('column order public.users', 'public.users')
    check('policy "My Schema"."a.b"."own ""it"""', '"My Schema"."a.b"')
  })

  test('is undefined for what is no part', () => {
    check('table public.users', undefined)
    check('index public.users_email', undefined)
    check('schema public', undefined)
  })
})
