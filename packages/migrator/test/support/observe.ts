import type { TestDatabase } from './database.ts'
import { until } from './until.ts'

/** The backend of the database that is in the middle of `pg_sleep`, not one that records the text of such a step; waits for one. */
export function sleeping(db: TestDatabase): Promise<number> {
  return until('a backend sleeps', async () => (await sleepers(db))[0])
}

/** Waits until no backend of the database sleeps any more. */
export function nobodySleeps(db: TestDatabase, limitMs?: number): Promise<true> {
  return until('nobody sleeps', async () => ((await sleepers(db)).length === 0 ? true : undefined), limitMs)
}

async function sleepers({ sql, name }: TestDatabase): Promise<readonly number[]> {
  const rows = await sql`
    SELECT pid FROM pg_stat_activity
     WHERE datname = ${name} AND pid <> pg_backend_pid() AND state = 'active'
       AND (wait_event = 'PgSleep' OR query LIKE '%pg_sleep%' AND query NOT LIKE '%schema_migrations%')`
  return rows.map(({ pid }) => pid)
}

/** Waits until a step's transaction has been asked for its id, right before the step's own text is sent. */
export function askedForTransactionId({ sql, name }: TestDatabase): Promise<number> {
  return until('the transaction is asked for its id', async () => {
    const [row] = await sql`
      SELECT pid FROM pg_stat_activity
       WHERE datname = ${name} AND pid <> pg_backend_pid() AND query LIKE '%pg_current_xact_id()%'`
    return row?.pid
  })
}

/** The backend that waits for a lock that another session holds; waits for one. */
export function waitingForLock({ sql, name }: TestDatabase): Promise<number> {
  return until('a backend waits for a lock', async () => {
    const [row] = await sql`SELECT pid FROM pg_stat_activity WHERE datname = ${name} AND wait_event_type = 'Lock'`
    return row?.pid
  })
}

/** Waits until CREATE INDEX CONCURRENTLY waits for those who still see the table without the index. */
export function building({ sql, name }: TestDatabase): Promise<number> {
  return until('an index is being built', async () => {
    const [row] = await sql`
      SELECT pid FROM pg_stat_progress_create_index WHERE datname = ${name} AND phase LIKE 'waiting for%'`
    return row?.pid
  })
}

/** The backend that holds the run lock; waits for one. */
export function lockHolder({ sql, name }: TestDatabase): Promise<number> {
  return until('somebody holds the run lock', async () => {
    const [row] = await sql`
      SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
       WHERE l.locktype = 'advisory' AND l.granted AND d.datname = ${name}`
    return row?.pid
  })
}

export async function terminate({ sql }: TestDatabase, pid: number): Promise<void> {
  await sql`SELECT pg_terminate_backend(${pid})`
}

/** The history in the order of application; a dirty one carries a mark: `['0001_one', '0002_two dirty']`. */
export async function historyOf({ sql }: TestDatabase): Promise<readonly string[]> {
  const [table] = await sql`SELECT to_regclass('public.schema_migrations') AS found`
  if (!table?.found) return []
  const rows = await sql`SELECT version, dirty FROM schema_migrations ORDER BY sequence`
  return rows.map(({ version, dirty }) => (dirty ? `${version} dirty` : version))
}

const NOT_OF_MIGRATIONS = new Set(['schema_migrations', 'migration_logs', 'migration_backups', 'pace'])

/** Tables outside the system's schemas, without the migrator's and the scene's own; those of `public` by their bare name. */
export async function tablesOf({ sql }: TestDatabase): Promise<readonly string[]> {
  const rows = await sql`
    SELECT CASE schemaname WHEN 'public' THEN tablename ELSE schemaname || '.' || tablename END AS name FROM pg_tables
     WHERE schemaname <> 'information_schema' AND schemaname NOT LIKE 'pg\\_%' ORDER BY 1`
  return rows.map(({ name }) => name as string).filter((name) => !NOT_OF_MIGRATIONS.has(name))
}

/** Names of the indexes on a table that are, or are not, valid. */
export async function indexesOf({ sql }: TestDatabase, table: string): Promise<Record<string, 'valid' | 'invalid'>> {
  const rows = await sql`
    SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index
     WHERE indrelid = to_regclass(${table}) ORDER BY 1`
  return Object.fromEntries(rows.map(({ name, valid }) => [name, valid ? 'valid' : 'invalid']))
}
