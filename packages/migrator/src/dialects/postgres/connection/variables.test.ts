import { expect, test } from 'vitest'
import type { Connection } from './connection.ts'
import { readConnection } from './read.ts'
import { serviceIn } from './service-file.ts'
import { namingVariables, urlOfVariables } from './variables.ts'

type Variables = Readonly<Record<string, string>>

function read(env: Variables, service: Variables = {}): Connection {
  return readConnection(urlOfVariables(env, new Map(Object.entries(service)), () => 'me'))
}

test.each<readonly [Variables, object]>([
  [{ PGHOST: 'h' }, { targets: [{ host: 'h', address: 'h', port: 5432 }], database: 'me', user: '' }],
  [
    { PGHOST: 'a,b', PGPORT: '1,2' },
    {
      targets: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
    },
  ],
  [{ PGHOST: 'h', PGHOSTADDR: '10.0.0.1' }, { targets: [{ host: 'h', address: '10.0.0.1', port: 5432 }] }],
  [{ PGHOSTADDR: '10.0.0.1' }, { targets: [{ host: '10.0.0.1', port: 5432 }] }],
  [{ PGHOST: '/var/run/postgresql' }, { targets: [{ host: '/var/run/postgresql', port: 5432 }] }],
  [{ PGDATABASE: 'shop' }, { targets: [{ host: 'localhost', port: 5432 }], database: 'shop' }],
  [
    { PGHOST: 'h', PGUSER: 'app' },
    { database: 'app', user: 'app' },
  ],
  [
    { PGHOST: 'h', PGDATABASE: 'my shop/&=?', PGUSER: 'a@b:c%' },
    { database: 'my shop/&=?', user: 'a@b:c%' },
  ],
  [{ PGHOST: 'h', PGPASSWORD: 'secret' }, { password: '' }],
  [{ PGHOST: 'h', PGPASSFILE: '/p' }, { passFile: '/p' }],
  [
    { PGHOST: 'h', PGSSLMODE: 'verify-full', PGSSLROOTCERT: '/ca' },
    { tls: { mode: 'verify-full', rootCertificate: '/ca' } },
  ],
  [{ PGHOST: 'h', PGSSLCERT: '/c', PGSSLKEY: '/k' }, { tls: { certificate: '/c', key: '/k' } }],
  [{ PGHOST: 'h', PGOPTIONS: '-c a=1+2 -c b=c' }, { startup: { options: '-c a=1+2 -c b=c' } }],
  [{ PGHOST: 'h', PGAPPNAME: 'deploy' }, { applicationName: 'deploy' }],
  [{ PGHOST: 'h', PGCONNECT_TIMEOUT: '3' }, { connectTimeoutMs: 3_000 }],
  [{ PGHOST: 'h', PGTARGETSESSIONATTRS: 'standby' }, { session: 'standby' }],
  [{ PGHOST: 'h', PGCHANNELBINDING: 'require' }, { onlyLibpq: { PGCHANNELBINDING: 'require' } }],
  [
    { PGHOST: 'h', PGPORT: '', PGSSLMODE: '' },
    { targets: [{ host: 'h', port: 5432 }], tls: { mode: 'prefer' } },
  ],
])('%j are read as libpq reads them', (env, expected) => {
  expect(read(env)).toMatchObject(expected)
})

test('a service is stronger than the variables', () => {
  const env = { PGSERVICE: 's', PGHOST: 'h', PGPORT: '1', PGUSER: 'app' }
  const expected = { targets: [{ host: 'of-service', port: 1 }], user: 'app', database: 'shop', password: 'secret' }
  expect(read(env, { host: 'of-service', dbname: 'shop', password: 'secret' })).toMatchObject(expected)
})

test('what cannot be honoured is refused, not left out', () => {
  expect(() => read({ PGHOST: 'h', PGREQUIREAUTH: 'scram-sha-256' })).toThrow('require_auth')
  expect(() => read({ PGHOST: 'h', PGPORT: 'x' })).toThrow('its port')
})

test.each<readonly [Variables, readonly string[]]>([
  [{}, []],
  [{ PGUSER: 'app', PGPORT: '5433', PGPASSWORD: 'x', PGSSLMODE: 'require' }, []],
  [{ PGHOST: '' }, []],
  [{ PGHOST: 'h', PGUSER: 'app' }, ['PGHOST']],
  [{ PGDATABASE: 'd', PGHOSTADDR: '::1', PGSERVICE: 's' }, ['PGSERVICE', 'PGHOSTADDR', 'PGDATABASE']],
])('%j name a database by %j', (env, expected) => {
  expect(namingVariables(env)).toEqual(expected)
})

test.each<readonly [string, Variables | undefined]>([
  ['[prod]\nhost=h\nport=5433\n', { host: 'h', port: '5433' }],
  ['# a comment\r\n[other]\r\nhost=x\r\n\r\n[prod]\r\n  host=h\r\n', { host: 'h' }],
  ['[prod]\nhost=h\n[other]\nhost=x\n[prod]\nhost=y\n', { host: 'h' }],
  ['[prod]\npassword=a=b #c\n', { password: 'a=b #c' }],
  ['[prod]\n', {}],
  ['[production]\nhost=h\n', undefined],
  ['', undefined],
])('the service prod of %j', (text, expected) => {
  const found = serviceIn(text, 'prod')
  expect(found && Object.fromEntries(found)).toEqual(expected)
})
