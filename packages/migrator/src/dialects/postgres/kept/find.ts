import type { DataLossEffect, TableRef } from '../../../core/data-loss-effect.ts'
import { type Loss, mayOnly } from '../../../core/loss.ts'
import { identifier, literal } from '../script/literal.ts'
import type { Row, SqlSession } from '../session/sql-session.ts'
import { BARE, withSettings } from './settings.ts'

/** Data that is there and would be destroyed. */
export interface AffectedData {
  readonly how: Exclude<Loss['how'], 'unknown'>
  readonly oid: string
  readonly schema: string
  readonly table: string
  readonly column?: string | undefined
  /** What stands behind FROM to read the rows, and the name by which they go there. */
  readonly from: string
  readonly alias: string
  /** Whether `from` is all of the table. */
  readonly whole: boolean
}

export type Affected = AffectedData | { readonly how: 'unknown'; readonly why: string }

/**
 * What these would destroy in this database, with all that goes along. What is not there is not lost: the statement will
 * fail, or has IF EXISTS. Reads the catalog only. Call it in a transaction: it may move the search path in it.
 */
export async function findLost(on: SqlSession, effects: readonly DataLossEffect[]): Promise<readonly Affected[]> {
  const found: Affected[] = []
  for (const each of effects) found.push(...(await findOne(on, each)))
  return found.filter((each, index) => !coveredBy(found.slice(0, index), each))
}

async function findOne(on: SqlSession, each: DataLossEffect): Promise<readonly Affected[]> {
  switch (each.kind) {
    case 'path':
      await on.execute(each.sql)
      return []
    case 'untold':
      return [{ how: 'unknown', why: each.why }]
    case 'object':
    case 'column':
      return (await dependents(on, seedOf(each), each.reach)).map(dropped)
    case 'retyped':
      return retyped(on, each)
    case 'overwritten':
      return overwritten(on, each)
    case 'emptied':
      return (await emptied(on, each)).map((row) => ({ ...dropped(row), how: 'emptied' }))
    case 'deleted':
      return deleted(on, each)
  }
}

/** The same data a second time; of what goes whole, also a part. */
function coveredBy(before: readonly Affected[], each: Affected): boolean {
  if (each.how === 'unknown') return before.some((other) => other.how === 'unknown' && other.why === each.why)
  return before.some(
    (other) =>
      other.how !== 'unknown' &&
      (!mayOnly(other.how) || other.how === each.how) &&
      other.oid === each.oid &&
      (other.column === each.column ? other.from === each.from : other.column === undefined && other.whole),
  )
}

function regclass(ref: TableRef): string {
  return `to_regclass(${literal(nameOf(ref))})`
}

export function nameOf({ schema, name }: TableRef): string {
  return [schema, name].flatMap((part) => (part === undefined ? [] : [identifier(part)])).join('.')
}

function seedOf(each: Extract<DataLossEffect, { kind: 'object' | 'column' }>): string {
  const { ref } = each
  if (each.kind === 'column') {
    return `SELECT 'pg_class'::regclass::oid, attrelid, attnum::int FROM pg_attribute
             WHERE attrelid = ${regclass(ref)} AND attname = ${literal(each.column)} AND NOT attisdropped`
  }
  const inSchema =
    ref.schema === undefined ? '' : ` AND pronamespace = to_regnamespace(${literal(identifier(ref.schema))})`
  switch (each.object) {
    case 'relation':
      return `SELECT 'pg_class'::regclass::oid, ${regclass(ref)}::oid, 0`
    case 'type':
      return `SELECT 'pg_type'::regclass::oid, to_regtype(${literal(nameOf(ref))})::oid, 0`
    case 'schema':
      return `SELECT 'pg_namespace'::regclass::oid, to_regnamespace(${literal(identifier(ref.name))})::oid, 0`
    case 'extension':
      return `SELECT 'pg_extension'::regclass::oid, oid, 0 FROM pg_extension WHERE extname = ${literal(ref.name)}`
    case 'function':
      return `SELECT 'pg_proc'::regclass::oid, oid, 0 FROM pg_proc WHERE proname = ${literal(ref.name)}${inSchema}`
    case 'role':
      return `SELECT 'pg_class'::regclass::oid, c.oid, 0 FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
               WHERE r.rolname = ${literal(ref.name)}`
  }
}

