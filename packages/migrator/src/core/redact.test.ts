import { describe, expect, test } from 'vitest'
import { REDACTED, redact, redactText } from './redact.ts'

describe('values under secret keys', () => {
  const check = (input: unknown, expected: unknown) => expect(redact(input)).toEqual(expected)

  test.each(['password', 'secret', 'token', 'key', 'connectionString', 'DATABASE_URL'])(
    '%s is hidden in any case',
    (key) => {
      for (const name of [key, key.toUpperCase(), key.toLowerCase()]) check({ [name]: 'hunter2' }, { [name]: REDACTED })
    },
  )

  test.each([
    'dbPassword',
    'PGPASSWORD',
    'client_secret',
    'accessToken',
    'apiKey',
    'AWS_SECRET_ACCESS_KEY',
    'databaseUrl',
  ])('so is the longer name %s', (key) => check({ [key]: 'hunter2' }, { [key]: REDACTED }))

  test.each(['api-key', 'connection-string', 'database-url', 'private-key'])('so is %s, as a flag writes it', (key) =>
    check({ [key]: 'hunter2' }, { [key]: REDACTED }),
  )

  test('are hidden at any depth, in objects and in arrays', () => {
    check(
      { a: [{ b: { password: 'x', c: 1 } }, [{ TOKEN: 'y' }]], d: { e: { f: { g: { key: 'z' } } } } },
      { a: [{ b: { password: REDACTED, c: 1 } }, [{ TOKEN: REDACTED }]], d: { e: { f: { g: { key: REDACTED } } } } },
    )
  })

  test('are hidden whole, whatever they are', () => {
    check(
      { secret: { a: 'x' }, token: ['x'], key: 7, password: null },
      {
        secret: REDACTED,
        token: REDACTED,
        key: REDACTED,
        password: REDACTED,
      },
    )
  })
})

describe('secrets in texts', () => {
  const check = (input: string, expected: string) => {
    expect(redactText(input)).toBe(expected)
    expect(redact({ a: [input] })).toEqual({ a: [expected] })
    expect(redactText(expected)).toBe(expected)
  }

  test('the password of any URL is hidden, and the rest of it stays', () => {
    check('postgresql://app:hunter2@db:5432/shop', `postgresql://app:${REDACTED}@db:5432/shop`)
    check('redis://:hunter2@cache/0', `redis://:${REDACTED}@cache/0`)
    check('(POSTGRES://a:b@c/d)', `(POSTGRES://a:${REDACTED}@c/d)`)
    check('https://user:hunter2@example.org/x?y=1', `https://user:${REDACTED}@example.org/x?y=1`)
  })

  test('each of several URLs is', () => {
    check(
      'from postgres://u:p@h/d to postgres://v:q@i/e',
      `from postgres://u:${REDACTED}@h/d to postgres://v:${REDACTED}@i/e`,
    )
  })

  test('a value assigned to a secret word is hidden', () => {
    check('host=db password=hunter2 user=app', `host=db password=${REDACTED} user=app`)
    check("password='two words' user=app", `password=${REDACTED} user=app`)
    check('Token: hunter2', `Token: ${REDACTED}`)
    check('postgres://h/d?user=a&password=hunter2&x=1', `postgres://h/d?user=a&password=${REDACTED}&x=1`)
  })

  test.each([
    'postgresql://app:hun@ter2@db/shop',
    'postgresql://app:hun:ter2@db/shop',
    'postgresql://app:hunter2,@db/shop',
    'postgresql://app:/hunter2@db/shop',
    "postgresql://app:it'shunter2@db/shop",
    'postgresql://app@server:hunter2@db/shop',
    'postgres://h/d?sslpassword=hunter2',
    'PGPASSWORD=hunter2 psql',
    'DB_PASSWORD=hunter2',
    'access_token=hunter2',
    '{"password":"hunter2"}',
    '{ "dbPassword": "hunter2" }',
    "ALTER ROLE app PASSWORD 'hunter2'",
    "CREATE ROLE app LOGIN ENCRYPTED PASSWORD 'hunter2'",
    "ALTER ROLE app PASSWORD 'it''s hunter2'",
  ])('nothing is left of the secret in %s', (text) => {
    expect(redactText(text)).not.toContain('hunter2')
  })
})

describe('what is harmless', () => {
  const check = (value: unknown) => expect(redact(value)).toEqual(value)

  test.each([
    'postgresql://db:5432/shop',
    'postgresql://app@db:5432/shop',
    'http://localhost:8080/path?x=1 and a@b.example',
    'see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-COMMENTS',
    'password authentication failed for user "app"',
    'column "password" of relation "users" does not exist',
    'ALTER TABLE users ADD COLUMN password text, ADD COLUMN password_hash text NOT NULL',
    '0001_init.ts:12:30: syntax error at or near "@"',
    'at 12:30:45 a@b:c@d',
    'duplicate key value violates unique constraint "users_email_key"',
  ])('stays: %s', (text) => check({ text }))

  test('stays: keys that only sound like secrets', () => {
    check({ primaryKey: 'id', lockKey: 1, keys: ['a'], foreign_key: 'x', keyboard: 'y', user: 'app', host: 'db' })
  })

  test('stays: numbers, booleans, null, undefined, empty lists', () => {
    check({ a: 0, b: false, c: null, d: undefined, e: [], f: {}, g: '', h: 1.5 })
  })

  test('stays: a date', () => {
    const at = new Date('2026-01-01T00:00:00.000Z')
    expect(JSON.stringify(redact({ at }))).toBe(JSON.stringify({ at }))
  })

  test('stays: the input itself, which is copied', () => {
    const input = { a: { password: 'x' }, b: ['postgres://u:p@h/d'] }
    const before = structuredClone(input)
    redact(input)
    expect(input).toEqual(before)
  })
})
