import { identifier, jsonLiteral, literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { uniqueName } from '../name.ts'
import type { ArchivedTable } from './archive.ts'
import { columnPairs, keptColumns, restoredValue, rowKey } from './columns.ts'
import { qualified, type TableShape } from './shape.ts'

/** A table of the backup, and the same table now. */
export interface TablePair {
  readonly archived: ArchivedTable
  readonly now: TableShape
}

/** How many rows of the backup the table lacks, and how many it has that the backup has not. */
export interface Difference {
  readonly lost: number
  readonly extra: number
}

export async function differenceOf(on: SqlSession, archive: string, pair: TablePair): Promise<Difference> {
  const { kept, here } = keys(archive, pair)
  const [row] = await on.query(`
    SELECT (SELECT count(*) FROM (${kept} EXCEPT ALL ${here}) AS l)::text AS lost,
           (SELECT count(*) FROM (${here} EXCEPT ALL ${kept}) AS e)::text AS extra`)
  return { lost: Number(row?.lost), extra: Number(row?.extra) }
}

export interface Exchanged {
  readonly putIn: number
  readonly takenOut: number
  /** The table with what was taken out, where there was something. */
  readonly replaced?: string | undefined
}

/** Takes out what the backup has not, into a table beside the copy, then puts in what is missing. */
export async function exchangeRows(on: SqlSession, archive: string, id: string, pair: TablePair): Promise<Exchanged> {
  const { lost, extra } = await differenceOf(on, archive, pair)
  const replaced = extra > 0 ? await takeOut(on, archive, id, pair) : undefined
  if (lost > 0) await on.execute(putInStatement(archive, pair))
  return { putIn: lost, takenOut: extra, replaced }
}

/** Equal rows are distinguished by their number among equals. The names are none that a column would have. */
const KEY = '"migrator: key"'
const NUMBER = '"migrator: number"'
const TABLE = '"migrator: table"'
const PLACE = '"migrator: place"'
const NUMBERED = `pg_catalog.row_number() OVER (PARTITION BY ${KEY}) AS ${NUMBER}`

function keys(archive: string, { archived, now }: TablePair): { readonly kept: string; readonly here: string } {
  const pairs = columnPairs(archived.shape, now)
  return {
    kept: `SELECT ${rowKey(pairs, 'b')} AS ${KEY} FROM ${qualified(archive, archived.copy)} AS b`,
    here: `SELECT ${rowKey(pairs, 't')} AS ${KEY} FROM ${rowsOf({ archived, now })} AS t`,
  }
}

function rowsOf({ now }: TablePair): string {
  return `${now.kind === 'r' ? 'ONLY ' : ''}${qualified(now.schema, now.table)}`
}

async function takeOut(on: SqlSession, archive: string, id: string, pair: TablePair): Promise<string> {
  const { archived, now } = pair
  const replaced = uniqueName(`${archived.copy}_replaced`, new Set(archived.replaced)).replace(/-(\d+)$/, '_$1')
  const key = rowKey(columnPairs(archived.shape, now), 't')
  const beside = qualified(archive, replaced)
  await on.execute(`CREATE TABLE ${beside} AS SELECT ${keptColumns(now, 't')} FROM ${rowsOf(pair)} AS t WITH NO DATA`)
  await on.execute(`
    WITH kept AS MATERIALIZED (SELECT ${KEY}, ${NUMBERED} FROM (${keys(archive, pair).kept}) AS b),
    here AS MATERIALIZED (SELECT ${TABLE}, ${PLACE}, ${KEY}, ${NUMBERED}
                            FROM (SELECT t.tableoid AS ${TABLE}, t.ctid AS ${PLACE}, ${key} AS ${KEY} FROM ${rowsOf(pair)} AS t) AS h),
    extra AS MATERIALIZED (SELECT ${TABLE}, ${PLACE} FROM here
                            WHERE NOT EXISTS (SELECT 1 FROM kept WHERE kept.${KEY} = here.${KEY} AND kept.${NUMBER} = here.${NUMBER})),
    gone AS (DELETE FROM ${rowsOf(pair)} AS t USING extra AS e WHERE t.tableoid = e.${TABLE} AND t.ctid = e.${PLACE}
             RETURNING ${keptColumns(now, 't')})
    INSERT INTO ${beside} SELECT * FROM gone`)
  await on.execute(`
    UPDATE ${identifier(archive)}.backup_tables SET replaced = replaced || ${jsonLiteral([replaced])}
     WHERE backup_id = ${literal(id)} AND position = ${archived.position}`)
  return replaced
}

function putInStatement(archive: string, pair: TablePair): string {
  const { archived, now } = pair
  const pairs = columnPairs(archived.shape, now)
  const names = pairs.map(({ name }) => identifier(name)).join(', ')
  const values = pairs.map((each) => restoredValue(each, 'b')).join(', ')
  const target = names === '' ? 'DEFAULT VALUES' : `(${names}) OVERRIDING SYSTEM VALUE SELECT ${values}`
  if (names === '') return `INSERT INTO ${qualified(now.schema, now.table)} ${target}`
  return `
    WITH here AS MATERIALIZED (SELECT ${KEY}, ${NUMBERED} FROM (${keys(archive, pair).here}) AS t)
    INSERT INTO ${qualified(now.schema, now.table)} ${target}
      FROM (SELECT b.*, ${NUMBERED} FROM (SELECT b.*, ${rowKey(pairs, 'b')} AS ${KEY} FROM ${qualified(archive, archived.copy)} AS b) AS b) AS b
     WHERE NOT EXISTS (SELECT 1 FROM here WHERE here.${KEY} = b.${KEY} AND here.${NUMBER} = b.${NUMBER})`
}
