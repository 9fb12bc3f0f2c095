import { literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'

/** Who keeps a database busy, for a message: `4711 (psql), prepared transaction "x"`. */
export async function sessionsText(on: SqlSession, database: string): Promise<string> {
  const rows = await on.query(`
    SELECT pid::text || coalesce(' (' || coalesce(nullif(application_name, ''), usename::text) || ')', '') AS who
      FROM pg_catalog.pg_stat_activity WHERE datname = ${literal(database)} AND pid <> pg_catalog.pg_backend_pid()
    UNION ALL
    SELECT 'prepared transaction "' || gid || '"' FROM pg_catalog.pg_prepared_xacts WHERE database = ${literal(database)}`)
  return rows.map(({ who }) => who).join(', ') || 'a session that has ended meanwhile'
}

/** Ends the sessions of a database. Needs the right to signal them (their role, or pg_signal_backend). */
export async function endSessions(on: SqlSession, database: string): Promise<void> {
  await on.query(`
    SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
     WHERE datname = ${literal(database)} AND pid <> pg_catalog.pg_backend_pid()`)
}
