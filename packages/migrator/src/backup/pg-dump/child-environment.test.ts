import { expect, test } from 'vitest'
import { childEnvironment, databaseArgument } from './child-environment.ts'

const location = { host: 'db.example.org', port: 5433, database: 'shop', user: 'app', local: false }

/** The environment without what is the same for all. */
function environmentOf(url: string, inherited: Readonly<Record<string, string>> = {}) {
  const { PGHOST, PGPORT, PGUSER, PGAPPNAME, PGCONNECT_TIMEOUT, LC_ALL, ...rest } = childEnvironment(
    url,
    location,
    inherited,
  )
  expect({ PGHOST, PGPORT, PGUSER, LC_ALL }).toEqual({
    PGHOST: 'db.example.org',
    PGPORT: '5433',
    PGUSER: 'app',
    LC_ALL: 'C',
  })
  expect(PGAPPNAME).toBe('migrator pg-dump')
  expect(PGCONNECT_TIMEOUT).toBe('10')
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

test('TLS options of the URL carry over, in the spelling of libpq', () => {
  expect(environmentOf('postgresql://app@h/shop?sslmode=verify-full&sslrootcert=%2Fca.pem&max=3')).toEqual({
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: '/ca.pem',
  })
  expect(environmentOf('postgresql://app@h/shop?ssl=true')).toEqual({ PGSSLMODE: 'require' })
  expect(environmentOf('postgresql://app@h/shop?sslmode=no-verify')).toEqual({ PGSSLMODE: 'require' })
  expect(environmentOf('postgresql://app@h/shop?sslmode=disable&ssl=true')).toEqual({ PGSSLMODE: 'disable' })
})

test('a name is never taken for a connection string', () => {
  expect(databaseArgument('shop')).toBe("--dbname=dbname='shop'")
  expect(databaseArgument("host=evil o'clock \\")).toBe("--dbname=dbname='host=evil o\\'clock \\\\'")
})
