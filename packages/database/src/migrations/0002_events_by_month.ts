// Events are partitioned from their first day: turning a large plain table into a partitioned one means copying it.
// The partition key has to be part of the primary key, so that is (id, occurred_at). Bounds carry a UTC offset,
// or they would depend on the time zone of whoever migrates. The default partition takes what no month takes, so
// an insert never fails. Indexes are made on the empty parent: later, CONCURRENTLY is refused on partitioned tables.
import { sql } from 'drizzle-orm'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'

export const id = '0002_events_by_month'
export const description = 'Events, one partition a month, with JSON properties that can be searched'

const partitions = [
  { name: 'events_2026_09', from: '2026-09-01', to: '2026-10-01' },
  { name: 'events_2026_10', from: '2026-10-01', to: '2026-11-01' },
  { name: 'events_2026_11', from: '2026-11-01', to: '2026-12-01' },
  { name: 'events_2026_12', from: '2026-12-01', to: '2027-01-01' },
]

export async function up(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`
    CREATE TABLE events (
      id uuid NOT NULL DEFAULT gen_random_uuid(),
      organisation_id uuid NOT NULL,
      source_id uuid NOT NULL,
      user_id uuid,
      session_id uuid,
      name text NOT NULL,
      properties jsonb NOT NULL DEFAULT '{}',
      occurred_at timestamptz NOT NULL DEFAULT now(),
      received_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT events_pkey PRIMARY KEY (id, occurred_at),
      CONSTRAINT events_organisation_id_fkey
        FOREIGN KEY (organisation_id) REFERENCES organisations (id) ON DELETE CASCADE,
      CONSTRAINT events_source_id_fkey
        FOREIGN KEY (source_id) REFERENCES sources (id) ON DELETE CASCADE
    ) PARTITION BY RANGE (occurred_at)`)
  await db.execute(sql`CREATE INDEX events_organisation_id_occurred_at_idx ON events (organisation_id, occurred_at)`)
  await db.execute(sql`CREATE INDEX events_source_id_idx ON events (source_id)`)
  await db.execute(sql`CREATE INDEX events_properties_idx ON events USING gin (properties jsonb_path_ops)`)
  for (const { name, from, to } of partitions) {
    await db.execute(
      sql.raw(
        `CREATE TABLE ${name} PARTITION OF events FOR VALUES FROM ('${from} 00:00:00+00') TO ('${to} 00:00:00+00')`,
      ),
    )
  }
  await db.execute(sql`CREATE TABLE events_default PARTITION OF events DEFAULT`)
  await db.execute(sql`COMMENT ON TABLE events IS 'What happened, when; one partition a month of occurred_at.'`)
  await db.execute(sql`
    COMMENT ON COLUMN events.user_id IS 'Without a foreign key: events of deleted users still count.'`)
}

/** Dropping the parent drops its partitions too, those that were added later included. */
export async function down(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`DROP TABLE events`)
}
