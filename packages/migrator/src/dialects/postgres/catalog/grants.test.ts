import { describe, expect, test } from 'vitest'
import { type Acl, grantsOf } from './grants.ts'

describe('grantsOf', () => {
  const check = (acl: Partial<Acl> & { text: string }, expected: Record<string, string>, major = 18) =>
    expect(grantsOf({ owner: 'app', kind: 'table', ...acl }, major)).toEqual(expected)

  test('says nothing of what owner and everybody have by default', () => {
    check({ text: 'app=arwdDxtm/app' }, {})
    check({ text: 'app=arwdDxt/app' }, {}, 16)
    check({ text: '=X/app\napp=X/app', kind: 'function' }, {})
    check({ text: 'app=U/app\n=U/app', kind: 'enum' }, {})
    check({ text: 'app=UC/app', kind: 'schema' }, {})
    check({ text: '', kind: 'column' }, {})
  })

  test('names what was granted, in order, and what may be passed on', () => {
    check(
      { text: 'app=arwdDxtm/app\nreader=r*wa/app' },
      { 'grants to reader': 'INSERT, SELECT with grant option, UPDATE' },
    )
  })

  test('tells what was revoked from the owner or from everybody', () => {
    check({ text: '' }, { 'grants to owner': 'none' })
    check({ text: 'app=r/app' }, { 'grants to owner': 'SELECT' })
    check({ text: 'app=X/app', kind: 'function' }, { 'grants to PUBLIC': 'none' })
  })

  test('reads ALL on a table alike with and without MAINTAIN, and tells MAINTAIN alone', () => {
    const all = { 'grants to w': 'DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE' }
    check({ text: 'app=arwdDxt/app\nw=arwdDxt/app' }, all, 16)
    check({ text: 'app=arwdDxtm/app\nw=arwdDxtm/app' }, all, 17)
    check({ text: 'app=arwdDxtm/app\nw=m/app' }, { 'grants to w': 'MAINTAIN' }, 17)
  })

  test('tells where MAINTAIN alone was revoked', () => {
    check(
      { text: 'app=arwdDxt/app' },
      { 'grants to owner': 'DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE, not MAINTAIN' },
    )
  })

  test('names who granted it if that is not the owner', () => {
    check({ text: 'app=arwdDxtm/app\nb=r/app\nb=w/a' }, { 'grants to b': 'SELECT; UPDATE by a' })
  })

  test('reads names that PostgreSQL quotes', () => {
    check({ text: 'app=arwdDxtm/app\n"odd ""role"""=r/app' }, { 'grants to odd "role"': 'SELECT' })
    check(
      { text: '"My App"=arwdDxtm/"My App"\n"ролька"=r/"My App"', owner: 'My App' },
      { 'grants to ролька': 'SELECT' },
    )
  })

  test('compares with the given default', () => {
    check({ text: 'app=UC/app\n=U/app', kind: 'schema', publicDefault: 'U' }, {})
    check({ text: 'app=UC/app\n=UC/app', kind: 'schema', publicDefault: 'UC' }, {})
    check({ text: 'app=UC/app\n=UC/app', kind: 'schema', publicDefault: 'U' }, { 'grants to PUBLIC': 'CREATE, USAGE' })
    check({ text: 'app=UC/app', kind: 'schema', publicDefault: 'U' }, { 'grants to PUBLIC': 'none' })
  })
})
