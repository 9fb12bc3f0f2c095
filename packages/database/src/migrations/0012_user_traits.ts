// A constant default is kept in the catalog, so adding this NOT NULL column rewrites nothing and is instant. The
// index is not: it is built CONCURRENTLY, hence outside a transaction. jsonb_path_ops serves @> but not the key
// operators (?), and is smaller than the default operator class for it. Without a transaction, an `up` that fails
// half-way is cleaned up by `down`: so `validate` makes sure beforehand that what `down` drops can only be ours.
// `verify` looks for what a failed build leaves behind: an index that every write maintains and no query uses.
import { sql } from 'drizzle-orm'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'

export const id = '0012_user_traits'
export const description = 'Free-form traits of users, searchable by containment'
export const transaction = false

export async function validate(db: PostgresJsDatabase): Promise<void> {
  const columns = await db.execute(sql`
    SELECT FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'traits' AND NOT attisdropped`)
  if (columns.length > 0) {
    throw new Error('users.traits exists already, made by hand. Rename it, migrate, copy its values, then drop it.')
  }
}

export async function up(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`ALTER TABLE users ADD COLUMN traits jsonb NOT NULL DEFAULT '{}'`)
  await db.execute(sql`COMMENT ON COLUMN users.traits IS 'Facts that the product tells about a user: plan, locale …'`)
  await db.execute(sql`CREATE INDEX CONCURRENTLY users_traits_idx ON users USING gin (traits jsonb_path_ops)`)
}

export async function verify(db: PostgresJsDatabase): Promise<void> {
  const [index] = await db.execute<{ indisvalid: boolean }>(sql`
    SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_traits_idx'::regclass`)
  if (!index?.indisvalid) {
    throw new Error('Index users_traits_idx is invalid. Roll back, which drops it, then migrate again.')
  }
}

export async function down(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`DROP INDEX CONCURRENTLY IF EXISTS users_traits_idx`)
  await db.execute(sql`ALTER TABLE users DROP COLUMN IF EXISTS traits`)
}
