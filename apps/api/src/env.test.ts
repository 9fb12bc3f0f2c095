import { expect, test } from 'vitest'
import { parseEnv } from './env.ts'

test('listens on loopback, port 3000, where nothing is set', () => {
  const expected = { host: '127.0.0.1', port: 3000, databaseUrl: undefined }
  expect(parseEnv({})).toEqual(expected)
  expect(parseEnv({ HOST: '', PORT: '', DATABASE_URL: '' })).toEqual(expected)
})

test('takes what is set', () => {
  const databaseUrl = 'postgresql://a:b@localhost/c'
  expect(parseEnv({ HOST: '::', PORT: '0', DATABASE_URL: databaseUrl })).toEqual({ host: '::', port: 0, databaseUrl })
})

test.each(['http', '-1', '3000.5', '65536', '3000 ', '0x50', '1e3'])('refuses PORT %s by name', (port) => {
  expect(() => parseEnv({ PORT: port })).toThrow(/^PORT is ".*": set it to a number/)
})

test('refuses a DATABASE_URL of something else, without repeating it', () => {
  const refusal = () => parseEnv({ DATABASE_URL: 'mysql://root:s3cret@host/db' })
  expect(refusal).toThrow(/DATABASE_URL must begin/)
  expect(refusal).not.toThrow(/s3cret/)
})

test('never falls back to the embedded PostgreSQL in production', () => {
  expect(() => parseEnv({ NODE_ENV: 'production' })).toThrow(/DATABASE_URL is not set/)
})
