import type { BackupRecord, BackupStore } from '../../../ports/backup.ts'
import { jsonLiteral, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { quoted, type TableName } from './table-name.ts'

/** `migration_backups`, beside the history. */
export function backupTableOf(history: TableName): TableName {
  return { schema: history.schema, table: 'migration_backups' }
}

export function backupTableDefinition(name: TableName): string {
  return `CREATE TABLE ${quoted(name)} (
    id text NOT NULL,
    provider text NOT NULL,
    run_id text NOT NULL,
    operation text NOT NULL,
    migration text,
    state text NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    size_bytes bigint,
    reason text,
    restore_command text,
    details jsonb,
    PRIMARY KEY (id, run_id)
  )`
}

/** The backups of a database, kept in it. Reading creates nothing; there is nothing to record in until `prepare` was called. */
export function createBackupStore(name: TableName): BackupStore {
  return {
    async prepare(on: SqlSession) {
      if (!(await exists(on, name))) await on.execute(backupTableDefinition(name))
    },
    async record(on: SqlSession, backup) {
      if (!(await exists(on, name))) return 'absent'
      await on.execute(upsert(name, backup))
      return 'recorded'
    },
    async read(on: SqlSession, limit) {
      if (!(await exists(on, name))) return []
      const rows = await on.query(`
        SELECT id, provider, run_id, operation, migration, state, ${iso('created_at')}, ${iso('finished_at')},
               size_bytes::text AS size_bytes, reason, restore_command, details::text AS details
          FROM ${quoted(name)} ORDER BY migration_backups.created_at DESC, id DESC LIMIT ${limit}`)
      return rows.map(recordOf)
    },
  }
}

async function exists(on: SqlSession, name: TableName): Promise<boolean> {
  const [row] = await on.query(`SELECT pg_catalog.to_regclass(${literal(quoted(name))})::text AS found`)
  return row?.found != null
}

function upsert(name: TableName, backup: BackupRecord): string {
  const values: Readonly<Record<string, string>> = {
    id: literal(backup.id),
    provider: literal(backup.provider),
    run_id: literal(backup.runId),
    operation: literal(backup.operation),
    migration: literal(backup.migration),
    state: literal(backup.state),
    created_at: `${literal(backup.createdAt)}::timestamptz`,
    finished_at: `${literal(backup.finishedAt)}::timestamptz`,
    size_bytes: literal(backup.sizeBytes),
    reason: literal(backup.reason),
    restore_command: literal(backup.restoreCommand),
    details: jsonLiteral(backup.details),
  }
  const columns = Object.keys(values)
  const replaced = columns.filter((column) => column !== 'id' && column !== 'run_id')
  return `INSERT INTO ${quoted(name)} (${columns.join(', ')}) VALUES (${Object.values(values).join(', ')})
    ON CONFLICT (id, run_id) DO UPDATE SET ${replaced.map((column) => `${column} = EXCLUDED.${column}`).join(', ')}`
}

function iso(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ${column}`
}

function recordOf(row: Readonly<Record<string, string | null>>): BackupRecord {
  return {
    id: row.id ?? '',
    provider: row.provider ?? '',
    runId: row.run_id ?? '',
    operation: (row.operation ?? 'manual') as BackupRecord['operation'],
    migration: row.migration ?? undefined,
    state: (row.state ?? 'creating') as BackupRecord['state'],
    createdAt: row.created_at ?? '',
    finishedAt: row.finished_at ?? undefined,
    sizeBytes: row.size_bytes == null ? undefined : Number(row.size_bytes),
    reason: row.reason ?? undefined,
    restoreCommand: row.restore_command ?? undefined,
    details: row.details == null ? undefined : JSON.parse(row.details),
  }
}
