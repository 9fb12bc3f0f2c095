import { MigratorError } from '../../../errors.ts'
import type { Database } from '../../../ports/database.ts'
import { identifier, literal } from '../script/literal.ts'
import { asSql, type SqlSession } from '../session/sql-session.ts'

/**
 * Drops a database with all sessions that are still in it, such as the backend of a killed process. What a migration left
 * there and DROP DATABASE refuses goes first: https://www.postgresql.org/docs/current/sql-dropdatabase.html
 */
export async function dropDatabase(
  admin: SqlSession,
  name: string,
  open: (database: string) => Database,
): Promise<void> {
  if (admin.isLost) return // The next process finds it.
  const drop = () => admin.execute(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`)
  try {
    await drop()
  } catch (error) {
    if (!(error instanceof MigratorError) || !REFUSED.includes(String(error.details.sqlstate))) throw error
    await release(admin, name, open)
    await drop()
  }
}

// object_in_use (subscriptions, prepared transactions, active slots) and wrong_object_type (marked as a template).
const REFUSED = ['55006', '42809']

async function release(admin: SqlSession, name: string, open: (database: string) => Database): Promise<void> {
  await admin.execute(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`)
  await admin.query(`
    SELECT pg_catalog.pg_terminate_backend(active_pid, 1000)::text AS ended FROM pg_catalog.pg_replication_slots
     WHERE database = ${literal(name)} AND active_pid IS NOT NULL`)
  const [held] = await admin.query(`
    SELECT 1 AS held WHERE EXISTS (SELECT FROM pg_catalog.pg_prepared_xacts WHERE database = ${literal(name)})
        OR EXISTS (SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
                    WHERE d.datname = ${literal(name)})`)
  if (!held) return
  const database = open(name)
  try {
    await releaseInside(asSql(await database.connect({ modules: false })))
  } finally {
    await database.close()
  }
}

/** Prepared transactions and subscriptions can be ended only from within their database. */
async function releaseInside(session: SqlSession): Promise<void> {
  const prepared = await session.query(
    'SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()',
  )
  for (const { gid } of prepared) await session.execute(`ROLLBACK PREPARED ${literal(gid ?? '')}`)
  const subscriptions = await session.query(`
    SELECT s.subname AS name FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
     WHERE d.datname = pg_catalog.current_database()`)
  if (subscriptions.length === 0) return
  // Event triggers that the migrations left may object.
  await session.execute('SET session_replication_role = replica')
  for (const { name } of subscriptions) {
    const quoted = identifier(name ?? '')
    await session.execute(`ALTER SUBSCRIPTION ${quoted} DISABLE`)
    // Without its slot, dropping it asks no publisher.
    await session.execute(`ALTER SUBSCRIPTION ${quoted} SET (slot_name = NONE)`)
    await session.execute(`DROP SUBSCRIPTION ${quoted}`)
  }
}
