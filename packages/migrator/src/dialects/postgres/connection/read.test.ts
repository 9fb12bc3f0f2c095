import { describe, expect, test } from 'vitest'
import type { DatabaseLocation } from '../../../ports/location.ts'
import type { Connection } from './connection.ts'
import { locationOf } from './location.ts'
import { readConnection } from './read.ts'
import { replaceDatabase } from './split.ts'

function check(url: string, expected: Partial<DatabaseLocation>): void {
  expect(locationOf(readConnection(url))).toMatchObject(expected)
}

/** `host>address:port` of every server. */
function places(url: string): readonly string[] {
  return readConnection(url).targets.map(({ host, address, port }) =>
    host === address ? `${host}:${port}` : `${host}>${address}:${port}`,
  )
}

test.each([
  ['db', true],
  ['postgres:5433', true],
  ['host.docker.internal', true],
  ['pg.localhost', true],
  ['db,postgres', true],
  ['db,db.example.com', false],
  ['db.example.com', false],
  ['proddb', false],
  ['localhost', false],
])('%s is a name of a container: %s', (place, container) => {
  check(`postgres://${place}/shop`, { container })
})

describe('a connection URL', () => {
  test('names host, port, database and user', () => {
    expect(locationOf(readConnection('postgresql://app:hunter2@db.example.com:6432/shop'))).toEqual({
      host: 'db.example.com',
      port: 6432,
      database: 'shop',
      user: 'app',
      local: false,
      container: false,
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
    expect(readConnection('postgres://u:p%40%2F%23%3F+%25@h/d').password).toBe('p@/#?+%')
    expect(readConnection('postgres://me@server:p@ss@h/d')).toMatchObject({ user: 'me@server', password: 'p@ss' })
  })
})

test.each([
  ['postgresql:///shop?host=/var/run/postgresql&port=5433', ['/var/run/postgresql:5433']],
  ['postgresql://%2Fvar%2Frun%2Fpostgresql/shop', ['/var/run/postgresql:5432']],
  ['postgresql://u:p@localhost:56118/db?host=/socket', ['/socket:56118']],
  ['postgresql://localhost/db?host=db.example.com', ['db.example.com:5432']],
  ['postgresql://h:1/db?port=2', ['h:2']],
  ['postgresql://h/db?hostaddr=10.0.0.1', ['h>10.0.0.1:5432']],
  ['postgresql:///db?hostaddr=10.0.0.1', ['10.0.0.1:5432']],
  ['postgresql://a:1,b,c:3/db', ['a:1', 'b:5432', 'c:3']],
  ['postgresql://[::1]:1,[::2]/db', ['::1:1', '::2:5432']],
  ['postgresql://h/db?host=a,b&port=7', ['a:7', 'b:7']],
  ['postgresql:///db?host=a,b&port=7,8', ['a:7', 'b:8']],
  ['postgresql://a,b/db?hostaddr=10.0.0.1,10.0.0.2', ['a>10.0.0.1:5432', 'b>10.0.0.2:5432']],
])('%s leads where libpq goes', (url, expected) => {
  expect(places(url)).toEqual(expected)
})

describe('a database is local', () => {
  const local = (host: string) => locationOf(readConnection(`postgres://app@${host}`)).local

  test.each([
    'localhost/d',
    '127.0.0.1/d',
    '127.1.2.3/d',
    '[::1]/d',
    'localhost:6432/d',
    'localhost:1,[::1]:6432/d',
    'db.example.com/d?host=/socket',
    'db.example.com/d?hostaddr=127.0.0.1',
  ])('at %s', (host) => {
    expect(local(host)).toBe(true)
  })

  test.each([
    'db/d',
    '10.0.0.1/d',
    '192.168.0.1/d',
    '0.0.0.0/d',
    'localhost.example.com/d',
    '127.example.com/d',
    '127.0.0.1.nip.io/d',
    'localhost/d?host=db.example.com',
    'localhost/d?hostaddr=10.0.0.1',
    'localhost,db.example.com/d',
    'localhost/d?host=/socket,db.example.com',
  ])('but not at %s', (host) => {
    expect(local(host)).toBe(false)
  })
})

describe('the usual URLs of hosts and tools', () => {
  test.each<readonly [string, string, Partial<Connection>, readonly RegExp[]]>([
    [
      'Neon',
      'postgresql://neondb_owner:npg_x@ep-cool-1-pooler.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require',
      { user: 'neondb_owner', database: 'neondb', startup: {} },
      [/channel_binding/],
    ],
    [
      'Neon without SNI',
      'postgres://u:p@ep-x.neon.tech/neondb?sslmode=require&options=endpoint%3Dep-x',
      { startup: { options: 'endpoint=ep-x' } },
      [],
    ],
    ['Supabase, direct', 'postgresql://postgres:p@db.abcdef.supabase.co:5432/postgres', { user: 'postgres' }, []],
    [
      'Supabase, session pooler',
      'postgres://postgres.abcdef:p@aws-0-eu-west-1.pooler.supabase.com:5432/postgres?supa=base-pooler.x',
      { user: 'postgres.abcdef' },
      [],
    ],
    [
      'Supabase, transaction pooler',
      'postgres://postgres.abcdef:p@aws-0-eu-west-1.pooler.supabase.com:6543/postgres?pgbouncer=true&connection_limit=1',
      { user: 'postgres.abcdef', startup: {} },
      [/connection_limit/],
    ],
    [
      'RDS',
      'postgresql://app:p@shop.abc123.eu-west-1.rds.amazonaws.com:5432/shop?sslmode=verify-full&sslrootcert=/etc/ssl/rds.pem',
      { tls: expect.objectContaining({ mode: 'verify-full', rootCertificate: '/etc/ssl/rds.pem' }) },
      [],
    ],
    [
      'Cloud SQL',
      'postgresql://app:p@localhost/shop?host=/cloudsql/project:region:instance',
      {
        targets: [
          { host: '/cloudsql/project:region:instance', address: '/cloudsql/project:region:instance', port: 5432 },
        ],
      },
      [],
    ],
    [
      'Prisma',
      'postgresql://app:p@localhost:5432/shop?schema=public&connection_limit=5&pool_timeout=2&socket_timeout=3',
      { startup: {} },
      [/connection_limit/, /pool_timeout/, /socket_timeout/],
    ],
    [
      'Prisma with a schema',
      'postgresql://app:p@localhost:5432/shop?schema=my%22App',
      { startup: { search_path: '"my""App"' } },
      [],
    ],
    ['Heroku', 'postgres://u4:p4@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d5', { user: 'u4', database: 'd5' }, []],
    ['Render', 'postgresql://app:p@dpg-abc-a.frankfurt-postgres.render.com/shop', { database: 'shop' }, []],
    ['Railway', 'postgresql://postgres:p@containers-us-west-1.railway.app:6543/railway', { database: 'railway' }, []],
    ['Azure', 'postgres://me@server:p@server.postgres.database.azure.com/d?sslmode=require', { user: 'me@server' }, []],
    [
      'Vercel',
      'postgres://default:p@h/verceldb?sslmode=require&pgbouncer=true&connect_timeout=15',
      { connectTimeoutMs: 15_000 },
      [],
    ],
    [
      'a search path',
      'postgres://h/d?options=-c+search_path%3Dapp&search_path=x,y',
      { startup: { options: '-c search_path=app', search_path: 'x,y' } },
      [],
    ],
    [
      'several servers',
      'postgres://a,b/d?target_session_attrs=read-write&load_balance_hosts=disable',
      { session: 'read-write' },
      [],
    ],
    ['a label', 'postgres://h/d?application_name=deploy', { applicationName: 'deploy' }, []],
    [
      'everything in the query',
      'postgres://?host=h&dbname=d&user=u&password=p%26q',
      { database: 'd', user: 'u', password: 'p&q' },
      [],
    ],
    ['no limit of time', 'postgres://h/d?connect_timeout=0', { connectTimeoutMs: undefined }, []],
  ])('%s', (_, url, expected, notices) => {
    const connection = readConnection(url)
    expect(connection).toMatchObject(expected)
    expect(connection.notices).toHaveLength(notices.length)
    for (const [index, notice] of notices.entries()) expect(connection.notices[index]).toMatch(notice)
  })
})

describe('sslmode is as libpq has it:', () => {
  test.each([
    ['', 'prefer'],
    ['sslmode=disable', 'disable'],
    ['sslmode=require', 'require'],
    ['sslmode=require&sslrootcert=/ca.pem', 'verify-ca'],
    ['sslmode=prefer&sslrootcert=/ca.pem', 'prefer'],
    ['sslrootcert=system', 'verify-full'],
    ['ssl=true', 'require'],
    ['sslmode=require&sslaccept=strict', 'verify-full'],
    ['sslmode=no-verify&sslrootcert=/ca.pem', 'require'],
  ])('"%s" is %s', (query, mode) => {
    expect(readConnection(`postgres://h/d?${query}`).tls.mode).toBe(mode)
  })
})

describe('the words of libpq', () => {
  test.each<readonly [string, Partial<Connection>]>([
    [
      'host=db.test port=6432 dbname=shop user=app password=hunter2 sslmode=require',
      {
        targets: [{ host: 'db.test', address: 'db.test', port: 6432 }],
        database: 'shop',
        user: 'app',
        password: 'hunter2',
        tls: expect.objectContaining({ mode: 'require' }),
      },
    ],
    ['  dbname = shop\n\tuser= app ', { database: 'shop', user: 'app' }],
    [
      "dbname='my shop' password='it\\'s \\\\ = 1'user=app",
      { database: 'my shop', password: "it's \\ = 1", user: 'app' },
    ],
    ["dbname=a\\ b password=it's=1", { database: 'a b', password: "it's=1" }],
    ["dbname=shop password='' user=", { password: '', user: '' }],
    ['dbname=one dbname=two', { database: 'two' }],
    ['dbname=shop', { targets: [{ host: 'localhost', address: 'localhost', port: 5432 }] }],
    ["dbname=shop options='-c work_mem=8MB+1'", { startup: { options: '-c work_mem=8MB+1' } }],
    ['dbname=a%20b', { database: 'a%20b' }],
  ])('%s', (text, expected) => {
    expect(readConnection(text)).toMatchObject(expected)
  })

  test('lead to the servers of libpq', () => {
    expect(places('host=/var/run/postgresql port=5433 dbname=d')).toEqual(['/var/run/postgresql:5433'])
    expect(places('host=a,b port=1,2 dbname=d')).toEqual(['a:1', 'b:2'])
    expect(places('hostaddr=10.0.0.1 host=h dbname=d')).toEqual(['h>10.0.0.1:5432'])
  })

  test('take another database', () => {
    const text = "host=h dbname=old password='a b'"
    const changed = readConnection(replaceDatabase(text, "it's \\ new"))
    expect(changed).toEqual({ ...readConnection(text), database: "it's \\ new" })
  })
})

test('errors and notices call a connection string by the name of the option that gave it', () => {
  expect(() => readConnection('mysql://h/d', '--scratch-url')).toThrow(/^--scratch-url is malformed/)
  expect(readConnection('postgres://h/d?pool_timeout=1', 'databaseUrl').notices[0]).toMatch(/^databaseUrl: /)
})

test('another database is the same server, role and parameters', () => {
  const url = 'postgresql://u:p%40@a:1,b/old?dbname=other&sslmode=require'
  const changed = readConnection(replaceDatabase(url, 'new/1'))
  expect(changed).toEqual({ ...readConnection(url), database: 'new/1' })
})

const REFUSED: readonly (readonly [what: string, url: string, message: string, ...hint: string[]])[] = [
  ['an empty text', '', 'empty'],
  ['spaces', ' \n', 'empty'],
  ['another scheme', 'mysql://app:hunter2@h/shop', 'postgresql://'],
  ['no scheme', 'app:hunter2@h/shop', 'postgresql://'],
  ['no database', 'postgres://app:hunter2@h', 'database'],
  ['no database after the slash', 'postgres://app:hunter2@h:5432/', 'database'],
  ['a port out of range', 'postgres://app:hunter2@h:99999/shop', 'port'],
  ['a port that is no number', 'postgres://app:x@h:hunter2/shop', 'port'],
  ['a port parameter that is no number', 'postgres:///shop?port=hunter2', 'port'],
  ['more ports than hosts', 'postgres://a,b/shop?port=1,2,3', 'ports'],
  ['more addresses than hosts', 'postgres://a/shop?hostaddr=10.0.0.1,10.0.0.2', 'hostaddr'],
  ['a hash in the password', 'postgres://app:hunter2#@h/shop', '"#"', 'percent-encode'],
  ['a slash in the password', 'postgres://app:77/hunter2@h/shop', 'percent-encoded', 'percent-encode'],
  ['an at and a slash', 'postgres://app:hunter2@part/word@h/shop', 'percent-encoded', 'percent-encode'],
  ['a question mark', 'postgres://app:77?hunter2@h/shop', 'percent-encoded', 'percent-encode'],
  ['a question mark and an assignment', 'postgres://app:77?hunter2=3@h/shop', 'percent-encoded', 'percent-encode'],
  ['a space in the password', 'postgres://app:a hunter2@h/shop', 'space', 'percent-encode'],
  ['a lone percent in the user', 'postgres://100%:hunter2@h/shop', '%', 'percent-encode'],
  ['a lone percent in the password', 'postgres://app:hunter2%zz@h/shop', '%', 'percent-encode'],
  ['a lone percent in the database', 'postgres://app:hunter2@h/100%', '%'],
  ['an ampersand in a password parameter', 'postgres://h/shop?password=a&hunter2=1', 'unknown', 'percent-encode'],
  ['a bare ampersand', 'postgres://h/shop?password=a&hunter2', 'no value', 'percent-encode'],
  ['a bracket in the host', 'postgres://app:x@[hunter2/shop', 'host', 'percent-encode'],
  ['an unknown parameter', 'postgres://app:hunter2@h/shop?sslmod=require', '"sslmod"', '"sslmode"'],
  ['a setting of the server', 'postgres://app:hunter2@h/shop?work_mem=1', '"work_mem"', 'options=-c'],
  ['an unknown sslmode', 'postgres://h/shop?sslmode=hunter2', 'sslmode', 'postgresql://'],
  ['unknown attributes', 'postgres://h/shop?target_session_attrs=master', 'read-write, read-only, primary'],
  ['a timeout that is no number', 'postgres://h/shop?connect_timeout=10s', 'connect_timeout'],
  ['a certificate without its key', 'postgres://h/shop?sslcert=/c', 'sslkey', 'sslrootcert'],
  [
    "the system's certificates and less than all",
    'postgres://h/shop?sslrootcert=system&sslmode=require',
    'verify-full',
  ],
  ['direct TLS that need not be', 'postgres://h/shop?sslnegotiation=direct', 'sslmode=require'],
  ['a service', 'postgres://h/shop?service=x', '"service"', 'host, port and database'],
  ['a peer to check', 'postgres://h/shop?requirepeer=x', '"requirepeer"'],
  ['words of which one has no value', 'host=h dbname=d password=a hunter2', 'without "="', 'host=localhost'],
  ['a word that is no parameter', 'host=h dbname=d password=a hunter2=b', 'unknown', 'host=localhost'],
  ['an unclosed quote', "dbname=d password='hunter2", 'unclosed', 'host=localhost'],
  ['words without a database', 'host=h password=hunter2', 'database'],
  ['a word of libpq that is not supported', 'service=x password=hunter2', '"service"', 'host, port and database'],
  ['a URL behind another scheme', 'jdbc:postgresql://h/d?password=hunter2', 'postgresql://'],
  ['encryption by GSSAPI', 'postgres://h/shop?gssencmode=require', 'GSSAPI'],
]

describe('what is no connection URL is refused, without repeating the password:', () => {
  test.each(REFUSED)('%s', (_, url, message, ...[hint = '']) => {
    const error = refusalOf(url)
    expect(error).toMatchObject({
      code: 'DATABASE_URL_INVALID',
      exitCode: 2,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    })
    expect(JSON.stringify([error, (error as Error).message, (error as Error).stack])).not.toContain('hunter2')
    expect((error as Error).cause).toBeUndefined()
  })
})

function refusalOf(url: string): unknown {
  try {
    readConnection(url)
  } catch (error) {
    return error
  }
  return undefined
}

/** Letters that no error has two of in a row, and every character that means something in a URL. */
const LETTERS = 'QZXJqzj9'
const ALPHABET = `${LETTERS}${LETTERS}:/?#[]@!$&'()*+,;=%"<>\\^\`{|}~ -_.ü\t`

/** mulberry32: the same passwords in every run. */
function randomBelow(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}

const PLACES = [
  ['postgresql://h/d?password=', '&sslmode=require'],
  ['postgresql://app:', '@db.test:5432/d'],
  ['host=h dbname=d password=', ' sslmode=require'],
  ["host=h dbname=d password='", "' sslmode=require"],
] as const

test('a password as it was typed is either read whole, or no piece of it leaves', () => {
  const below = randomBelow(20_261_128)
  let read = 0
  for (let round = 0; round < 4_000; round++) {
    const password = Array.from({ length: 4 + below(12) }, () => ALPHABET[below(ALPHABET.length)]).join('')
    const [prefix, suffix] = PLACES[below(PLACES.length)] ?? ['', '']
    let text: string
    try {
      const connection = readConnection(`${prefix}${password}${suffix}`)
      read += 1
      text = JSON.stringify({ ...connection, password: '' })
    } catch (error) {
      const { message, hint, details, stack, cause } = error as Error & { hint: string; details: unknown }
      text = JSON.stringify([message, hint, details, stack, String(cause)])
    }
    for (const piece of piecesOf(password)) expect(text, `piece ${piece} of ${password}`).not.toContain(piece)
  }
  expect(read).toBeGreaterThan(200)
})

/** Pieces of three characters that could not stand in any other text. */
function piecesOf(password: string): readonly string[] {
  const pieces = Array.from({ length: password.length - 2 }, (_, at) => password.slice(at, at + 3))
  return pieces.filter((piece) => [...piece].filter((letter) => LETTERS.includes(letter)).length >= 2)
}
