import { describe, expect, test } from 'vitest'
import { growthOf, LINEAR } from '../../test/support/growth.ts'
import { randomSource } from '../../test/support/random.ts'
import { REDACTED, redact, redactPart, redactText, redactTexts } from './redact.ts'

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
    'ALTER ROLE app PASSWORD $$hunter2$$',
    'ALTER ROLE app PASSWORD $tag$a$$hunter2$tag$',
    "ALTER ROLE app PASSWORD U&'\\0061hunter2'",
    "ALTER ROLE app PASSWORD E'a\\'hunter2'",
    "DO $$ BEGIN EXECUTE 'ALTER ROLE app PASSWORD ''hunter2'''; END $$",
    "EXECUTE 'ALTER ROLE app PASSWORD ' || quote_literal('hunter2')",
    "EXECUTE E'ALTER ROLE app PASSWORD \\'hunter2\\''",
    "ALTER USER app PASSWORD 'a''hunter2'",
    "ALTER USER app PASSWORD\n  /* new */ 'hunter2' VALID UNTIL 'infinity'",
    "ALTER ROLE a PASSWORD 'a\\'; ALTER ROLE b PASSWORD 'hunter2'",
    "CREATE ROLE app PASSWORD 'hunter2 without an end",
    "CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'app', password 'hunter2')",
    `CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS ("sslpassword" 'hunter2')`,
    "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (aws_secret_access_key 'hunter2')",
    "CREATE SUBSCRIPTION s CONNECTION 'host=db user=a password=hunter2' PUBLICATION p",
    "CREATE SUBSCRIPTION s CONNECTION 'password=''a hunter2'' host=db' PUBLICATION p",
    'CREATE SUBSCRIPTION s CONNECTION $$password=hunter2 host=db$$ PUBLICATION p',
    "SELECT dblink_connect('c', 'dbname=d password=a,hunter2 host=db')",
    "SELECT dblink_connect('dbname=d password=it''hunter2')",
    "SELECT set_config('app.jwt_secret', 'hunter2', false)",
    "SET app.api_key TO 'hunter2'",
    "SET app.api_key = 'hunter2'",
    "INSERT INTO settings VALUES ('api_key', 'hunter2')",
    'DETAIL: Key (access_token)=(hunter2) already exists.',
    'aws_secret_access_key = hunter2',
    'AWS_SECRET_ACCESS_KEY=hunter2',
    'export AWS_SESSION_TOKEN="a hunter2"',
    'passphrase: hunter2',
    '{"passphrase": "a \\" hunter2"}',
    '{\\"client_secret\\":\\"a hunter2\\"}',
    '{"credentials": {"user": "a", "value": "hunter2"}, "x": 1}',
    '{"tokens_secret": ["a", "hunter2"]}',
    "const options = { password: 'it\\'hunter2' }",
    'Authorization: Bearer hunter2',
    'Authorization: Digest username="a", response="hunter2"',
    'authorization=Basic aHVudGVyMg hunter2',
    'curl -H "authorization: bearer hunter2"',
    'sent Bearer hunter2.abc-def to it',
    'Cookie: a=b; session=hunter2',
    'db --password hunter2 --port 1',
    'db --password=hunter2',
    'Server=db;Password=a;hunter2;Database=d',
    'password=a&hunter2',
    'postgresql://app:77/hunter2@db/shop',
    'postgresql://app:top@hunter2/word@db/shop',
    'postgresql://app:my hunter2@db/shop',
    'https://hunter2@example.org/repository',
    'postgres://h/d?user=a&password=a%20hunter2',
    '-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\nhunter2',
    'see ghp_hunter2hunter2hunter2 and eyJhunter2hunter2hunter2.eyJhunter2.hunter2',
  ])('nothing is left of the secret in %s', (text) => {
    expect(redactText(text)).not.toContain('hunter2')
    expect(redactText(redactText(text))).toBe(redactText(text))
  })

  test('what stands around a secret stays', () => {
    check("ALTER ROLE app PASSWORD $$a$$ VALID UNTIL '2030'", `ALTER ROLE app PASSWORD ${REDACTED} VALID UNTIL '2030'`)
    check("OPTIONS (password 'a', user 'b')", `OPTIONS (password ${REDACTED}, user 'b')`)
    check('Authorization: Bearer abc\nHost: db', `Authorization: ${REDACTED}\nHost: db`)
    check('password=a; host=db', `password=${REDACTED}; host=db`)
  })

  test('a part of a text is hidden where its secret began in front of it', () => {
    const text = "ALTER ROLE app PASSWORD\n'a\nhunter2\nb' VALID UNTIL 'x'"
    const lines = text.split('\n')
    const shown = lines.map((line, at) => {
      const from = lines.slice(0, at).join('\n').length + (at > 0 ? 1 : 0)
      return redactPart(text, from, from + line.length)
    })
    expect(shown).toEqual(['ALTER ROLE app PASSWORD', REDACTED, REDACTED, `${REDACTED} VALID UNTIL 'x'`])
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
    'duplicate key value violates unique constraint "users_password_key", and more',
    'CREATE TABLE sessions (id int, token text NOT NULL, secret_key bytea)',
    'SELECT password::text, token FROM users WHERE basic AND bearer IS NULL',
    'Basic authentication and a bearer token are two ways',
    'ALTER ROLE app PASSWORD NULL',
    '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----',
    'the primary key: id, the foreign_key: user_id, keys = 3',
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

  test('stays: a document, whose keys are names of others', () => {
    const document = { locks: { 'auth.password_resets': 'AccessExclusiveLock' }, key: 1 }
    expect(redactTexts(document)).toEqual(document)
  })

  test('errors and addresses in it are texts, and a circle ends', () => {
    const circle: Record<string, unknown> = { error: new Error('password=hunter2'), url: new URL('postgres://a:b@c/d') }
    circle.self = circle
    expect(redact(circle)).toEqual({
      error: `Error: password=${REDACTED}`,
      url: `postgres://a:${REDACTED}@c/d`,
      self: '[Circular]',
    })
  })

  test('stays: the input itself, which is copied', () => {
    const input = { a: { password: 'x' }, b: ['postgres://u:p@h/d'] }
    const before = structuredClone(input)
    redact(input)
    expect(input).toEqual(before)
  })
})

