import { foreignKey, index, jsonb, pgTable, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core'
import { organisations } from './organisations.ts'

export const users = pgTable(
  'users',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    organisationId: uuid('organisation_id').notNull(),
    email: text('email').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    traits: jsonb('traits').$type<Record<string, unknown>>().notNull().default({}),
  },
  (table) => [
    unique('users_organisation_id_email_key').on(table.organisationId, table.email),
    index('users_traits_idx').using('gin', table.traits.op('jsonb_path_ops')),
    foreignKey({
      name: 'users_organisation_id_fkey',
      columns: [table.organisationId],
      foreignColumns: [organisations.id],
    }).onDelete('cascade'),
  ],
)
