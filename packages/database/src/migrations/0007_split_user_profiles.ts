// A table split whose `down` gives everything back: it re-creates the columns as 0001 defined them, then fills them.
// Only the last columns of users move. A column that is added again goes to the end, so their order is restored too.
// The lock comes first: a write between the copy and the DROP would be lost, and upgrading a lock later invites
// deadlocks. Nobody reads users while the rows are copied, which is right for thousands of rows; for millions,
// expand (table and trigger), backfill in batches, and contract in three releases.
import { sql } from 'drizzle-orm'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'

export const id = '0007_split_user_profiles'
export const description = 'Move what users tell about themselves to user_profiles'

export async function up(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`LOCK TABLE users IN ACCESS EXCLUSIVE MODE`)
  await db.execute(sql`
    CREATE TABLE user_profiles (
      user_id uuid PRIMARY KEY,
      display_name text,
      time_zone text NOT NULL DEFAULT 'UTC',
      avatar_url text,
      CONSTRAINT user_profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
    )`)
  await db.execute(sql`COMMENT ON TABLE user_profiles IS 'What users tell about themselves.'`)
  await db.execute(sql`COMMENT ON COLUMN user_profiles.time_zone IS 'IANA name; reports show days in it.'`)
  await db.execute(sql`
    INSERT INTO user_profiles (user_id, display_name, time_zone, avatar_url)
    SELECT id, display_name, time_zone, avatar_url FROM users`)
  await db.execute(sql`
    ALTER TABLE users DROP COLUMN display_name, DROP COLUMN time_zone, DROP COLUMN avatar_url`)
}

/** A user without a profile row gets the defaults, as a new user did before the split. */
export async function down(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`LOCK TABLE users, user_profiles IN ACCESS EXCLUSIVE MODE`)
  await db.execute(sql`
    ALTER TABLE users
      ADD COLUMN display_name text,
      ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC',
      ADD COLUMN avatar_url text`)
  await db.execute(sql`COMMENT ON COLUMN users.time_zone IS 'IANA name; reports show days in it.'`)
  await db.execute(sql`
    UPDATE users
    SET display_name = profile.display_name, time_zone = profile.time_zone, avatar_url = profile.avatar_url
    FROM user_profiles AS profile
    WHERE profile.user_id = users.id`)
  await db.execute(sql`DROP TABLE user_profiles`)
}
