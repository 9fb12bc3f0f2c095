// Sample data for local work: the same rows every time, from fixed dates and a fixed sequence of pseudo-random numbers.
import type { PgInsertValue, PgTable } from 'drizzle-orm/pg-core'
import type { Database } from './client.ts'
import * as schema from './schema/index.ts'
import { sampleRows } from './seed-rows.ts'

/** Rows inserted by one call; those that were there already are not counted. */
export interface SeedCounts {
  readonly organisations: number
  readonly users: number
  readonly userProfiles: number
  readonly sources: number
  readonly sessions: number
  readonly events: number
  readonly reports: number
}

/**
 * Inserts the sample rows that are not there yet, in one transaction: after a failure nothing was inserted.
 * Leaves existing rows alone, changed ones too. The database must be at the newest migration.
 */
export async function seed(db: Database): Promise<SeedCounts> {
  const rows = sampleRows()
  return db.transaction(async (tx) => ({
    organisations: await insertMissing(tx, schema.organisations, rows.organisations),
    users: await insertMissing(tx, schema.users, rows.users),
    userProfiles: await insertMissing(tx, schema.userProfiles, rows.userProfiles),
    sources: await insertMissing(tx, schema.sources, rows.sources),
    sessions: await insertMissing(tx, schema.sessions, rows.sessions),
    events: await insertMissing(tx, schema.events, rows.events),
    reports: await insertMissing(tx, schema.reports, rows.reports),
  }))
}

/** In chunks: one statement takes at most 65 535 parameters. */
async function insertMissing<T extends PgTable>(
  db: Pick<Database, 'insert'>,
  table: T,
  rows: readonly PgInsertValue<T>[],
): Promise<number> {
  const chunkSize = 1000
  let inserted = 0
  for (let start = 0; start < rows.length; start += chunkSize) {
    const chunk = rows.slice(start, start + chunkSize)
    const result = await db.insert(table).values(chunk).onConflictDoNothing()
    inserted += result.count
  }
  return inserted
}
