import { createHash } from 'node:crypto'
import { MigratorError } from '../../../errors.ts'
import type { LockHolder, RunLock } from '../../../ports/run-lock.ts'
import { literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import type { OpenConnection } from '../wire/open-connection.ts'

const HERE = '(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())'

const HELD_KEY = (name: string, database = HERE) => {
  const [classId, objectId] = lockKeyOf(name)
  return `l.locktype = 'advisory' AND l.classid = ${classId} AND l.objid = ${objectId >>> 0} AND l.objsubid = 2 AND l.granted
    AND l.database = ${database}`
}

/**
 * A transaction-level advisory lock in an open READ COMMITTED transaction on a connection of its own. A session-level
 * one would be lost or stranded behind PgBouncer in transaction mode; and a waiting one would deadlock with
 * CREATE INDEX CONCURRENTLY, so it is only ever tried. An idle READ COMMITTED transaction holds no snapshot that
 * CONCURRENTLY would wait for. https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */
export class PostgresRunLock implements RunLock {
  readonly #connection: OpenConnection
  /** SQL that is true while this very transaction holds the lock. */
  readonly heldCondition: string

  constructor(connection: OpenConnection, heldCondition: string) {
    this.#connection = connection
    this.heldCondition = heldCondition
  }

  get lost(): Promise<void> {
    return this.#connection.lost
  }

  async isHeld(on: SqlSession): Promise<boolean> {
    const [row] = await on.query(`SELECT (${this.heldCondition})::text AS held`)
    return row?.held === 'true'
  }

  async release(): Promise<void> {
    const { isLost, client } = this.#connection
    // Ending the connection ends the transaction; the server ends that of a lost one.
    if (!isLost) await this.#connection.track(client.unsafe('COMMIT')).catch(() => undefined)
    await this.#connection.end()
  }
}

/**
 * Tries once. Undefined when another session holds it; the connection stays with the caller, after a failure too. Throws
 * DATABASE_READ_ONLY where nothing can be written. The server releases the lock of a holder from which it has heard nothing
 * for `leaseMs`, so whoever holds it speaks more often than that.
 */
export async function tryRunLock(
  connection: OpenConnection,
  name: string,
  leaseMs: number,
): Promise<PostgresRunLock | undefined> {
  const [classId, objectId] = lockKeyOf(name)
  const ask = (sql: string) => connection.track(connection.client.unsafe(sql).simple())
  const noTransactionTimeout = connection.backend.versionNumber >= 170000 ? 'SET LOCAL transaction_timeout = 0;' : ''
  // One message, and so one round trip. What the lock's own row says is read by a statement that starts after it is held.
  const results = await ask(`
    BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = ${leaseMs};
    SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; ${noTransactionTimeout}
    SELECT pg_catalog.pg_try_advisory_xact_lock(${classId}, ${objectId})::text AS obtained, pg_catalog.pg_backend_pid() AS pid,
           (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AS database,
           pg_catalog.pg_is_in_recovery()::text AS standby, pg_catalog.current_setting('transaction_read_only') AS read_only;
    SELECT l.virtualtransaction AS transaction FROM pg_catalog.pg_locks l
     WHERE ${HELD_KEY(name)} AND l.pid = pg_catalog.pg_backend_pid()`)
  const [[row], [own]] = results.slice(-2) as unknown as readonly [Rows, Rows]
  if (row?.standby === 'true')
    throw new MigratorError('DATABASE_READ_ONLY', 'The server is a standby: it is read-only.')
  if (row?.read_only === 'on') {
    throw new MigratorError('DATABASE_READ_ONLY', 'The database is read-only: default_transaction_read_only is on.')
  }
  if (row?.obtained !== 'true') {
    await ask('ROLLBACK')
    return undefined
  }
  connection.transactionPid = Number(row.pid)
  const condition = `EXISTS (SELECT 1 FROM pg_catalog.pg_locks l WHERE ${HELD_KEY(name, String(Number(row.database)))}
    AND l.pid = ${Number(row.pid)} AND l.virtualtransaction = ${literal(String(own?.transaction))})`
  return new PostgresRunLock(connection, condition)
}

/** The driver gives the rows of several statements as an array each, which its types do not say. */
type Rows = readonly Readonly<Record<string, unknown>>[]

/** Who holds the lock now. */
export async function runLockHolder(on: SqlSession, name: string): Promise<LockHolder | undefined> {
  const [row] = await on.query(`
    SELECT l.pid::text AS pid, coalesce(a.application_name, '') AS application_name,
           coalesce(to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '') AS since
      FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE ${HELD_KEY(name)} LIMIT 1`)
  return row && { pid: Number(row.pid), applicationName: row.application_name ?? '', since: row.since ?? '' }
}

/** Tells our locks from those of applications. */
export const RUN_LOCK_CLASS = 0x6d696772

/** One lock for each history table. */
function lockKeyOf(name: string): readonly [number, number] {
  const digest = createHash('sha256').update(name).digest()
  return [RUN_LOCK_CLASS, digest.readInt32BE(0)]
}
