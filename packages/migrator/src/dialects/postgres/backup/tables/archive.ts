import { createHash } from 'node:crypto'
import type { BackupScope, StoredBackup } from '../../../../ports/backup.ts'
import { identifier, jsonLiteral, literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import type { TableShape } from './shape.ts'

/** A backup as the archive schema keeps it. */
export interface ArchivedBackup {
  readonly id: string
  /** ISO 8601; the server's time. */
  readonly createdAt: string
  readonly operation: BackupScope['operation']
  readonly runId: string
  readonly migrations: readonly string[]
  readonly toolVersion: string
  readonly sizeBytes: number
  readonly tables: readonly ArchivedTable[]
}

export interface ArchivedTable {
  readonly position: number
  readonly schema: string
  readonly table: string
  /** Its name in the archive schema. */
  readonly copy: string
  readonly rowCount: number
  /** The table as it was, to be compared with and to be rebuilt from. */
  readonly shape: TableShape
  /** Tables in the archive schema with the rows that putting back took out. */
  readonly replaced: readonly string[]
}

/** Creates the schema and its two tables where they are not there. */
export async function prepareArchive(on: SqlSession, schema: string): Promise<void> {
  const archive = identifier(schema)
  const [row] = await on.query(`
    SELECT (to_regnamespace(${literal(archive)}) IS NOT NULL)::text AS has_schema,
           (to_regclass(${literal(`${archive}.backup_tables`)}) IS NOT NULL)::text AS has_tables`)
  if (row?.has_tables === 'true') return
  if (row?.has_schema !== 'true') await on.execute(`CREATE SCHEMA IF NOT EXISTS ${archive}`)
  await on.execute(`
    CREATE TABLE IF NOT EXISTS ${archive}.backups (
      id text PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(), operation text NOT NULL, run_id text NOT NULL,
      migrations jsonb NOT NULL, tool_version text NOT NULL);
    CREATE TABLE IF NOT EXISTS ${archive}.backup_tables (
      backup_id text NOT NULL REFERENCES ${archive}.backups ON DELETE CASCADE, position int NOT NULL,
      schema_name text NOT NULL, table_name text NOT NULL, copy_name text NOT NULL UNIQUE, row_count bigint NOT NULL,
      columns_digest text NOT NULL, shape jsonb NOT NULL, replaced jsonb NOT NULL DEFAULT '[]',
      PRIMARY KEY (backup_id, position));
    COMMENT ON SCHEMA ${archive} IS 'Backups of tables by @repo/migrator; db:snapshot prune removes them.'`)
}

export async function readIds(on: SqlSession, schema: string): Promise<ReadonlySet<string>> {
  const rows = await on.query(`SELECT id FROM ${identifier(schema)}.backups`)
  return new Set(rows.map(({ id }) => id ?? ''))
}

/** Newest first; empty where there is no archive. */
export async function readAllBackups(on: SqlSession, schema: string): Promise<readonly ArchivedBackup[]> {
  const table = `${identifier(schema)}.backup_tables`
  const [found] = await on.query(`SELECT to_regclass(${literal(table)})::text AS found`)
  return found?.found ? readBackups(on, schema) : []
}

/** Of an archive that is there: all of it, or one backup. */
export async function readBackups(on: SqlSession, schema: string, id?: string): Promise<readonly ArchivedBackup[]> {
  const archive = identifier(schema)
  const rows = await on.query(`
    SELECT jsonb_build_object('id', b.id, 'operation', b.operation, 'runId', b.run_id, 'migrations', b.migrations, 'toolVersion', b.tool_version,
             'createdAt', to_char(b.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             'sizeBytes', coalesce((SELECT sum(pg_catalog.pg_total_relation_size(to_regclass(pg_catalog.format('%I.%I', ${literal(schema)}::text, t.copy_name))))
                                      FROM ${archive}.backup_tables t WHERE t.backup_id = b.id), 0),
             'tables', coalesce((SELECT jsonb_agg(jsonb_build_object('position', t.position, 'schema', t.schema_name, 'table', t.table_name,
                                        'copy', t.copy_name, 'rowCount', t.row_count, 'shape', t.shape, 'replaced', t.replaced) ORDER BY t.position)
                                   FROM ${archive}.backup_tables t WHERE t.backup_id = b.id), '[]'))::text AS backup
      FROM ${archive}.backups b ${id === undefined ? '' : `WHERE b.id = ${literal(id)}`} ORDER BY b.created_at DESC, b.id DESC`)
  return rows.map(({ backup }) => JSON.parse(backup ?? '') as ArchivedBackup)
}

/** Drops the copies, what putting them back has replaced, and the record. */
export async function removeBackup(on: SqlSession, schema: string, { id, tables }: ArchivedBackup): Promise<void> {
  const archive = identifier(schema)
  const names = tables.flatMap(({ copy, replaced }) => [copy, ...replaced])
  const drops = names.map((name) => `DROP TABLE IF EXISTS ${archive}.${identifier(name)}`)
  await on.execute([...drops, `DELETE FROM ${archive}.backups WHERE id = ${literal(id)}`].join(';\n'))
}

/** The beginning of the statement that records one copy; its count of rows follows as the last value. */
export function recordTableStatement(
  schema: string,
  id: string,
  table: Omit<ArchivedTable, 'rowCount' | 'replaced'>,
): string {
  const digest = createHash('sha256').update(JSON.stringify(table.shape.columns)).digest('hex')
  const values = [table.position, table.schema, table.table, table.copy, digest].map(literal).join(', ')
  return `INSERT INTO ${identifier(schema)}.backup_tables
    (backup_id, position, schema_name, table_name, copy_name, columns_digest, shape, row_count)
    VALUES (${literal(id)}, ${values}, ${jsonLiteral(table.shape)}, `
}

export function storedOf({ id, createdAt, sizeBytes, runId, migrations, tables }: ArchivedBackup): StoredBackup {
  return {
    id,
    provider: 'tables',
    state: 'available',
    createdAt,
    sizeBytes,
    own: true,
    runId,
    migrations,
    details: {
      tables: tables.map(({ schema, table, rowCount }) => ({ table: `${schema}.${table}`, rows: rowCount })),
      replaced: tables.flatMap(({ replaced }) => replaced),
    },
  }
}