test('however it is wrapped and whatever stands around it, a secret does not get out', () => {
  const { below, pick } = randomSource(3)
  const names = [
    'password',
    'PGPASSWORD',
    'aws_secret_access_key',
    'apiKey',
    'client-secret',
    'passphrase',
    'token',
  ] as const
  const noise = [
    ...['SELECT 1; ', '-- it is\n', '/* a */ ', '"', "'", '$', '$$', '$a$', '(', ')', '{', '[', ' ', '\n', '\\'],
    ...['://', 'a:', '@', '=', ',', 'é😀', '-----BEGIN ', 'E', 'U&', 'Bearer '],
  ]
  const wrapped: readonly ((secret: string, name: string) => string)[] = [
    (secret) => ` ALTER ROLE a PASSWORD '${secret}' `,
    (secret) => ` ALTER ROLE a PASSWORD E'${secret}' `,
    (secret, name) => ` OPTIONS (${name} $t$${secret}$t$) `,
    (secret, name) => ` ${name}=${secret} `,
    (secret, name) => ` "${name}": "${secret}" `,
    (secret) => ` postgres://app:${secret}@db/shop `,
    (secret) => ` Authorization: Bearer ${secret}\n`,
  ]
  for (let round = 0; round < 3_000; round++) {
    const around = () => Array.from({ length: below(6) }, () => noise[below(noise.length)]).join('')
    const wrap = wrapped[below(wrapped.length)] ?? String
    const text = `${around()}\n${wrap(`hunter2${below(10)}x`, pick(names))}${around()}`
    expect(redactText(text), text).not.toContain('hunter2')
  }
})

const PARTS = [
  ...['a', ' ', '\n', "'", '"', '$', '$$', '\\', '(', '{', '[', ')', '://', '@', 'a://b:', 'http://', '-----BEGIN '],
  ...[
    '-----BEGIN PRIVATE KEY',
    'password',
    'password ',
    'password=',
    'password:',
    "password '",
    'password /* ',
    'token,',
  ],
  ...[
    '"token",',
    'password=a,',
    'password=a&',
    "password=''a",
    'password={',
    'Bearer ',
    'bearer a',
    'basic ',
    '--token ',
  ],
  ...['authorization:', 'eyJ', 'ghp_aaaaaaaaaaaaaaaaaaaaaaaa ', "password=E'", 'password=\\"', 'PASSWORD $a$', 'to '],
]

test.each(PARTS)('eight times as much of %j takes eight times as long', (part) => {
  for (const [before, after] of [
    ['', ''],
    ['password=', "'"],
    ['postgres://a:b', '@'],
  ] as const) {
    const read = (size: number) => void redactText(before + part.repeat(Math.ceil(size / part.length)) + after)
    expect(growthOf(read, 8_000)).toBeLessThan(LINEAR)
  }
})
