// The tables as the migrations leave them, one file a table. Indexes and constraints carry the names they have there.
// Migrations never import this: they are frozen, and this moves on.
import { pgTable, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core'

export const organisations = pgTable(
  'organisations',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    slug: text('slug').notNull(),
    name: text('name').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [unique('organisations_slug_key').on(table.slug)],
)
