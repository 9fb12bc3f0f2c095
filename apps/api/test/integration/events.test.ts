import { schema } from '@repo/database'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LogEntry } from '../../src/log.ts'
import { migrate, startTestServer, type TestServer } from '../support/database.ts'
import { addSource, startService, type TestService } from '../support/service.ts'

let server: TestServer
let service: TestService
const log: LogEntry[] = []

beforeAll(async () => {
  server = await startTestServer()
  const url = await server.createDatabase()
  await migrate(url)
  service = await startService(url, { log: (entry) => log.push(entry) })
})

afterAll(async () => {
  await service?.stop()
  await server?.stop()
})

const post = async (headers: Record<string, string>, body: unknown) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await fetch(`${service.url}/v1/events`, { method: 'POST', headers, body: text })
  return { status: answer.status, body: (await answer.json()) as unknown }
}

const storedOf = (organisationId: string) =>
  service.db.select().from(schema.events).where(eq(schema.events.organisationId, organisationId))

test('stores one event with everything that it says', async () => {
  const { headers, organisationId } = await addSource(service.db, 'one')
  const event = {
    id: '11111111-1111-4111-8111-111111111111',
    name: 'größe 📏 changed',
    userId: '22222222-2222-4222-8222-222222222222',
    sessionId: '33333333-3333-4333-8333-333333333333',
    properties: { 'a"b': ['\\u0000 is only text', 1.5, true, null], __proto__x: {} },
    occurredAt: '2026-11-20T10:00:00.123+02:00',
  }
  expect(await post(headers, event)).toEqual({ status: 202, body: { ids: [event.id], duplicates: 0 } })
  const [stored] = await storedOf(organisationId)
  expect(stored).toMatchObject({ ...event, occurredAt: new Date('2026-11-20T08:00:00.123Z') })
  expect(Date.now() - (stored?.receivedAt.getTime() ?? 0)).toBeLessThan(60_000)
})

test('gives ids and times to a batch of 500 that brings none', async () => {
  const { headers, organisationId } = await addSource(service.db, 'many')
  const events = Array.from({ length: 500 }, (_, index) => ({ name: `event ${index}` }))
  const answer = await post(headers, { events })
  const { ids } = answer.body as { ids: string[] }
  expect([answer.status, new Set(ids).size]).toEqual([202, 500])
  const names = new Map((await storedOf(organisationId)).map((event) => [event.id, event.name]))
  expect(ids.map((id) => names.get(id))).toEqual(events.map((event) => event.name))
})

test('stores an event once, however often and however concurrently it is sent', async () => {
  const { headers, organisationId } = await addSource(service.db, 'again')
  const events = Array.from({ length: 100 }, (_, index) => ({
    id: `44444444-4444-4444-8444-${String(index).padStart(12, '0')}`,
    name: 'again',
    occurredAt: '2026-11-19T12:00:00Z',
  }))
  const reversed = events.toReversed()
  const answers = await Promise.all(
    [events, reversed, events, reversed].map((batch) => post(headers, { events: batch })),
  )
  expect(answers.map((answer) => answer.status)).toEqual([202, 202, 202, 202])
  const duplicates = answers.map((answer) => (answer.body as { duplicates: number }).duplicates)
  expect(duplicates.reduce((sum, each) => sum + each, 0)).toBe(300)
  expect(await post(headers, { events: [events[0], events[0]] })).toMatchObject({
    status: 202,
    body: { duplicates: 2 },
  })
  expect(await storedOf(organisationId)).toHaveLength(100)
})

test('stores nothing of a batch with one bad event, and names it', async () => {
  const { headers, organisationId } = await addSource(service.db, 'bad')
  const answer = await post(headers, { events: [{ name: 'good' }, { name: 'bad', userId: 'Ada' }] })
  const error = { code: 'INVALID_INPUT', message: 'events[1].userId must be a UUID.', field: 'events[1].userId' }
  expect(answer).toEqual({ status: 422, body: { error } })
  expect(await storedOf(organisationId)).toEqual([])
})

test('answers 401 to a key that it does not know', async () => {
  expect(await post({ Authorization: 'Bearer nobody' }, { name: 'x' })).toMatchObject({ status: 401 })
  expect(await post({}, 'not json')).toMatchObject({ status: 401, body: { error: { code: 'UNAUTHORIZED' } } })
})

test('answers 400 to what is not JSON', async () => {
  const { headers } = await addSource(service.db, 'wrong')
  for (const body of ['', '{"name":', 'name=x']) {
    expect(await post(headers, body)).toMatchObject({ status: 400, body: { error: { code: 'INVALID_JSON' } } })
  }
})

test('answers 413 to what is too large, and goes on answering that client', async () => {
  const { headers } = await addSource(service.db, 'large')
  const large = JSON.stringify({ name: 'x', properties: { text: 'x'.repeat(2 * 1024 * 1024) } })
  for (const _ of [1, 2, 3]) {
    expect(await post(headers, large)).toMatchObject({ status: 413, body: { error: { code: 'TOO_LARGE' } } })
    expect(await post({ Authorization: 'Bearer nobody' }, large)).toMatchObject({ status: 401 })
    const init = { method: 'POST', headers, body: new Blob([large]).stream(), duplex: 'half' } as const
    expect((await fetch(`${service.url}/v1/events`, init)).status).toBe(413)
    expect(await post(headers, { name: 'still answers' })).toMatchObject({ status: 202 })
  }
  expect(await post(headers, { events: Array.from({ length: 501 }, () => ({ name: 'x' })) })).toMatchObject({
    status: 413,
  })
})

test('logs one line a request, without keys and bodies', () => {
  expect(log.every((entry) => entry.level === 'info')).toBe(true)
  expect(log[0]).toEqual({ level: 'info', method: 'POST', path: '/v1/events', status: 202, ms: expect.any(Number) })
  expect(JSON.stringify(log)).not.toMatch(/key-of|Bearer|userId/)
})
