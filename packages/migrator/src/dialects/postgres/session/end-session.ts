import { setTimeout as pause } from 'node:timers/promises'
import { MigratorError } from '../../../errors.ts'
import { RUN_LOCK_CLASS } from '../history/run-lock.ts'
import { literal } from '../script/literal.ts'
import type { PostgresSession } from './session.ts'
import type { SqlSession } from './sql-session.ts'

const LOOK_AGAIN_MS = 50

export interface EndSessionOptions {
  /** A session beside the lost one. */
  readonly on: PostgresSession
  /** How the sessions of this program begin their name. */
  readonly label: string
  /** Processes of the server that are in use by connections that are not lost. */
  readonly others: readonly number[]
  readonly limitMs: number
}

/**
 * Ends what the server still has under way for a session that is lost to us, and resolves when that is over: then the
 * history says what became of it. Rejects with CONNECTION_LOST when it is not over within the limit.
 * https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SIGNAL
 */
export async function endSessionOf(lost: SqlSession, { on, label, others, limitMs }: EndSessionOptions): Promise<void> {
  const { connection } = lost as PostgresSession
  const { pid, startedAt, pooled } = connection.backend
  const own = pooled
    ? pooledSessions(label, connection.transactionPid, others)
    : `a.pid = ${pid} AND a.backend_start::text = ${literal(startedAt)}`
  const deadline = performance.now() + limitMs
  for (;;) {
    const rows = await on.query(
      `SELECT a.pid::text, pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE ${own}`,
    )
    if (rows.length === 0) return
    if (performance.now() > deadline)
      throw new MigratorError('CONNECTION_LOST', 'The server did not end the lost session.')
    await pause(LOOK_AGAIN_MS)
  }
}

/** Behind a pooler: the one that its transaction ran in or, where that is not known, whoever works under our name. */
function pooledSessions(label: string, transactionPid: number | undefined, others: readonly number[]): string {
  const named = `a.application_name LIKE ${literal(`${label}%`)} AND a.state <> 'idle' AND a.pid <> pg_catalog.pg_backend_pid()`
  if (transactionPid !== undefined) return `${named} AND a.pid = ${transactionPid}`
  return `${named} AND a.pid NOT IN (${[0, ...others].join()}) AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_locks l
    WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.classid = ${RUN_LOCK_CLASS} AND l.granted)`
}
