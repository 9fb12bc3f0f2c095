import { expect, test } from 'vitest'
import { childEnvironment, databaseArgument } from './child-environment.ts'

/** The environment without what is the same for all. */
function environmentOf(url: string, inherited: Readonly<Record<string, string>> = {}) {
  const { PGHOST, PGPORT, PGUSER, PGAPPNAME, PGCONNECT_TIMEOUT, LC_ALL, ...rest } = childEnvironment(
    url,
    { host: 'h', port: 5432 },
    inherited,
  )
  expect({ PGHOST, PGPORT, PGUSER, PGAPPNAME, PGCONNECT_TIMEOUT, LC_ALL }).toEqual({
    PGHOST: 'h',
    PGPORT: '5432',
    PGUSER: 'app',
    PGAPPNAME: 'migrator pg-dump',
    PGCONNECT_TIMEOUT: '10',
    LC_ALL: 'C',
  })
  return rest
}

test('the password is decoded, and the URL goes before the environment', () => {
  const inherited = { PGPASSWORD: 'other', PATH: '/bin' }
  expect(environmentOf('postgresql://app:p%40ss%2F%25@h/shop', inherited)).toEqual({
    PGPASSWORD: 'p@ss/%',
    PATH: '/bin',
  })
  expect(environmentOf('postgresql://app@h/shop', inherited)).toEqual(inherited)
})

test('the words of libpq are read by the same rules', () => {
  expect(environmentOf("host=h dbname=shop user=app password='a b' sslmode=require")).toEqual({
    PGPASSWORD: 'a b',
    PGSSLMODE: 'require',
  })
})

test('the place is never taken from the environment, ways to be safe are', () => {
  const inherited = {
    PGHOSTADDR: '10.0.0.1',
    PGDATABASE: 'x',
    PGSERVICE: 'x',
    PGOPTIONS: '-c x=y',
    PGPASSFILE: '/home/app/.pgpass',
    PGSSLROOTCERT: '/etc/ca.pem',
    HOME: '/home/app',
  }
  const { PGPASSFILE, PGSSLROOTCERT, HOME } = inherited
  expect(environmentOf('postgresql://app@h/shop', inherited)).toEqual({ PGPASSFILE, PGSSLROOTCERT, HOME })
})

test.each<readonly [string, Readonly<Record<string, string>>]>([
  ['sslmode=verify-full&sslrootcert=%2Fca.pem&max=3', { PGSSLMODE: 'verify-full', PGSSLROOTCERT: '/ca.pem' }],
  ['sslmode=verify-full', { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'system' }],
  ['sslmode=require&sslrootcert=/ca.pem', { PGSSLMODE: 'verify-ca', PGSSLROOTCERT: '/ca.pem' }],
  ['ssl=true', { PGSSLMODE: 'require' }],
  ['sslmode=no-verify', { PGSSLMODE: 'require' }],
  ['sslmode=disable&ssl=true', { PGSSLMODE: 'disable' }],
  [
    'sslmode=require&sslcert=/c&sslkey=/k&sslsni=0',
    { PGSSLMODE: 'require', PGSSLCERT: '/c', PGSSLKEY: '/k', PGSSLSNI: '0' },
  ],
  ['sslmode=require&sslnegotiation=direct', { PGSSLMODE: 'require', PGSSLNEGOTIATION: 'direct' }],
  ['channel_binding=require&gssencmode=disable', { PGCHANNELBINDING: 'require', PGGSSENCMODE: 'disable' }],
  ['options=-c%20search_path%3Dx&pgbouncer=true', { PGOPTIONS: '-c search_path=x' }],
])('"%s" is handed on in the spelling of libpq', (query, expected) => {
  expect(environmentOf(`postgresql://app@h/shop?${query}`)).toEqual(expected)
})

test.each<readonly [url: string, host: string, port: number, expected: Readonly<Record<string, string | undefined>>]>([
  ['postgresql://a:1,b/shop?target_session_attrs=primary', 'b', 5432, { PGHOST: 'b', PGPORT: '5432' }],
  ['postgresql://a:1/shop?host=/socket', '/socket', 1, { PGHOST: '/socket', PGPORT: '1' }],
  ['postgresql://a/shop?hostaddr=10.0.0.1', '10.0.0.1', 5432, { PGHOST: 'a', PGHOSTADDR: '10.0.0.1' }],
  ['postgresql://a/shop?connect_timeout=3', 'a', 5432, { PGHOST: 'a', PGCONNECT_TIMEOUT: '3' }],
])('%s at %s leads where it led the driver', (url, host, port, expected) => {
  const environment = childEnvironment(url, { host, port }, { PGHOSTADDR: '10.9.9.9' })
  expect(environment).toMatchObject(expected)
  expect(environment.PGHOSTADDR).toBe(expected.PGHOSTADDR)
})

test('a name is never taken for a connection string', () => {
  expect(databaseArgument('shop')).toBe("--dbname=dbname='shop'")
  expect(databaseArgument("host=evil o'clock \\")).toBe("--dbname=dbname='host=evil o\\'clock \\\\'")
})
