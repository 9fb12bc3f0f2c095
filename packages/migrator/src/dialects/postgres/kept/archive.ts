import type { KeptFor } from '../../../ports/kept-data.ts'
import { identifier, jsonLiteral, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { withSettings } from './settings.ts'
import { type Column, qualified, type Sequence } from './shape.ts'

/** One copy, as the archive describes it. */
export interface Kept {
  readonly id: string
  readonly runId: string
  readonly migration: string
  /**
   * `table`: all its rows, the table went. `rows`: rows of a table that stays. `columns`: their values, by the rows' keys.
   * `narrowed`: the same of columns that stay with another type; beside them what the step left there.
   */
  readonly kind: 'table' | 'rows' | 'columns' | 'narrowed'
  readonly schema: string
  readonly table: string
  /** Name of the copy in the archive's schema. */
  readonly copy: string
  /** Columns whose values are kept. */
  readonly columns: readonly Column[]
  /** Of `columns`: what identifies a row later; its primary key, or all that is left of it. */
  readonly key: readonly Column[]
  readonly keyed: 'by-key' | 'by-whole-row'
  readonly sequences: readonly Sequence[]
  readonly rowCount: number
  /** The transactions that had committed when it was kept (`pg_snapshot`), and the one that kept it; null in copies of earlier releases. */
  readonly snapshot: string | null
  readonly keptBy: string | null
}

/** What an archive of an earlier release lacks. */
const LATER_COLUMNS = ['snapshot', 'kept_by'] as const

/** Whether it is values of rows, and not rows. */
export function isPart({ kind }: Pick<Kept, 'kind'>): boolean {
  return kind === 'columns' || kind === 'narrowed'
}

export async function prepareArchive(on: SqlSession, schema: string): Promise<void> {
  const archive = identifier(schema)
  const [row] = await on.query(
    `SELECT (to_regnamespace(${literal(archive)}) IS NOT NULL)::text AS has_schema, (to_regclass(${literal(`${archive}.preserved`)}) IS NOT NULL)::text AS has_table,
            (SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass(${literal(`${archive}.preserved`)}) AND attname IN (${LATER_COLUMNS.map(literal).join(', ')}))::text AS later`,
  )
  if (row?.has_table === 'true') {
    const add = LATER_COLUMNS.map((name) => `ADD COLUMN IF NOT EXISTS ${name} text`)
    if (Number(row.later) < LATER_COLUMNS.length) await on.execute(`ALTER TABLE ${archive}.preserved ${add.join(', ')}`)
    return
  }
  // Said only where it is needed: it takes a right on the database that a role may not have.
  if (row?.has_schema !== 'true') await on.execute(`CREATE SCHEMA ${archive}`)
  await on.execute(`
    CREATE TABLE ${archive}.preserved (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, migration text NOT NULL, checksum text NOT NULL, run_id text NOT NULL,
      preserved_at timestamptz NOT NULL DEFAULT now(), kind text NOT NULL, schema_name text NOT NULL, table_name text NOT NULL,
      copy_name text NOT NULL UNIQUE, columns jsonb NOT NULL, key_columns jsonb NOT NULL, keyed text NOT NULL, sequences jsonb NOT NULL,
      row_count bigint NOT NULL, state text NOT NULL DEFAULT 'kept', why text, snapshot text, kept_by text);
    COMMENT ON SCHEMA ${archive} IS 'Data that rollbacks preserved (@repo/migrator, --preserve-data); the next db:migrate of the same migration puts it back.'`)
}

export async function waitingIn(on: SqlSession, schema: string): Promise<ReadonlySet<string>> {
  const name = `${identifier(schema)}.preserved`
  const [found] = await on.query(`SELECT to_regclass(${literal(name)})::text AS found`)
  if (!found?.found) return new Set()
  const rows = await on.query(`SELECT DISTINCT migration FROM ${name} WHERE state = 'kept'`)
  return new Set(rows.map(({ migration }) => migration ?? ''))
}

/** Oldest run first; within a run what was kept last comes first, because it comes back first. */
export async function readKept(on: SqlSession, schema: string, migration: string): Promise<readonly Kept[]> {
  const rows = await on.query(`
    SELECT (${KEPT})::text AS kept FROM ${identifier(schema)}.preserved p WHERE migration = ${literal(migration)} AND state = 'kept'
     ORDER BY min(id) OVER (PARTITION BY run_id), id DESC`)
  return rows.map(({ kept }) => JSON.parse(kept ?? '') as Kept)
}

/** What the archive says of a copy besides how to restore it. */
export interface Filed extends Kept {
  readonly state: 'kept' | 'left'
  readonly why: string | null
  /** ISO 8601. */
  readonly preservedAt: string
}

/** Every copy, oldest first; none where nothing was ever kept. */
export async function readFiled(on: SqlSession, schema: string): Promise<readonly Filed[]> {
  const name = `${identifier(schema)}.preserved`
  const [found] = await on.query(`SELECT to_regclass(${literal(name)})::text AS found`)
  if (!found?.found) return []
  const rows = await on.query(`
    SELECT (${KEPT} || jsonb_build_object('state', state, 'why', why, 'preservedAt', to_char(preserved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))::text AS kept
      FROM ${name} p ORDER BY id`)
  return rows.map(({ kept }) => JSON.parse(kept ?? '') as Filed)
}

/** By their names within the row: an archive of an earlier release lacks some columns. */
const KEPT = `jsonb_build_object('id', id::text, 'runId', run_id, 'migration', migration, 'kind', kind, 'schema', schema_name, 'table', table_name,
  'copy', copy_name, 'columns', columns, 'key', key_columns, 'keyed', keyed, 'sequences', sequences, 'rowCount', row_count,
  'snapshot', to_jsonb(p)->>'snapshot', 'keptBy', to_jsonb(p)->>'kept_by')`

/** One statement copies, counts and records. `select` reads the copy's columns. */
export async function copyAndRecord(
  on: SqlSession,
  schema: string,
  owner: KeptFor,
  kept: Omit<Kept, 'id' | 'rowCount' | 'migration' | 'runId' | 'snapshot' | 'keptBy'>,
  select: string,
): Promise<number> {
  const values = [
    owner.migration,
    owner.checksum,
    owner.runId,
    kept.kind,
    kept.schema,
    kept.table,
    kept.copy,
    kept.keyed,
  ]
  const insert = `INSERT INTO ${identifier(schema)}.preserved
    (migration, checksum, run_id, kind, schema_name, table_name, copy_name, keyed, columns, key_columns, sequences, snapshot, kept_by, row_count)
    VALUES (${values.map(literal).join(', ')}, ${jsonLiteral(kept.columns)}, ${jsonLiteral(kept.key)}, ${jsonLiteral(kept.sequences)},
            pg_catalog.pg_current_snapshot()::text, pg_catalog.pg_current_xact_id()::text, `
  const body = `DECLARE counted bigint; BEGIN
    EXECUTE ${literal(`CREATE TABLE ${qualified(schema, kept.copy)} AS ${select}`)}; GET DIAGNOSTICS counted = ROW_COUNT;
    EXECUTE ${literal(insert)} || counted || ')'; END`
  await on.execute(`DO ${literal(body)}`)
  const [row] = await on.query(
    `SELECT row_count::text FROM ${identifier(schema)}.preserved WHERE copy_name = ${literal(kept.copy)}`,
  )
  return Number(row?.row_count)
}

export async function removeKept(
  on: SqlSession,
  schema: string,
  all: readonly Pick<Kept, 'id' | 'copy'>[],
): Promise<void> {
  if (all.length === 0) return
  const drops = all.map(({ copy }) => `DROP TABLE IF EXISTS ${qualified(schema, copy)}`)
  const ids = all.map(({ id }) => id).join(', ')
  await on.execute([...drops, `DELETE FROM ${identifier(schema)}.preserved WHERE id IN (${ids})`].join(';\n'))
}

/** In a copy, while its migration is applied: whether its row was written to since it was kept. */
export const WRITTEN = '"migrator: written"'

/** What does not fit stays for a person to look at; it is not tried again. */
export async function keepRest(
  on: SqlSession,
  schema: string,
  { id, copy }: Kept,
  left: number,
  why: string,
): Promise<void> {
  // Where there is no such column the server would say so in a notice, to people who never heard of it.
  await withSettings(on, { client_min_messages: 'warning' }, () =>
    on.execute(
      `ALTER TABLE ${qualified(schema, copy)} DROP COLUMN IF EXISTS ${WRITTEN};
     UPDATE ${identifier(schema)}.preserved SET state = 'left', row_count = ${left}, why = ${literal(why)} WHERE id = ${id}`,
    ),
  )
}

export async function discardRun(on: SqlSession, schema: string, { runId, migration }: KeptFor): Promise<void> {
  const name = `${identifier(schema)}.preserved`
  const [found] = await on.query(`SELECT to_regclass(${literal(name)})::text AS found`)
  if (!found?.found) return
  const rows = await on.query(
    `SELECT id::text, copy_name FROM ${name} WHERE run_id = ${literal(runId)} AND migration = ${literal(migration)}`,
  )
  await removeKept(
    on,
    schema,
    rows.map(({ id, copy_name }) => ({ id: id ?? '', copy: copy_name ?? '' })),
  )
}
