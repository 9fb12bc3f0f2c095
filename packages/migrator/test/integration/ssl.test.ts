import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { openPool } from '../../src/dialects/postgres/wire/pool.ts'
import { MigratorError } from '../../src/errors.ts'
import { pair } from '../support/cli.ts'
import { scene } from '../support/scene.ts'
import { type TlsServer, tlsServer } from '../support/tls-server.ts'

let server: TlsServer

beforeAll(async () => {
  server = await tlsServer()
})
afterAll(() => server.stop())

/** How a session reaches the server: `SSL` or `plain`; or what its failure says. */
async function reach(url: string): Promise<string> {
  const adapter = new PostgresAdapter({ connectionString: url })
  onTestFinished(() => adapter.close())
  try {
    const session = await adapter.connect({ modules: false })
    const [row] = await session.query('SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    return row?.ssl === 'true' ? 'SSL' : 'plain'
  } catch (error) {
    if (!(error instanceof MigratorError)) throw error
    return `${error.code}: ${error.message} ${error.hint}`
  }
}

const REFUSED_PLAIN = /^CONNECTION_FAILED: .*refused an unencrypted connection.*requires SSL, set sslmode=require/
const UNTRUSTED = /^CONNECTION_FAILED: The certificate of .* is not trusted: it is not signed by .*sslrootcert=/

describe('a database that requires SSL', () => {
  test.each<readonly [string, string, string | RegExp]>([
    ['nothing', '', 'SSL'],
    ['sslmode=allow', 'sslmode=allow', 'SSL'],
    ['sslmode=prefer', 'sslmode=prefer', 'SSL'],
    ['sslmode=require', 'sslmode=require', 'SSL'],
    ['sslmode=disable', 'sslmode=disable', REFUSED_PLAIN],
    ['sslmode=verify-ca', 'sslmode=verify-ca&sslrootcert=CA', 'SSL'],
    ['sslmode=verify-ca without a root', 'sslmode=verify-ca', UNTRUSTED],
    ['require and a root of another', 'sslmode=require&sslrootcert=OTHER', UNTRUSTED],
    ['require and its root', 'sslmode=require&sslrootcert=CA', 'SSL'],
    ['the authorities of the system', 'sslrootcert=system', UNTRUSTED],
    [
      'an address that the certificate is not for',
      'sslmode=verify-full&sslrootcert=CA',
      /it is not for the host "127\.0\.0\.1"/,
    ],
    [
      'the name that it is for, at an address',
      'host=localhost&hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=CA',
      'SSL',
    ],
    ['direct negotiation', 'sslmode=require&sslnegotiation=direct', 'SSL'],
    [
      'no version that both have',
      'sslmode=require&ssl_max_protocol_version=TLSv1.1',
      /^CONNECTION_FAILED: The SSL handshake/,
    ],
    [
      'a root that cannot be read',
      'sslmode=require&sslrootcert=/nowhere.pem',
      /^DATABASE_URL_INVALID: The file that sslrootcert names cannot be read: \/nowhere\.pem/,
    ],
  ])('by %s', async (_, parameters, expected) => {
    const filled = parameters.replace('CA', server.file('ca.pem')).replace('OTHER', server.file('other.pem'))
    expect(await reach(`${server.at('tls')}?${filled}`)).toMatch(expected)
  })

  test('by the host that its certificate is for, verified in full', async () => {
    expect(
      await reach(`${server.at('tls', 'localhost')}?sslmode=verify-full&sslrootcert=${server.file('ca.pem')}`),
    ).toBe('SSL')
  })
})

test.each<readonly [string, string | RegExp]>([
  ['', 'plain'],
  ['sslmode=allow', 'plain'],
  ['sslmode=disable', 'plain'],
  ['sslmode=require', /^AUTHENTICATION_FAILED: .*no pg_hba\.conf entry.*SSL encryption/],
])('a database that refuses SSL, by "%s"', async (parameters, expected) => {
  expect(await reach(`${server.at('plain')}?${parameters}`)).toMatch(expected)
})

test.each<readonly [string, string | RegExp]>([
  ['sslmode=require', /^AUTHENTICATION_FAILED: .*certificate/],
  ['sslmode=require&sslcert=PEM&sslkey=client.key', 'SSL'],
  ['sslmode=require&sslcert=PEM&sslkey=locked.key&sslpassword=open', 'SSL'],
  ['sslmode=require&sslcert=PEM&sslkey=locked.key', /^CONNECTION_FAILED: .*sslkey/],
])('a database that asks for a certificate, by "%s"', async (parameters, expected) => {
  const filled = parameters
    .replace('PEM', server.file('client.pem'))
    .replace(/(?<=sslkey=)\w+\.key/, (name) => server.file(name))
  expect(await reach(`${server.at('cert')}?${filled}`)).toMatch(expected)
})

test.each<readonly [string, string | RegExp]>([
  ['', 'plain'],
  ['sslmode=allow', 'plain'],
  [
    'sslmode=require',
    /^CONNECTION_FAILED: The server .* does not support SSL, and sslmode=require requires it\. .*sslmode=disable/,
  ],
  ['sslmode=verify-full', /does not support SSL/],
])('a server without SSL, by "%s"', async (parameters, expected) => {
  expect(await reach(`${inject('serverUrl')}?${parameters}`)).toMatch(expected)
})

test('a statement is cancelled over SSL as well', async () => {
  const adapter = new PostgresAdapter({ connectionString: `${server.at('tls')}?sslmode=require` })
  onTestFinished(() => adapter.close())
  const session = await adapter.connect({ modules: false })
  const sleeping = session.execute('SELECT pg_sleep(60)').catch((error: unknown) => error)
  await session.cancel()
  expect(await sleeping).toMatchObject({ code: 'STATEMENT_TIMEOUT' })
})

test('a run over SSL leaves what it leaves without', async () => {
  const { project } = await scene(pair('0001_a', 'CREATE TABLE a (id int);', 'DROP TABLE a;'))
  const env = {
    DATABASE_URL: `${server.at('tls', 'localhost')}?sslmode=verify-full&sslrootcert=${server.file('ca.pem')}`,
  }
  expect(await project.run(['migrate'], env)).toMatchObject({ code: 0 })
  expect((await project.run(['status', '--json'], env)).json().migrations).toMatchObject([{ state: 'applied' }])
})

test.each<readonly [string, string | RegExp]>([
  ['', 't'],
  ['sslmode=require', 't'],
  ['sslmode=verify-full&sslrootcert=CA', 't'],
  ['sslmode=require&sslrootcert=OTHER', /self-signed|unable to verify|issuer/i],
])('an application\'s pool reaches a database that requires SSL, by "%s"', async (parameters, expected) => {
  const filled = parameters.replace('CA', server.file('ca.pem')).replace('OTHER', server.file('other.pem'))
  const pool = openPool(`${server.at('tls', 'localhost')}?${filled}`, {
    max: 1,
    applicationName: 'app',
    connectTimeoutSeconds: 5,
  })
  onTestFinished(() => pool.end({ timeout: 0 }))
  const said = pool`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`
  expect(
    await said.then(
      ([row]) => (row?.ssl ? 't' : 'f'),
      (error: Error) => error.message,
    ),
  ).toMatch(expected)
})