/**
 * The tables and columns that go with it, as pg_depend says, which is what DROP follows. Partitions go with their tables, and
 * generated columns hold nothing of their own. https://www.postgresql.org/docs/current/catalog-pg-depend.html
 */
function dependents(on: SqlSession, seed: string, reach: 'cascade' | 'restrict'): Promise<readonly Row[]> {
  const followed = reach === 'cascade' ? "'n', 'a', 'i', 'e', 'P', 'S'" : "'a', 'i', 'e', 'P', 'S'"
  return on.query(`
    WITH RECURSIVE reached(classid, objid, objsubid) AS (
      ${seed}
      UNION SELECT d.classid, d.objid, d.objsubid FROM reached r
              JOIN pg_depend d ON d.refclassid = r.classid AND d.refobjid = r.objid AND (r.objsubid = 0 OR d.refobjsubid = r.objsubid)
             WHERE d.deptype IN (${followed})),
    relations AS (SELECT objid, objsubid FROM reached WHERE classid = 'pg_class'::regclass),
    parts(oid, name) AS (
      SELECT a.attrelid, a.attname FROM relations r JOIN pg_attribute a ON a.attrelid = r.objid AND a.attnum = r.objsubid WHERE r.objsubid > 0
      UNION SELECT a.attrelid, a.attname FROM parts p JOIN pg_inherits i ON i.inhparent = p.oid
              JOIN pg_attribute a ON a.attrelid = i.inhrelid AND a.attname = p.name AND a.attinhcount = 1 AND NOT a.attislocal)
    SELECT c.oid::text, n.nspname AS schema, c.relname AS name, c.relkind AS kind, NULL AS part
      FROM relations r JOIN pg_class c ON c.oid = r.objid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE r.objsubid = 0 AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
       AND NOT EXISTS (SELECT 1 FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                        WHERE i.inhrelid = c.oid AND p.relkind = 'p' AND i.inhparent IN (SELECT objid FROM relations WHERE objsubid = 0))
    UNION ALL
    SELECT c.oid::text, n.nspname, c.relname, c.relkind, a.attname
      FROM parts p JOIN pg_class c ON c.oid = p.oid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = p.name AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition AND a.attgenerated = ''
       AND c.oid NOT IN (SELECT objid FROM relations WHERE objsubid = 0)
     ORDER BY 2, 3, 5`)
}

export function dropped(row: Row): AffectedData {
  const { oid, schema, name, kind, part } = row
  // What inherits from a table is named separately.
  const only = kind === 'r' ? 'ONLY ' : ''
  return {
    how: 'dropped',
    oid: oid ?? '',
    schema: schema ?? '',
    table: name ?? '',
    ...(part === null ? {} : { column: part }),
    from: `${only}${nameOf({ schema: schema ?? '', name: name ?? '' })} AS t`,
    alias: 't',
    whole: true,
  }
}

async function retyped(
  on: SqlSession,
  { ref, column, type }: Extract<DataLossEffect, { kind: 'retyped' }>,
): Promise<readonly Affected[]> {
  const row = await columnOf(on, ref, column)
  if (!row || holdsAll(row.bare ?? '', row.type ?? '', type)) return []
  return [{ ...dropped(row), how: 'may-narrow' }]
}

async function overwritten(
  on: SqlSession,
  { ref, column }: Extract<DataLossEffect, { kind: 'overwritten' }>,
): Promise<readonly Affected[]> {
  const row = await columnOf(on, ref, column)
  return row ? [{ ...dropped(row), how: 'may-overwrite' }] : []
}

async function columnOf(on: SqlSession, ref: TableRef, column: string): Promise<Row | undefined> {
  const [row] = await on.query(`
    SELECT c.oid::text, n.nspname AS schema, c.relname AS name, c.relkind AS kind, a.attname AS part,
           format_type(a.atttypid, a.atttypmod) AS type, format_type(a.atttypid, NULL) AS bare
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.oid = ${regclass(ref)} AND a.attname = ${literal(column)}`)
  return row
}

const WIDER: Readonly<Record<string, readonly string[]>> = {
  smallint: ['int4', 'int8', 'numeric'],
  integer: ['int8', 'numeric'],
  bigint: ['numeric'],
  real: ['float8'],
  json: ['text'],
  uuid: ['text', 'varchar'],
  'character varying': ['text', 'varchar', 'citext'],
  text: ['varchar', 'citext'],
}

