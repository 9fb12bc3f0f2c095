import type { Database } from '../../../ports/database.ts'
import { asSql, type SqlSession } from '../session/sql-session.ts'

/** How long to wait for anything that normally happens on its own within a second or two. */
export const PATIENCE_MS = 30_000

/** Refused by the parser: whatever is sent, the transaction it is sent in has failed. */
const NO_STATEMENT = 'injected failure'

/** Fails the transaction of a session, if it is in one, as a statement that fails would. */
export async function failTransaction(on: SqlSession): Promise<void> {
  // It is sent to fail.
  await on.execute(NO_STATEMENT).catch(() => undefined)
}

/** Keeps a session busy in the server; it is cut or killed meanwhile. */
export async function linger(on: SqlSession): Promise<void> {
  await on.execute(`SELECT pg_catalog.pg_sleep(${PATIENCE_MS / 1000})`)
}

/** Ends the server's process behind a session. */
export async function cut(on: SqlSession, serverPid: number): Promise<void> {
  await on.query(`SELECT pg_catalog.pg_terminate_backend(${serverPid})::text AS sent`)
}

/** Asks the server to cancel what a session runs. */
export async function cancel(on: SqlSession, serverPid: number): Promise<void> {
  await on.query(`SELECT pg_catalog.pg_cancel_backend(${serverPid})::text AS sent`)
}

/**
 * Opens a transaction with a snapshot. An index that is built CONCURRENTLY waits for it when it is ready but not yet
 * valid. https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
 */
export async function holdSnapshot(database: Database): Promise<SqlSession> {
  const session = asSql(await database.connect({ modules: false }))
  await session.begin({ lockTimeoutMs: 0, statementTimeoutMs: 0 })
  await session.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  await session.query('SELECT 1::text AS one')
  return session
}

/** Whether a statement builds an index in several transactions. */
export function buildsConcurrently(sql: string): boolean {
  return /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*create\s+(?:unique\s+)?index\s+concurrently\b/i.test(sql)
}
