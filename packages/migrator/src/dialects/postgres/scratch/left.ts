import { setTimeout as sleep } from 'node:timers/promises'
import { literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'

const PATIENCE_MS = 1_000

/**
 * Waits until the sessions that were just closed are gone from a database, a second at most. CREATE and DROP DATABASE
 * would wait for them too, but look only ten times a second.
 */
export async function untilLeft(admin: SqlSession, database: string): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(2)) {
    const rows = await admin.query(
      `SELECT 1 AS there FROM pg_catalog.pg_stat_activity WHERE datname = ${literal(database)} LIMIT 1`,
    )
    if (rows.length === 0) return
  }
}
