import { describe, expect, test } from 'vitest'
import type { DatabaseLocation } from '../ports.ts'
import { parseConnectionString } from './connection-string.ts'

function check(url: string, expected: Partial<DatabaseLocation>): void {
  expect(parseConnectionString(url)).toMatchObject(expected)
}

describe('a connection URL', () => {
  test('names host, port, database and user', () => {
    expect(parseConnectionString('postgresql://app:hunter2@db.example.com:6432/shop')).toEqual({
      host: 'db.example.com',
      port: 6432,
      database: 'shop',
      user: 'app',
      local: false,
    })
  })

  test('may leave out what has a default', () => {
    check('postgres://localhost/shop', { host: 'localhost', port: 5432, user: '' })
    check('postgresql:///shop', { host: 'localhost', port: 5432, database: 'shop' })
    check('  postgres://h/shop\n', { host: 'h', database: 'shop' })
  })

  test('is percent-decoded', () => {
    check('postgres://me%40corp:p%40ss@h/my%20shop%2F1', { user: 'me@corp', database: 'my shop/1' })
    check('postgres://h/gr%C3%B6%C3%9Fe', { database: 'größe' })
  })

  test('may carry host, port and user as parameters, as for a socket', () => {
    check('postgresql:///shop?host=/var/run/postgresql&port=5433&user=app', {
      host: '/var/run/postgresql',
      port: 5433,
      user: 'app',
      local: true,
    })
    check('postgresql://%2Fvar%2Frun%2Fpostgresql/shop', { host: '/var/run/postgresql', local: true })
  })
})

describe('a database is local', () => {
  const local = (host: string) => parseConnectionString(`postgres://app@${host}/shop`).local

  test.each(['localhost', '127.0.0.1', '127.1.2.3', '[::1]', 'localhost:6432', '[::1]:6432'])('on %s', (host) => {
    expect(local(host)).toBe(true)
  })

  test.each([
    'db',
    '10.0.0.1',
    '192.168.0.1',
    '0.0.0.0',
    'localhost.example.com',
    '127.example.com',
    '127.0.0.1.nip.io',
  ])('but not on %s', (host) => {
    expect(local(host)).toBe(false)
  })
})

describe('what is no connection URL is refused, without repeating the password:', () => {
  test.each([
    ['an empty text', '', 'empty'],
    ['spaces', ' \n', 'empty'],
    ['another scheme', 'mysql://app:hunter2@h/shop', 'postgresql://'],
    ['no scheme', 'app:hunter2@h/shop', 'postgresql://'],
    ['the words of libpq', 'host=h password=hunter2', 'postgresql://'],
    ['no database', 'postgres://app:hunter2@h', 'database'],
    ['no database after the slash', 'postgres://app:hunter2@h:5432/', 'database'],
    ['several hosts', 'postgres://app:hunter2@127.0.0.1,db.example.com/shop', 'several hosts'],
    ['a port out of range', 'postgres://app:hunter2@h:99999/shop', 'URL'],
    ['a port that is no number', 'postgres://app:hunter2@h:port/shop', 'URL'],
    ['a port parameter that is no number', 'postgres:///shop?port=abc', ''],
    ['a hash in the password', 'postgres://app:hunter2#@h/shop', ''],
    ['a lone percent in the user', 'postgres://100%:hunter2@h/shop', '%'],
    ['a lone percent in the password', 'postgres://app:hunter2%@h/shop', '%'],
    ['a lone percent in the database', 'postgres://app:hunter2@h/100%', '%'],
  ])('%s', (_, url, word) => {
    let error: unknown
    try {
      parseConnectionString(url)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'DATABASE_URL_INVALID', exitCode: 2, message: expect.stringContaining(word) })
    expect((error as Error).message).not.toContain('hunter2')
  })
})
