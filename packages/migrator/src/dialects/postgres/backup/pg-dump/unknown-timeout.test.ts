import { expect, test } from 'vitest'
import { onlyUnknownTimeout } from './unknown-timeout.ts'

const TIMEOUT = `pg_restore: while INITIALIZING:
pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"
Command was: SET transaction_timeout = 0;
pg_restore: warning: errors ignored on restore: 1`

test('the setting that an older server does not know is the only complaint that is forgiven', () => {
  expect(onlyUnknownTimeout(TIMEOUT)).toBe(true)
  const german = 'FEHLER:  unbekannter Konfigurationsparameter »transaction_timeout«'
  expect(onlyUnknownTimeout(TIMEOUT.replace(/ERROR:.*/, german))).toBe(true)
  expect(
    onlyUnknownTimeout(`${TIMEOUT}\npg_restore: error: could not execute query: ERROR:  type "x" does not exist`),
  ).toBe(false)
  expect(onlyUnknownTimeout('pg_restore: error: could not read from input file: end of file')).toBe(false)
  expect(onlyUnknownTimeout('')).toBe(false)
})
