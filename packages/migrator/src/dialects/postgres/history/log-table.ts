import { lasting } from '../../../core/once.ts'
import { redact } from '../../../core/redact.ts'
import { MigratorError } from '../../../errors.ts'
import type { EventLog, LogRow, RunEvent } from '../../../ports/events.ts'
import { jsonLiteral, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { quoted, type TableName } from './table-name.ts'

/** How long events are gathered before they are sent, so that many short steps cost few messages. */
const LINGER_MS = 100

/** `migration_logs`, beside the history. */
export function logTableOf(history: TableName): TableName {
  return { schema: history.schema, table: 'migration_logs' }
}

export function logTableDefinition(name: TableName): string {
  return `CREATE TABLE ${quoted(name)} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    logged_at timestamptz NOT NULL DEFAULT now(),
    run_id text NOT NULL,
    level text NOT NULL,
    event text NOT NULL,
    version text,
    type text,
    message text NOT NULL,
    checksum text,
    duration_ms integer,
    reason text,
    operator jsonb,
    error jsonb,
    details jsonb
  )`
}

/** Kept in the log: what was attempted and how it ended; not the ticks in between. */
const LEFT_OUT = new Set<RunEvent['kind']>([
  'step-progress',
  'lock-waiting',
  'notice',
  'backup-started',
  'backup-progress',
])

/** Where no database can be written to there is no table to say so in. */
const UNREACHABLE = new Set<string>([
  'CONNECTION_FAILED',
  'AUTHENTICATION_FAILED',
  'DATABASE_NOT_FOUND',
  'DATABASE_READ_ONLY',
  'POOLER_UNSUITABLE',
])

/**
 * Writes every attempt to `migration_logs` over a session of its own, apart from the steps' transactions, so that a
 * failure stays on record although its step was rolled back. A log that cannot be written is a warning, not a failure.
 */
export function logTableSink(
  open: () => Promise<SqlSession>,
  name: TableName,
  operator: unknown,
  onWarning: (message: string) => void,
): EventLog {
  let waiting: RunEvent[] = []
  const session = lasting(open, ({ isLost }) => isLost)
  let opened: SqlSession | undefined
  let refused: unknown
  let writing: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let broken = false

  return {
    emit(event) {
      if (broken || LEFT_OUT.has(event.kind) || (event.error && UNREACHABLE.has(event.error.code))) return
      waiting.push(event)
      timer ??= setTimeout(write, LINGER_MS)
    },
    async flush() {
      write()
      await writing
    },
    async close() {
      await this.flush()
      if (refused !== undefined && waiting.length > 0) giveUp(refused)
      await opened?.close()
    },
  }

  /** A session that somebody ended (a restore in place, say) is replaced. */
  async function connected(): Promise<SqlSession | undefined> {
    try {
      refused = undefined
      opened = await session()
      return opened
    } catch (error) {
      refused = error
      return undefined
    }
  }

  function giveUp(error: unknown): void {
    broken = true
    onWarning(`The log table ${name.schema}.${name.table} cannot be written: ${(error as Error).message}`)
  }

  function write(): void {
    clearTimeout(timer)
    timer = undefined
    const rows = waiting
    waiting = []
    if (rows.length > 0) writing = writing.then(() => send(rows))
  }

  async function send(rows: readonly RunEvent[]): Promise<void> {
    const on = await connected()
    if (!on) {
      // Nothing was sent: it waits for the next attempt.
      waiting = [...rows, ...waiting]
      return
    }
    try {
      // One message is one transaction of its own: a failure leaves none open for the lines that follow.
      await on.execute(`SET LOCAL synchronous_commit = off; ${insert(name, rows, operator)}`)
    } catch (error) {
      // Before the first run there is no table: its lines wait until there is, or are gone with what was refused.
      if (error instanceof MigratorError && error.details.sqlstate === '42P01') {
        waiting = [...rows, ...waiting]
        return
      }
      giveUp(error)
    }
  }
}

function insert(name: TableName, rows: readonly RunEvent[], operator: unknown): string {
  const values = rows.map((event) => {
    const details = event.details || event.versions ? redact({ ...event.details, versions: event.versions }) : undefined
    const columns = [
      `${literal(event.timestamp)}::timestamptz`,
      literal(event.runId),
      literal(event.level),
      literal(event.kind),
      literal(event.version),
      literal(event.direction),
      literal(event.message),
      literal(event.checksum),
      literal(event.durationMs === undefined ? undefined : Math.round(event.durationMs)),
      literal(event.reason),
      jsonLiteral(operator),
      jsonLiteral(event.error && redact(event.error)),
      jsonLiteral(details),
    ]
    return `(${columns.join(', ')})`
  })
  return `INSERT INTO ${quoted(name)} (logged_at, run_id, level, event, version, type, message, checksum, duration_ms,
    reason, operator, error, details) VALUES ${values.join(', ')}`
}

/** The newest lines, without creating anything; empty where there is no log yet. */
export async function readLog(on: SqlSession, name: TableName, limit: number): Promise<readonly LogRow[]> {
  const [found] = await on.query(`SELECT pg_catalog.to_regclass(${literal(quoted(name))})::text AS found`)
  if (!found?.found) return []
  const rows = await on.query(`
    SELECT to_char(logged_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS logged_at, run_id, level, event, version,
           type, message, duration_ms::text AS duration_ms, reason, operator::text AS operator, error::text AS error
      FROM ${quoted(name)} ORDER BY id DESC LIMIT ${limit}`)
  return rows.map((row) => ({
    loggedAt: row.logged_at ?? '',
    runId: row.run_id ?? '',
    level: row.level ?? '',
    event: row.event ?? '',
    version: row.version ?? undefined,
    direction: row.type ?? undefined,
    message: row.message ?? '',
    durationMs: row.duration_ms == null ? undefined : Number(row.duration_ms),
    reason: row.reason ?? undefined,
    operator: row.operator == null ? undefined : JSON.parse(row.operator),
    error: row.error == null ? undefined : JSON.parse(row.error),
  }))
}
