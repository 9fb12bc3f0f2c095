import { randomUUID } from 'node:crypto'
import { type Database, type NewEvent, schema } from '@repo/database'
import type { Caller } from '../source-key.ts'
import type { IncomingEvent } from './incoming-event.ts'

export interface Stored {
  /** One an event, in the order they came. */
  readonly ids: readonly string[]
  /** Events that had been stored before, by id and occurredAt: left as they were. */
  readonly duplicates: number
}

/**
 * Inserts the events for the caller's source in one statement: all that are new, or after a failure none.
 * Events are partitioned by time, so the table's key is id and occurredAt: who sends an event again sends both.
 */
export async function storeEvents(
  db: Database,
  caller: Caller,
  incoming: readonly IncomingEvent[],
  receivedAt: Date,
): Promise<Stored> {
  const rows = incoming.map((event) => ({
    ...event,
    id: event.id ?? randomUUID(),
    occurredAt: event.occurredAt ?? receivedAt,
    organisationId: caller.organisationId,
    sourceId: caller.id,
    receivedAt,
  })) satisfies NewEvent[]
  // In one order everywhere: two batches that share events, sent at once, would deadlock otherwise.
  const sorted = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const inserted = await db.insert(schema.events).values(sorted).onConflictDoNothing()
  return { ids: rows.map((row) => row.id), duplicates: rows.length - inserted.count }
}
