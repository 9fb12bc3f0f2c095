import { sql } from 'drizzle-orm'
import { boolean, foreignKey, index, integer, pgTable, timestamp, uuid } from 'drizzle-orm/pg-core'
import { organisations } from './organisations.ts'
import { sources } from './sources.ts'
import { users } from './users.ts'

/** `durationSeconds` may be left out on insert: a trigger then takes it from `startedAt` and `endedAt`. */
export const sessions = pgTable(
  'sessions',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    organisationId: uuid('organisation_id').notNull(),
    sourceId: uuid('source_id').notNull(),
    userId: uuid('user_id'),
    startedAt: timestamp('started_at', { withTimezone: true }).notNull(),
    endedAt: timestamp('ended_at', { withTimezone: true }).notNull(),
    // Drizzle knows no triggers: NULL, which the trigger replaces, stands in for the default that there isn't.
    durationSeconds: integer('duration_seconds')
      .notNull()
      .$defaultFn(() => sql`NULL`),
    durationBackfilled: boolean('duration_backfilled').notNull().default(false),
  },
  (table) => [
    index('sessions_source_id_idx').on(table.sourceId),
    index('sessions_user_id_idx').on(table.userId),
    index('sessions_organisation_id_started_at_idx').on(table.organisationId, table.startedAt),
    foreignKey({
      name: 'sessions_organisation_id_fkey',
      columns: [table.organisationId],
      foreignColumns: [organisations.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'sessions_source_id_fkey',
      columns: [table.sourceId],
      foreignColumns: [sources.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'sessions_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('set null'),
  ],
)
