import { schema, seed } from '@repo/database'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate, startTestServer, type TestServer } from '../support/database.ts'
import { addSource, startService, type TestService } from '../support/service.ts'

let server: TestServer
let service: TestService
let headers: Record<string, string>

const ada = '22222222-2222-4222-8222-22222222222a'
const ben = '22222222-2222-4222-8222-22222222222b'

/** Four days around the turn of a month, hence of a partition; the last event is outside every period asked for. */
const events = [
  { name: 'opened', userId: ada, occurredAt: '2026-10-31T00:00:00Z' },
  { name: 'clicked', userId: ada, occurredAt: '2026-10-31T23:59:59.999Z' },
  { name: 'opened', userId: ben, occurredAt: '2026-11-01T01:00:00+02:00' },
  { name: 'opened', userId: ada, occurredAt: '2026-11-02T12:00:00Z' },
  { name: 'clicked', occurredAt: '2026-11-02T12:00:00Z' },
  { name: 'asked', userId: ben, occurredAt: '2026-11-03T00:00:00Z' },
]
const period = 'from=2026-10-31&to=2026-11-02'

beforeAll(async () => {
  server = await startTestServer()
  const url = await server.createDatabase()
  await migrate(url)
  service = await startService(url)
  await seed(service.db)
  const source = await addSource(service.db, 'reported')
  headers = source.headers
  const init = { method: 'POST', headers, body: JSON.stringify({ events }) }
  expect((await fetch(`${service.url}/v1/events`, init)).status).toBe(202)
  await addSessions(source.organisationId)
})

afterAll(async () => {
  await service?.stop()
  await server?.stop()
})

async function addSessions(organisationId: string): Promise<void> {
  const source = await service.db.query.sources.findFirst({
    where: (table, { eq }) => eq(table.organisationId, organisationId),
  })
  const sourceId = source?.id ?? ''
  const sessions = [10, 20, 60, 1000].map((seconds) => {
    const startedAt = new Date('2026-11-01T09:00:00Z')
    return { organisationId, sourceId, startedAt, endedAt: new Date(startedAt.getTime() + seconds * 1000) }
  })
  await service.db.insert(schema.sessions).values(sessions)
}

async function report(path: string, as: Record<string, string> = headers): Promise<{ status: number; body: object }> {
  const answer = await fetch(`${service.url}/v1/reports/${path}`, { headers: as })
  return { status: answer.status, body: (await answer.json()) as object }
}

const expected = (body: object) => ({ status: 200, body: { from: '2026-10-31', to: '2026-11-02', ...body } })

test('counts ingested events by UTC day, days without any included', async () => {
  const days = [
    { day: '2026-10-31', eventCount: 3 },
    { day: '2026-11-01', eventCount: 0 },
    { day: '2026-11-02', eventCount: 2 },
  ]
  expect(await report(`events-per-day?${period}`)).toEqual(expected({ days }))
})

test('ranks event names', async () => {
  const top = [
    { name: 'opened', eventCount: 3, userCount: 2 },
    { name: 'clicked', eventCount: 2, userCount: 1 },
  ]
  expect(await report(`top-events?${period}`)).toEqual(expected({ events: top }))
  expect(await report(`top-events?${period}&limit=1`)).toEqual(expected({ events: top.slice(0, 1) }))
})

test('counts every user once in a period, and once a day', async () => {
  const days = [
    { day: '2026-10-31', activeUsers: 2 },
    { day: '2026-11-01', activeUsers: 0 },
    { day: '2026-11-02', activeUsers: 1 },
  ]
  expect(await report(`active-users?${period}`)).toEqual(expected({ activeUsers: 2, days }))
})

test('tells average and median session length, null without sessions', async () => {
  const length = { sessionCount: 4, averageSeconds: 272.5, medianSeconds: 40 }
  expect(await report(`session-length?${period}`)).toEqual(expected(length))
  const none = { sessionCount: 0, averageSeconds: null, medianSeconds: null }
  expect(await report('session-length?from=2020-01-01&to=2020-01-01')).toMatchObject({ status: 200, body: none })
})

test('reports the last 30 days where nothing is asked', async () => {
  const { status, body } = await report('events-per-day')
  expect([status, (body as { days: unknown[] }).days.length]).toEqual([200, 30])
})

test('keeps organisations apart', async () => {
  const acme = { Authorization: 'Bearer sample-acme-0' }
  const names = (await report('top-events?from=2026-09-01&to=2026-11-30&limit=100', acme)).body as {
    events: { name: string; eventCount: number }[]
  }
  expect(names.events.map((event) => event.name)).toContain('session_started')
  expect(names.events.map((event) => event.name)).not.toContain('opened')
  const perDay = (await report('events-per-day?from=2026-09-01&to=2026-11-30', acme)).body as {
    days: { eventCount: number }[]
  }
  const sum = (rows: readonly { eventCount: number }[]) => rows.reduce((total, row) => total + row.eventCount, 0)
  expect(sum(perDay.days)).toBe(sum(names.events))
})

test.each([
  ['events-per-day?from=monday', 'from'],
  ['active-users?to=2026-02-30', 'to'],
  ['session-length?from=2026-01-02&to=2026-01-01', 'from'],
  ['events-per-day?from=2020-01-01', 'from'],
  ['top-events?limit=1000', 'limit'],
  ['active-users?limit=5', 'limit'],
])('refuses %s, naming %s', async (path, field) => {
  expect(await report(path)).toMatchObject({ status: 400, body: { error: { code: 'INVALID_INPUT', field } } })
})

test('answers 401 without a known key, and 404 to an unknown report', async () => {
  expect(await report('top-events', {})).toMatchObject({ status: 401 })
  expect(await report('nothing')).toMatchObject({ status: 404 })
})
