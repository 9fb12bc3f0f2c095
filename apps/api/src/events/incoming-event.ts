// What clients may send, checked field by field. Pure.
import { ApiError } from '../api-error.ts'
import { parseInstant } from '../calendar.ts'
import { isObject, problemOfJson, unstorable } from './json.ts'

export const maxEvents = 500
const maxNameLength = 200
const fields = ['id', 'name', 'userId', 'sessionId', 'properties', 'occurredAt']
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export interface IncomingEvent {
  /** Only ever together with `occurredAt`. */
  readonly id: string | undefined
  readonly name: string
  readonly userId: string | null
  readonly sessionId: string | null
  readonly properties: Record<string, unknown>
  readonly occurredAt: Date | undefined
}

/**
 * Reads one event, or `{ events: [...] }` with 1 to 500 of them.
 * Throws ApiError 422 with the first field that is wrong, and 413 for too many events.
 */
export function readEvents(body: unknown): readonly IncomingEvent[] {
  if (!isObject(body)) throw invalid('', 'The body must be an event, or { "events": [ … ] }.')
  if (!('events' in body)) return [readEvent(body, '')]
  const { events, ...others } = body
  const other = Object.keys(others)[0]
  if (other !== undefined) throw invalid(other, `${other} cannot be combined with events: put it into each event.`)
  if (!Array.isArray(events) || events.length === 0)
    throw invalid('events', 'events must be a list of 1 to 500 events.')
  if (events.length > maxEvents) {
    const message = `events has ${events.length} events: send at most ${maxEvents} at a time.`
    throw new ApiError(413, 'TOO_LARGE', message, 'events')
  }
  return events.map((event: unknown, index) => readEvent(event, `events[${index}]`))
}

function readEvent(value: unknown, path: string): IncomingEvent {
  if (!isObject(value)) throw invalid(path, `${path} must be an object.`)
  const at = (field: string): string => (path === '' ? field : `${path}.${field}`)
  const unknown = Object.keys(value).find((key) => !fields.includes(key))
  if (unknown !== undefined) {
    throw invalid(at(unknown), `${at(unknown)} is not a field of an event. Valid fields: ${fields.join(', ')}.`)
  }
  const id = readUuid(value.id, at('id')) ?? undefined
  const occurredAt = readInstant(value.occurredAt, at('occurredAt'))
  if (id !== undefined && occurredAt === undefined) {
    throw invalid(at('occurredAt'), `${at('occurredAt')} is required with id: together they identify a repeated event.`)
  }
  return {
    id,
    name: readName(value.name, at('name')),
    userId: readUuid(value.userId, at('userId')),
    sessionId: readUuid(value.sessionId, at('sessionId')),
    properties: readProperties(value.properties, at('properties')),
    occurredAt,
  }
}

function readName(value: unknown, path: string): string {
  if (value === undefined) throw invalid(path, `${path} is required.`)
  if (typeof value !== 'string' || value.trim() === '' || value.length > maxNameLength || unstorable.test(value)) {
    throw invalid(path, `${path} must be a text of 1 to ${maxNameLength} characters.`)
  }
  return value
}

function readUuid(value: unknown, path: string): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string' || !uuid.test(value)) throw invalid(path, `${path} must be a UUID.`)
  return value.toLowerCase()
}

function readInstant(value: unknown, path: string): Date | undefined {
  if (value === undefined || value === null) return undefined
  const instant = typeof value === 'string' ? parseInstant(value) : undefined
  if (instant === undefined) {
    throw invalid(path, `${path} must be a date and time with its offset, such as 2026-11-20T08:30:00Z.`)
  }
  return instant
}

function readProperties(value: unknown, path: string): Record<string, unknown> {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) throw invalid(path, `${path} must be an object.`)
  const problem = problemOfJson(value)
  if (problem !== undefined) throw invalid(path, `${path} ${problem}.`)
  return value
}

function invalid(field: string, message: string): ApiError {
  return new ApiError(422, 'INVALID_INPUT', message, field === '' ? undefined : field)
}
