import { createClient, type SchemaStatus } from '@repo/database'
import { afterAll, expect, test } from 'vitest'
import { type AppDeps, createApp } from './app.ts'
import type { LogEntry } from './log.ts'

// Nothing listens on port 1: what works here works without a database.
const client = createClient({ url: 'postgresql://app:s3cret@127.0.0.1:1/none', connectTimeoutSeconds: 1 })
afterAll(() => client.close())

const nothing = { pending: [], running: [], dirty: [], changed: [], missing: [], ahead: [] }
const schemaStatus = async (): Promise<SchemaStatus> => ({ ready: true, ...nothing })
const app = (deps: Partial<AppDeps> = {}) => createApp({ db: client.db, schemaStatus, ...deps })
const bearer = { Authorization: 'Bearer wk_secret' }

test('is alive without a database', async () => {
  const answer = await app().request('/api/health')
  expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }])
  expect(answer.headers.get('Cache-Control')).toBe('no-store')
})

test('is ready exactly when the schema is', async () => {
  const ready = await app().request('/api/ready')
  expect([ready.status, await ready.json()]).toEqual([200, { ready: true, ...nothing }])
  const pending = { ready: false, reason: '1 migration is pending.', ...nothing, pending: ['0014_x'] }
  const behind = await app({ schemaStatus: async () => pending }).request('/api/ready')
  expect([behind.status, await behind.json()]).toEqual([503, pending])
})

test.each([[{}], [{ Authorization: 'Basic eA==' }], [{ Authorization: 'Bearer' }], [{ Authorization: 'Bearer a b' }]])(
  'answers 401 to %j without asking the database',
  async (headers) => {
    const answer = await app().request('/v1/events', { method: 'POST', headers, body: '{}' })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer')
    expect(await answer.json()).toEqual({ error: { code: 'UNAUTHORIZED', message: expect.any(String) } })
  },
)

test('answers 404 in JSON', async () => {
  const answer = await app().request('/nowhere')
  expect([answer.status, await answer.json()]).toEqual([
    404,
    { error: { code: 'NOT_FOUND', message: 'There is no GET /nowhere here.' } },
  ])
})

test('answers 503 while the database is unreachable, and keeps keys and passwords to itself', async () => {
  const log: LogEntry[] = []
  const answer = await app({ log: (entry) => log.push(entry) }).request('/v1/reports/top-events?from=x', {
    headers: bearer,
  })
  expect(answer.status).toBe(503)
  const body = await answer.text()
  expect(JSON.parse(body)).toEqual({ error: { code: 'DATABASE_UNAVAILABLE', message: expect.any(String) } })
  expect(log).toMatchObject([
    { level: 'error', code: 'DATABASE_UNAVAILABLE', sqlState: 'ECONNREFUSED' },
    { level: 'info', method: 'GET', path: '/v1/reports/top-events', status: 503, ms: expect.any(Number) },
  ])
  expect(body + JSON.stringify(log)).not.toMatch(/secret|s3cret|select|from=/)
})

test('answers 500 to a bug without a word of it', async () => {
  const log: LogEntry[] = []
  const broken = app({ log: (entry) => log.push(entry) }).get('/broken', () => {
    throw new TypeError('cannot read s3cret of undefined')
  })
  const answer = await broken.request('/broken')
  expect([answer.status, await answer.json()]).toEqual([
    500,
    { error: { code: 'INTERNAL', message: expect.not.stringContaining('s3cret') } },
  ])
  expect(log[0]).toMatchObject({
    level: 'error',
    error: expect.any(String),
    stack: expect.stringContaining('app.test'),
  })
})
