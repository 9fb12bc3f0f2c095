import { describe, expect, test } from 'vitest'
import { type CatalogSnapshot, canonicalText, portable } from './catalog.ts'

describe('portable', () => {
  const check = (snapshot: CatalogSnapshot, expected: CatalogSnapshot) => expect(portable(snapshot)).toEqual(expected)

  test('leaves out the role that owns most, by whatever name', () => {
    const owned = (main: string): CatalogSnapshot => ({
      'table public.a': { owner: main, comment: 'c' },
      'table public.b': { owner: main },
      'table public.c': { owner: 'auditor' },
    })
    check(owned('app'), {
      'table public.a': { comment: 'c' },
      'table public.b': {},
      'table public.c': { owner: 'auditor' },
    })
    expect(portable(owned('postgres'))).toEqual(portable(owned('app')))
  })

  test('calls that role the owner in default privileges', () => {
    check(
      {
        'table public.a': { owner: 'app' },
        'default privileges public.tables': { 'of app to reader': 'SELECT', 'of application to reader': 'SELECT' },
      },
      {
        'table public.a': {},
        'default privileges public.tables': { 'of owner to reader': 'SELECT', 'of application to reader': 'SELECT' },
      },
    )
  })

  test('leaves out what PostgreSQL or the operator decided of the schema public, and nothing that was granted', () => {
    check(
      {
        'schema public': {
          owner: 'rds',
          comment: 'x',
          'grants to PUBLIC': 'CREATE, USAGE',
          'grants to reader': 'USAGE',
        },
        'schema shop': { comment: 'x', 'grants to PUBLIC': 'USAGE' },
      },
      {
        'schema public': { 'grants to reader': 'USAGE' },
        'schema shop': { comment: 'x', 'grants to PUBLIC': 'USAGE' },
      },
    )
  })

  test("leaves out an extension's version, which goes with the server", () => {
    check(
      { 'extension citext': { version: '1.6', comment: 'x', schema: 'ext' } },
      { 'extension citext': { schema: 'ext' } },
    )
  })
})

test('canonicalText is the same in whatever order properties were read, and another for other properties', () => {
  expect(canonicalText({ a: '1', b: '2' })).toBe(canonicalText({ b: '2', a: '1' }))
  expect(canonicalText({ a: '1", "b": "2' })).not.toBe(canonicalText({ a: '1', b: '2' }))
  expect(canonicalText({ ab: 'c' })).not.toBe(canonicalText({ a: 'bc' }))
})
