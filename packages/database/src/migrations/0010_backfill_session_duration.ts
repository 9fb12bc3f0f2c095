// One UPDATE of a whole table holds every row's lock until it ends, bloats the table, and starts over if it fails.
// So: batches in key order, each of which commits by itself (`transaction = false`); a second start goes on where
// the first one stopped, because finished rows no longer match. Reading by key never rescans finished rows.
// The mark column is what makes `down` truthful: it empties what was filled here, and never a value of somebody else.
import { sql } from 'drizzle-orm'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'

export const id = '0010_backfill_session_duration'
export const description = 'Fill the duration of sessions that are older than the column'
export const transaction = false

const batchSize = 1000

export async function up(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql`
    ALTER TABLE sessions ADD COLUMN IF NOT EXISTS duration_backfilled boolean NOT NULL DEFAULT false`)
  await db.execute(sql`
    COMMENT ON COLUMN sessions.duration_backfilled IS 'duration_seconds was computed afterwards, not measured.'`)
  let last: string | undefined
  do {
    last = await fillBatch(db, last)
  } while (last !== undefined)
}

export async function verify(db: PostgresJsDatabase): Promise<void> {
  const [row] = await db.execute<{ missing: number }>(sql`
    SELECT count(*)::int AS missing FROM sessions WHERE duration_seconds IS NULL`)
  if (row && row.missing > 0) {
    throw new Error(`${row.missing} sessions have no duration_seconds: find what sets it to NULL, then migrate again.`)
  }
}

/** Also undoes an `up` that stopped anywhere: before the column was added, or between two batches. */
export async function down(db: PostgresJsDatabase): Promise<void> {
  if (!(await markExists(db))) return
  let last: string | undefined
  do {
    last = await emptyBatch(db, last)
  } while (last !== undefined)
  await db.execute(sql`ALTER TABLE sessions DROP COLUMN duration_backfilled`)
}

/** Fills up to `batchSize` rows after `last`; returns the last id of them, or undefined when none was left. */
async function fillBatch(db: PostgresJsDatabase, last: string | undefined): Promise<string | undefined> {
  const [row] = await db.execute<{ id: string }>(sql`
    WITH batch AS (
      SELECT id FROM sessions
      WHERE duration_seconds IS NULL AND ${after(last)}
      ORDER BY id LIMIT ${batchSize}
    ), filled AS (
      UPDATE sessions
      SET duration_seconds = session_seconds(started_at, ended_at), duration_backfilled = true
      FROM batch
      WHERE sessions.id = batch.id AND sessions.duration_seconds IS NULL
    )
    SELECT id FROM batch ORDER BY id DESC LIMIT 1`)
  return row?.id
}

async function emptyBatch(db: PostgresJsDatabase, last: string | undefined): Promise<string | undefined> {
  const [row] = await db.execute<{ id: string }>(sql`
    WITH batch AS (
      SELECT id FROM sessions
      WHERE duration_backfilled AND ${after(last)}
      ORDER BY id LIMIT ${batchSize}
    ), emptied AS (
      UPDATE sessions
      SET duration_seconds = NULL, duration_backfilled = false
      FROM batch
      WHERE sessions.id = batch.id AND sessions.duration_backfilled
    )
    SELECT id FROM batch ORDER BY id DESC LIMIT 1`)
  return row?.id
}

function after(last: string | undefined) {
  return last === undefined ? sql`true` : sql`id > ${last}`
}

async function markExists(db: PostgresJsDatabase): Promise<boolean> {
  const rows = await db.execute(sql`
    SELECT FROM pg_attribute
    WHERE attrelid = 'sessions'::regclass AND attname = 'duration_backfilled' AND NOT attisdropped`)
  return rows.length > 0
}
