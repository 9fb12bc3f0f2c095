import { bigint, date, pgView, text, uuid } from 'drizzle-orm/pg-core'

/** Events by organisation, UTC day and name. The view itself is defined by its migration. */
export const dailyEventCounts = pgView('daily_event_counts', {
  organisationId: uuid('organisation_id').notNull(),
  day: date('day').notNull(),
  name: text('name').notNull(),
  eventCount: bigint('event_count', { mode: 'number' }).notNull(),
  userCount: bigint('user_count', { mode: 'number' }).notNull(),
}).existing()
