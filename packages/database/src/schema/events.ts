import { foreignKey, index, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { organisations } from './organisations.ts'
import { sources } from './sources.ts'

/**
 * Partitioned by month of `occurredAt`, which Drizzle cannot say: a condition on `occurredAt` spares the other months.
 * `userId` and `sessionId` have no foreign key, because events outlive both.
 */
export const events = pgTable(
  'events',
  {
    id: uuid('id').notNull().defaultRandom(),
    organisationId: uuid('organisation_id').notNull(),
    sourceId: uuid('source_id').notNull(),
    userId: uuid('user_id'),
    sessionId: uuid('session_id'),
    name: text('name').notNull(),
    properties: jsonb('properties').$type<Record<string, unknown>>().notNull().default({}),
    occurredAt: timestamp('occurred_at', { withTimezone: true }).notNull().defaultNow(),
    receivedAt: timestamp('received_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: 'events_pkey', columns: [table.id, table.occurredAt] }),
    index('events_organisation_id_occurred_at_idx').on(table.organisationId, table.occurredAt),
    index('events_source_id_idx').on(table.sourceId),
    index('events_properties_idx').using('gin', table.properties.op('jsonb_path_ops')),
    foreignKey({
      name: 'events_organisation_id_fkey',
      columns: [table.organisationId],
      foreignColumns: [organisations.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'events_source_id_fkey',
      columns: [table.sourceId],
      foreignColumns: [sources.id],
    }).onDelete('cascade'),
  ],
)
