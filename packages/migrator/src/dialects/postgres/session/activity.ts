import type { Activity, Blocker } from '../../../ports/activity.ts'
import { RUN_LOCK_CLASS } from '../history/run-lock.ts'
import type { TableName } from '../history/table-name.ts'
import { literal } from '../script/literal.ts'
import { objectorOf } from './objector.ts'
import type { SqlSession } from './sql-session.ts'

const COLUMNS = `a.pid::text AS pid, coalesce(a.application_name, '') AS application_name, coalesce(a.state, '') AS state,
  coalesce(to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '') AS since,
  left(coalesce(a.query, ''), 200) AS query`

/** What other sessions do, from pg_stat_activity. `inUse`: the server's processes of this program that are not lost. */
export function createActivity(inUse: () => readonly number[], historyTable: TableName): Activity {
  return {
    async blockersOf(on: SqlSession, waiting: SqlSession) {
      // A pooler gives each transaction another process of the server.
      return waiting.pooled ? [] : blockersOf(on, waiting.serverPid)
    },
    async lockWaitMs(on: SqlSession, applicationName) {
      const [row] = await on.query(`
        SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart) * 1000), 0)::int::text AS waited
          FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
         WHERE NOT l.granted AND a.application_name = ${literal(applicationName)}`)
      return Number(row?.waited)
    },
    async endOrphansOf(on: SqlSession, applicationName) {
      const theirs = `a.application_name = ${literal(applicationName)} AND ${OURS} AND a.pid NOT IN (${[0, ...inUse()].join()})
        AND NOT ${holdsLock('l.pid = a.pid')}`
      // A pooler keeps its connections, with the name of whoever used them last.
      const left = on.pooled ? `${theirs} AND a.state <> 'idle'` : theirs
      await on.query(`SELECT pg_catalog.pg_terminate_backend(a.pid) ${FROM} WHERE ${left} AND a.state LIKE 'idle%'`)
      return (await on.query(`SELECT ${COLUMNS} ${FROM} WHERE ${left}`)).map(blockerOf)
    },
    endingOf: ({ pid }) => `SELECT pg_terminate_backend(${pid})`,
    objectorOf: (on: SqlSession, error) => objectorOf(on, error, historyTable),
    async endAbandoned(on: SqlSession) {
      await on.query(`
        SELECT pg_catalog.pg_terminate_backend(a.pid) ${FROM}
         WHERE a.application_name LIKE 'migrator/%' AND ${OURS} AND a.backend_xid IS NOT NULL AND a.state LIKE 'idle in%'
           AND a.state_change < pg_catalog.clock_timestamp() - interval '1 s'
           AND NOT ${holdsLock('l.pid IN (SELECT o.pid FROM pg_catalog.pg_stat_activity o WHERE o.application_name = a.application_name)')}`)
    },
  }
}

/** Sessions that keep a process of the server waiting. */
export async function blockersOf(on: SqlSession, serverPid: number): Promise<readonly Blocker[]> {
  const rows = await on.query(`
    SELECT ${COLUMNS} FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(${serverPid})) AS b(pid)
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid WHERE a.pid IS NOT NULL`)
  return rows.map(blockerOf)
}

const FROM = 'FROM pg_catalog.pg_stat_activity a'

const OURS = 'a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()'

function holdsLock(whose: string): string {
  return `EXISTS (SELECT 1 FROM pg_catalog.pg_locks l
    WHERE ${whose} AND l.locktype = 'advisory' AND l.classid = ${RUN_LOCK_CLASS} AND l.granted)`
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
