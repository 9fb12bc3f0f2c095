import { foreignKey, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { users } from './users.ts'

/** At most one row a user; a user without one has the defaults. */
export const userProfiles = pgTable(
  'user_profiles',
  {
    userId: uuid('user_id').primaryKey(),
    displayName: text('display_name'),
    timeZone: text('time_zone').notNull().default('UTC'),
    avatarUrl: text('avatar_url'),
  },
  (table) => [
    foreignKey({
      name: 'user_profiles_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
  ],
)
