// With a default partition, rows of the new month may be in it already, and ATTACH refuses then: they move over first,
// behind a lock that keeps new ones from coming. CREATE … PARTITION OF would lock all of events; ATTACH lets it be
// read and written meanwhile, except what goes to the default partition, which it scans.
// Dropping a month would drop its events: `down` hands them to the default partition, where `up` finds them again.
// DETACH takes ACCESS EXCLUSIVE on events (its CONCURRENTLY is refused beside a default partition): roll back at night.
import { sql } from 'drizzle-orm'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'

export const id = '0014_events_first_quarter_2027'
export const description = 'Partitions of events for January to March 2027'

const partitions = [
  { name: 'events_2027_01', from: '2027-01-01', to: '2027-02-01' },
  { name: 'events_2027_02', from: '2027-02-01', to: '2027-03-01' },
  { name: 'events_2027_03', from: '2027-03-01', to: '2027-04-01' },
]

export async function up(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`LOCK TABLE events_default IN ACCESS EXCLUSIVE MODE`)
  for (const { name, from, to } of partitions) {
    const [start, end] = [`'${from} 00:00:00+00'`, `'${to} 00:00:00+00'`]
    await db.execute(sql.raw(`CREATE TABLE ${name} (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`))
    await db.execute(
      sql.raw(`
        WITH moved AS (
          DELETE FROM events_default WHERE occurred_at >= ${start} AND occurred_at < ${end} RETURNING *
        )
        INSERT INTO ${name} SELECT * FROM moved`),
    )
    await db.execute(sql.raw(`ALTER TABLE events ATTACH PARTITION ${name} FOR VALUES FROM (${start}) TO (${end})`))
  }
}

export async function down(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`)
  for (const { name } of partitions) {
    await db.execute(sql.raw(`ALTER TABLE events DETACH PARTITION ${name}`))
    await db.execute(sql.raw(`INSERT INTO events_default SELECT * FROM ${name}`))
    await db.execute(sql.raw(`DROP TABLE ${name}`))
  }
}
