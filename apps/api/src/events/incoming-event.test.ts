import { expect, test } from 'vitest'
import { ApiError } from '../api-error.ts'
import { maxEvents, readEvents } from './incoming-event.ts'

const id = '0b3e9a52-3f6f-4d53-9d0c-6f3a0f6f0001'

function refusal(body: unknown): { status: number; field: string | undefined; message: string } {
  try {
    readEvents(body)
  } catch (error) {
    if (error instanceof ApiError) return { status: error.status, field: error.field, message: error.message }
    throw error
  }
  throw new Error('It was accepted.')
}

test('fills in what an event leaves out', () => {
  expect(readEvents({ name: 'signed_up' })).toEqual([
    { id: undefined, name: 'signed_up', userId: null, sessionId: null, properties: {}, occurredAt: undefined },
  ])
  expect(readEvents({ name: 'x', userId: null, properties: null, occurredAt: null })[0]).toMatchObject({ userId: null })
})

test('reads a batch in its order, ids in lower case', () => {
  const event = {
    id: id.toUpperCase(),
    name: 'b',
    occurredAt: '2026-11-20T08:30:00Z',
    properties: { a: [1, null, {}] },
  }
  const [first, second] = readEvents({ events: [{ name: 'a' }, event] })
  expect(first?.name).toBe('a')
  expect(second).toMatchObject({ id, name: 'b', occurredAt: new Date('2026-11-20T08:30:00Z') })
})

test.each([
  [{}, 'name'],
  [{ name: '' }, 'name'],
  [{ name: ' ' }, 'name'],
  [{ name: 7 }, 'name'],
  [{ name: 'x'.repeat(201) }, 'name'],
  [{ name: 'a\0b' }, 'name'],
  [{ name: 'half \ud83d' }, 'name'],
  [{ name: 'x', id: 'abc', occurredAt: '2026-11-20T08:30:00Z' }, 'id'],
  [{ name: 'x', id }, 'occurredAt'],
  [{ name: 'x', userId: '42' }, 'userId'],
  [{ name: 'x', sessionId: {} }, 'sessionId'],
  [{ name: 'x', occurredAt: 1_790_000_000 }, 'occurredAt'],
  [{ name: 'x', occurredAt: '2026-11-20 08:30' }, 'occurredAt'],
  [{ name: 'x', properties: [] }, 'properties'],
  [{ name: 'x', properties: { 'a\0': 1 } }, 'properties'],
  [{ name: 'x', properties: { a: [{ b: '\udc00' }] } }, 'properties'],
  [{ name: 'x', user_id: id }, 'user_id'],
  [{ events: [] }, 'events'],
  [{ events: { name: 'x' } }, 'events'],
  [{ events: [{ name: 'x' }], name: 'x' }, 'name'],
  [{ events: [{ name: 'x' }, { name: 'y', userId: 1 }] }, 'events[1].userId'],
  [{ events: [null] }, 'events[0]'],
])('refuses %j, naming %s', (body, field) => {
  const { message, ...rest } = refusal(body)
  expect(rest).toEqual({ status: 422, field })
  expect(message).toContain(field)
})

test.each([[null], [[]], ['text'], [7]])('refuses a body that is %j', (body) => {
  expect(refusal(body)).toMatchObject({ status: 422, field: undefined })
})

test('refuses more than 500 events as too large', () => {
  const events = Array.from({ length: maxEvents + 1 }, () => ({ name: 'x' }))
  expect(refusal({ events })).toMatchObject({ status: 413, field: 'events' })
  expect(readEvents({ events: events.slice(1) })).toHaveLength(maxEvents)
})

test('refuses properties that are nested without end', () => {
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)
  expect(refusal({ name: 'x', properties: deep })).toMatchObject({ status: 422, field: 'properties' })
})
