// New tables lock nobody, so plain statements in one transaction are safe here, indexes included.
// Ids are UUIDs: a client can make them itself, and seeding or restoring never leaves a sequence behind.
// Every foreign key gets an index that begins with its column; without one, deleting a parent scans the child.
// `down` drops children before parents and never says CASCADE: an object it doesn't know about stops it.
import { sql } from 'drizzle-orm'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'

export const id = '0001_init_schema'
export const description = 'Organisations, their users, and the sources that send events'

export async function up(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`
    CREATE TABLE organisations (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      slug text NOT NULL,
      name text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT organisations_slug_key UNIQUE (slug)
    )`)
  await db.execute(sql`COMMENT ON TABLE organisations IS 'Customers; everything else belongs to one of them.'`)
  await db.execute(sql`
    CREATE TABLE users (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      organisation_id uuid NOT NULL,
      email text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      display_name text,
      time_zone text NOT NULL DEFAULT 'UTC',
      avatar_url text,
      CONSTRAINT users_organisation_id_email_key UNIQUE (organisation_id, email),
      CONSTRAINT users_organisation_id_fkey
        FOREIGN KEY (organisation_id) REFERENCES organisations (id) ON DELETE CASCADE
    )`)
  await db.execute(sql`COMMENT ON TABLE users IS 'People of an organisation, whose use of the product is measured.'`)
  await db.execute(sql`COMMENT ON COLUMN users.time_zone IS 'IANA name; reports show days in it.'`)
  await db.execute(sql`
    CREATE TABLE sources (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      organisation_id uuid NOT NULL,
      name text NOT NULL,
      write_key text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT sources_write_key_key UNIQUE (write_key),
      CONSTRAINT sources_organisation_id_name_key UNIQUE (organisation_id, name),
      CONSTRAINT sources_organisation_id_fkey
        FOREIGN KEY (organisation_id) REFERENCES organisations (id) ON DELETE CASCADE
    )`)
  await db.execute(sql`COMMENT ON TABLE sources IS 'Web sites, apps and servers that send events.'`)
}

export async function down(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`DROP TABLE sources`)
  await db.execute(sql`DROP TABLE users`)
  await db.execute(sql`DROP TABLE organisations`)
}
