import type { CatalogDigest, HistoryChange, HistoryEntry, NewEntry } from '../../../core/history.ts'
import type { SourceFile } from '../../../core/migration.ts'
import { checkOptions, text } from '../../../core/options.ts'
import type { HistoryStore } from '../../../ports/history-store.ts'
import { jsonLiteral, LONG, literal, storable } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { backupTableDefinition, backupTableOf } from './backup-table.ts'
import { mayHarmHistory } from './harm.ts'
import { historyFailure, preparationFailure, refuseUnreadable, refuseWithoutPrivileges } from './history-failure.ts'
import { historyDefinition, historyShape, schemaDefinition } from './history-table.ts'
import { logTableDefinition, logTableOf } from './log-table.ts'
import { parseTableName, quoted, type TableName } from './table-name.ts'

/** Reading order and expressions of the columns; each comes as text. */
const READ: Readonly<Record<string, string>> = {
  version: 'version',
  applied_at: `to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  checksum: 'checksum',
  dirty: 'dirty::text',
  sequence: 'sequence::text',
  batch: 'batch::text',
  description: 'description',
  format: 'format',
  duration_ms: 'duration_ms::text',
  down_checksum: 'down_checksum',
  imports_checksum: 'imports_checksum',
  transactional: 'transactional::text',
  irreversible: 'irreversible',
  operator: 'operator::text',
  tool_version: 'tool_version',
  run_id: 'run_id',
  schema_fingerprint: 'schema_fingerprint',
  progress: 'progress::text',
}

/**
 * The history as a table of the migrated database: `schema_migrations` unless told otherwise. Its records are written
 * on the step's own session, so that they commit, or vanish, with it. The caller owns session and transaction.
 */
export class TableStateStore implements HistoryStore {
  readonly commitsWithStep = true
  readonly #name: TableName

  constructor(options: { readonly table?: string | undefined } = {}) {
    checkOptions('TableStateStore', options, { table: text })
    this.#name = parseTableName(options.table ?? 'schema_migrations')
  }

  /** The table's name with its schema; the run lock is derived from it. */
  get qualifiedName(): string {
    return `${this.#name.schema}.${this.#name.table}`
  }

  async read(on: SqlSession): Promise<readonly HistoryEntry[]> {
    const shape = await historyShape(on, this.#name)
    if (shape.kind === 'absent') return []
    const present = Object.entries(READ).filter(([column]) => shape.columns.has(column))
    const archived = shape.columns.has('sources') ? '(sources IS NOT NULL)::text' : `'false'`
    const order = shape.columns.has('sequence') ? 'sequence' : 'applied_at, version'
    refuseUnreadable(this.#name, shape)
    const rows = await on.query(`
      SELECT ${present.map(([column, expression]) => `${expression} AS ${column}`).join(', ')}, ${archived} AS archived
        FROM ${quoted(this.#name)} ORDER BY ${order}`)
    return rows.map(entryOf)
  }

  async prepare(on: SqlSession): Promise<void> {
    const shape = await historyShape(on, this.#name)
    const definition = historyDefinition(this.#name, shape)
    refuseWithoutPrivileges(this.#name, shape)
    const log = logTableOf(this.#name)
    const backups = backupTableOf(this.#name)
    try {
      const present = await presentTables(on, this.#name.schema, [log.table, backups.table])
      const missing = [
        ...(definition ? [schemaDefinition(this.#name), definition] : []),
        ...(present.has(log.table) ? [] : [logTableDefinition(log)]),
        ...(present.has(backups.table) ? [] : [backupTableDefinition(backups)]),
      ]
      if (missing.length > 0) await on.execute(missing.join(';\n'))
    } catch (cause) {
      throw preparationFailure(cause, this.#name, shape)
    }
  }

  /** A subclass that records in its own way may do more. */
  recordsAtOnce(): boolean {
    return this.record === TableStateStore.prototype.record
  }

  async record(on: SqlSession, ...changes: readonly HistoryChange[]): Promise<void> {
    if (changes.length === 0) return
    try {
      const checks = keptChecks(quoted(this.#name), changes)
      await on.execute([...this.#statements(changes), ...checks].join(';\n'))
    } catch (cause) {
      throw historyFailure(cause, this.#name)
    }
  }

  async confirm(on: SqlSession, atLeast: number): Promise<void> {
    const enough = `SELECT CASE WHEN pg_catalog.count(*) >= ${atLeast} THEN 0 ELSE -1 END FROM ${quoted(this.#name)}`
    try {
      await on.execute(`SELECT FROM (SELECT) AS one OFFSET (${enough})`)
    } catch (cause) {
      throw historyFailure(cause, this.#name)
    }
  }

  mayBeHarmedBy(statement: string): boolean {
    return mayHarmHistory(statement, this.#name)
  }

  async sources(on: SqlSession, id: string): Promise<readonly SourceFile[]> {
    const shape = await historyShape(on, this.#name)
    if (shape.kind === 'absent' || !shape.columns.has('sources')) return []
    const [row] = await on.query(
      `SELECT sources::text AS sources FROM ${quoted(this.#name)} WHERE version = ${literal(id)}`,
    )
    return row?.sources ? (JSON.parse(row.sources) as SourceFile[]) : []
  }

  async catalogBefore(on: SqlSession, id: string): Promise<CatalogDigest | undefined> {
    const [row] = await on.query(
      `SELECT catalog_before::text AS before FROM ${quoted(this.#name)} WHERE version = ${literal(id)}`,
    )
    return row?.before ? (JSON.parse(row.before) as CatalogDigest) : undefined
  }

  /** What all changes have in common is said once: a long batch is recorded in a few statements. */
  #statements(changes: readonly HistoryChange[]): readonly string[] {
    const table = quoted(this.#name)
    const applied = changes.filter((change) => change.kind === 'applied')
    if (applied.length === changes.length) return insertAll(table, applied)
    const reverted = changes.filter((change) => change.kind === 'reverted')
    if (reverted.length < changes.length) return changes.map((change) => this.#statement(table, change))
    return [remove(table, ...reverted.map(({ id }) => id))]
  }

  #statement(table: string, change: HistoryChange): string {
    switch (change.kind) {
      case 'applied':
        return insertAll(table, [change]).join(';')
      case 'began':
        return `${insert(table, change.entry, {
          dirty: 'true',
          progress: jsonLiteral(change.progress),
          catalog_before: jsonLiteral(change.before),
        })} ON CONFLICT (version) DO UPDATE SET dirty = true, progress = EXCLUDED.progress, catalog_before = EXCLUDED.catalog_before`
      case 'progressed':
        return `UPDATE ${table} SET progress = ${jsonLiteral(change.progress)} WHERE version = ${literal(change.id)}`
      case 'settled':
        return `UPDATE ${table} SET dirty = false, progress = NULL, catalog_before = NULL${ended(change.durationMs)}
          WHERE version = ${literal(change.id)}`
      case 'reverted':
        return remove(table, change.id)
      case 'accepted':
        return `UPDATE ${table} SET ${ofTheFile(change.entry)}
          WHERE version = ${literal(change.entry.id)}`
      case 'fingerprinted':
        return `UPDATE ${table} SET schema_fingerprint = ${literal(change.fingerprint)} WHERE version = ${literal(change.id)}`
    }
  }
}

/** Raises 2201G unless every one of them is there. */
function remove(table: string, ...ids: readonly string[]): string {
  const these = `FROM ${table} WHERE version IN (${ids.map((id) => literal(id)).join(', ')})`
  return `SELECT pg_catalog.width_bucket(0, 0, 1, CASE WHEN pg_catalog.count(*) = ${ids.length} THEN 1 ELSE 0 END)
    FROM (SELECT 1 ${these} FOR UPDATE) AS there;
    DELETE ${these}`
}

/** A trigger, a rule or row security of the table may drop a record; this raises 2201W then. */
function keptChecks(table: string, changes: readonly HistoryChange[]): readonly string[] {
  const added = changes.flatMap((each) => (each.kind === 'applied' || each.kind === 'began' ? [each.entry.id] : []))
  const removed = changes.flatMap((each) => (each.kind === 'reverted' ? [each.id] : []))
  const check = (ids: readonly string[], count: number) =>
    ids.length === 0
      ? []
      : [
          `SELECT FROM (SELECT) AS one LIMIT (SELECT CASE WHEN pg_catalog.count(*) = ${count} THEN 1 ELSE -1 END
             FROM ${table} WHERE version IN (${ids.map((id) => literal(id)).join(', ')}))`,
        ]
  return [...check(removed, 0), ...check(added, added.length)]
}

const ROWS_AT_ONCE = 200

function insertAll(table: string, applied: readonly (HistoryChange & { kind: 'applied' })[]): readonly string[] {
  const statements: string[] = []
  for (let from = 0; from < applied.length; from += ROWS_AT_ONCE) {
    const rows = applied.slice(from, from + ROWS_AT_ONCE).map(({ entry, timed, agoMs, at, sequence }) =>
      valuesOf(entry, {
        dirty: 'false',
        // One clock for all of them: the time at which the statement came.
        ...(agoMs === undefined
          ? {}
          : { applied_at: `pg_catalog.statement_timestamp() - interval '${agoMs.toFixed(1)} ms'` }),
        ...(at === undefined ? {} : { applied_at: `${literal(at)}::timestamptz` }),
        ...(timed ? { duration_ms: SINCE_BEGIN } : {}),
        ...(sequence === undefined ? {} : { sequence: literal(sequence) }),
      }),
    )
    const columns = Object.keys(rows[0] ?? {}).join(', ')
    const tuples = rows.map((row) => `(${Object.values(row).join(', ')})`)
    statements.push(`INSERT INTO ${table} (${columns}) VALUES ${tuples.join(',\n')}`)
  }
  return statements
}

/** now() is the beginning of the transaction. */
const SINCE_BEGIN = '(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.now()) * 1000)::int'

/** A step outside a transaction is recorded before it begins; its time is that of its end. */
function ended(durationMs: number | undefined): string {
  if (durationMs === undefined) return ''
  return `, applied_at = pg_catalog.clock_timestamp(), duration_ms = ${literal(durationMs)}`
}

/** What an entry takes from the migration's file; the rest tells of the run that applied it. */
const OF_THE_FILE: ReadonlySet<string> = new Set([
  ...['checksum', 'down_checksum', 'imports_checksum', 'sources'],
  ...['description', 'format', 'transactional', 'irreversible'],
])

function ofTheFile(entry: NewEntry): string {
  const values = Object.entries(valuesOf(entry, {})).filter(([column]) => OF_THE_FILE.has(column))
  return values.map(([column, value]) => `${column} = ${value}`).join(', ')
}

function insert(table: string, entry: NewEntry, extra: Readonly<Record<string, string>>): string {
  const values = valuesOf(entry, extra)
  // Not joined: a source can be long, and joining copies it.
  const listed = Object.values(values).reduce((list, value) => `${list}, ${value}`)
  return `INSERT INTO ${table} (${Object.keys(values).join(', ')}) VALUES (${listed})`
}

function valuesOf(entry: NewEntry, extra: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    version: literal(entry.id),
    applied_at: 'pg_catalog.clock_timestamp()',
    checksum: literal(entry.checksum),
    batch: literal(entry.batch),
    description: literal(entry.description),
    format: literal(entry.format),
    duration_ms: literal(entry.durationMs),
    down_checksum: literal(entry.downChecksum),
    imports_checksum: literal(entry.importsChecksum),
    transactional: literal(entry.transactional),
    irreversible: literal(entry.irreversible),
    operator: jsonLiteral(entry.operator),
    tool_version: literal(entry.toolVersion),
    run_id: literal(entry.runId),
    sources: sourcesLiteral(entry.sources),
    ...extra,
  }
}

/** Which of these tables the schema has. Looked up in the catalog itself: a role without USAGE on the schema may ask. */
async function presentTables(
  on: SqlSession,
  schema: string,
  tables: readonly string[],
): Promise<ReadonlySet<string | null | undefined>> {
  const rows = await on.query(`
    SELECT c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ${literal(schema)} AND c.relname IN (${tables.map(literal).join(', ')})`)
  return new Set(rows.map(({ name }) => name))
}

/** A long source goes as it is: as JSON it would be copied several times here, and parsed there. */
function sourcesLiteral(sources: readonly SourceFile[]): string {
  if (sources.length === 0) return 'NULL'
  if (sources.every(({ content }) => content.length <= LONG)) return jsonLiteral(sources)
  return sources
    .map(({ path, content }) => `('path', ${literal(path)}::text, 'content', ${literal(storable(content))}::text)`)
    .map((pairs) => `pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object${pairs})`)
    .reduce((all, each) => `${all} || ${each}`)
}

function entryOf(row: Readonly<Record<string, string | null>>): HistoryEntry {
  const text = (column: string) => row[column] ?? undefined
  const number = (column: string) => (row[column] == null ? undefined : Number(row[column]))
  const json = (column: string) => (row[column] == null ? undefined : JSON.parse(row[column]))
  return {
    id: row.version ?? '',
    appliedAt: row.applied_at ?? '',
    checksum: row.checksum ?? '',
    dirty: row.dirty === 'true',
    sequence: number('sequence') ?? 0,
    batch: number('batch') ?? 0,
    format: row.format === 'module' ? 'module' : 'sql',
    description: text('description'),
    durationMs: number('duration_ms'),
    downChecksum: text('down_checksum'),
    importsChecksum: text('imports_checksum'),
    transactional: row.transactional !== 'false',
    irreversible: text('irreversible'),
    operator: json('operator'),
    toolVersion: text('tool_version'),
    runId: text('run_id'),
    schemaFingerprint: text('schema_fingerprint'),
    progress: json('progress'),
    archived: row.archived === 'true',
  }
}