/** Whether the new type is known to hold every value of the old one. */
function holdsAll(bare: string, old: string, type: string): boolean {
  if (WIDER[bare]?.includes(type) || type === 'text') return true
  const [from, to] = [/^character varying\((\d+)\)$/.exec(old)?.[1], /^varchar\((\d+)\)$/.exec(type)?.[1]]
  return from !== undefined && to !== undefined && Number(from) <= Number(to)
}

/** TRUNCATE … CASCADE empties all that refers to it as well. */
function emptied(
  on: SqlSession,
  { ref, reach }: Extract<DataLossEffect, { kind: 'emptied' }>,
): Promise<readonly Row[]> {
  const referring = `UNION SELECT k.conrelid FROM reached r JOIN pg_constraint k ON k.contype = 'f' AND k.confrelid = r.oid`
  return on.query(`
    WITH RECURSIVE reached(oid) AS (SELECT ${regclass(ref)}::oid ${reach === 'cascade' ? referring : ''}),
    below(oid) AS (SELECT oid FROM reached UNION SELECT i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.oid)
    SELECT c.oid::text, n.nspname AS schema, c.relname AS name, c.relkind AS kind, NULL AS part
      FROM below b JOIN pg_class c ON c.oid = b.oid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT 1 FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                                                    WHERE i.inhrelid = c.oid AND p.relkind = 'p' AND p.oid IN (SELECT oid FROM below))
     ORDER BY 2, 3`)
}

/** The rows themselves, and those that ON DELETE CASCADE takes along, over any number of tables. */
async function deleted(
  on: SqlSession,
  { ref, alias, from }: Extract<DataLossEffect, { kind: 'deleted' }>,
): Promise<readonly Affected[]> {
  const [row] = await on.query(`
    SELECT c.oid::text, n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = ${regclass(ref)} AND c.relkind IN ('r', 'p')`)
  if (!row) return []
  const found: Affected[] = [
    {
      ...{ how: 'deleted', oid: row.oid ?? '', schema: row.schema ?? '', table: row.name ?? '' },
      ...{ from, alias: identifier(alias), whole: !/\bwhere\b/i.test(from) },
    },
  ]
  for (const each of found) {
    if (each.how === 'unknown') continue
    const seen = new Set(found.flatMap((other) => (other.how === 'unknown' ? [] : [other.oid])))
    found.push(...(await referring(on, each)).filter((other) => other.how === 'unknown' || !seen.has(other.oid)))
  }
  return found
}

async function referring(
  on: SqlSession,
  { oid, schema, table, from, alias }: AffectedData,
): Promise<readonly Affected[]> {
  const rows = await withSettings(on, BARE, () =>
    on.query(`
    SELECT c.oid::text, n.nspname AS schema, c.relname AS name, c.relkind AS kind, NULL AS part, k.confdeltype AS acts,
           (SELECT string_agg(format('t.%I', attname), ', ' ORDER BY p) FROM unnest(k.conkey) WITH ORDINALITY u(n, p)
              JOIN pg_attribute ON attrelid = k.conrelid AND attnum = u.n) AS own,
           (SELECT string_agg(format('%I', attname), E'\\n' ORDER BY p) FROM unnest(k.confkey) WITH ORDINALITY u(n, p)
              JOIN pg_attribute ON attrelid = k.confrelid AND attnum = u.n) AS theirs
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE k.contype = 'f' AND k.confrelid = ${oid} AND k.conparentid = 0 AND k.confdeltype IN ('c', 'n', 'd')`),
  )
  return rows.map((row): Affected => {
    if (row.acts !== 'c') {
      const why = `rows of ${row.schema}.${row.name} refer to ${schema}.${table} with ON DELETE SET ${row.acts === 'n' ? 'NULL' : 'DEFAULT'}`
      return { how: 'unknown', why }
    }
    const theirs = row.theirs?.split('\n').map((name) => `${alias}.${name}`)
    const read = nameOf({ schema: row.schema ?? '', name: row.name ?? '' })
    const where = `(${row.own}) IN (SELECT ${theirs?.join(', ')} FROM ${from})`
    return { ...dropped(row), how: 'deleted', from: `${read} AS t WHERE ${where}`, whole: false }
  })
}
