import type { Activity, Blocker } from '../ports.ts'
import { literal } from '../sql/literal.ts'
import { RUN_LOCK_CLASS } from './run-lock.ts'

const COLUMNS = `a.pid::text AS pid, coalesce(a.application_name, '') AS application_name, coalesce(a.state, '') AS state,
  coalesce(to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '') AS since,
  left(coalesce(a.query, ''), 200) AS query`

/** What other sessions do, from pg_stat_activity. */
export function createActivity(): Activity {
  return {
    async blockersOf(on, serverPid) {
      const rows = await on.query(`
        SELECT ${COLUMNS} FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(${serverPid})) AS b(pid)
          LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid WHERE a.pid IS NOT NULL`)
      return rows.map(blockerOf)
    },
    async lockWaitMs(on, applicationName) {
      const [row] = await on.query(`
        SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart) * 1000), 0)::int::text AS waited
          FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
         WHERE NOT l.granted AND a.application_name = ${literal(applicationName)}`)
      return Number(row?.waited)
    },
    async stillWorking(on, applicationName) {
      // Who asks holds the run lock, under the same name where the earlier run was one of the same adapter.
      const rows = await on.query(`
        SELECT ${COLUMNS} FROM pg_catalog.pg_stat_activity a
         WHERE a.application_name = ${literal(applicationName)} AND a.pid <> pg_catalog.pg_backend_pid()
           AND a.datname = pg_catalog.current_database() AND a.state <> 'idle'
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_locks l
                            WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.classid = ${RUN_LOCK_CLASS} AND l.granted)`)
      return rows.map(blockerOf)
    },
  }
}

function blockerOf(row: Readonly<Record<string, string | null>>): Blocker {
  return {
    pid: Number(row.pid),
    applicationName: row.application_name ?? '',
    state: row.state ?? '',
    since: row.since ?? '',
    query: row.query ?? '',
  }
}
