import { withoutValue } from '../failure/server-words.ts'
import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { copyText, isSame, numbered, type Pair, restored, rowText, sameRow, settled, untouched } from './pair.ts'

/**
 * Puts rows in. Those that the `up` put there itself yield to the kept ones of the same key, except for values that may have
 * been written since they were kept; rows that others wrote meanwhile stay. What is not put back stays in the copy.
 */
export async function insertRows(on: SqlSession, pair: Pair): Promise<void> {
  if (pair.key.length > 0) await on.execute(overwriteStatement(pair))
  await on.execute(
    `${insertStatement(pair)} ${pair.key.length > 0 ? `WHERE NOT EXISTS (SELECT 1 FROM ${pair.rows} AS t WHERE ${sameRow(pair)})` : notThere(pair)}`,
  )
}

/** Puts the values of columns back into the rows that are still there. */
export async function updateValues(on: SqlSession, pair: Pair): Promise<void> {
  await on.execute(pair.kept.keyed === 'by-key' ? updateStatement(pair) : updateByWholeRow(pair))
}

/** The chosen rows of the copy over what the table holds. */
export async function applyRows(on: SqlSession, pair: Pair, chosen: string): Promise<void> {
  const keyed = pair.key.length > 0
  const others = pair.columns.filter((each) => !pair.key.includes(each) && each.now.identity !== 'a')
  if (keyed && others.length > 0) {
    const set = others.map((each) => `${identifier(each.now.name)} = ${restored(each)}`).join(', ')
    await on.execute(
      `UPDATE ${pair.rows} AS t SET ${set} FROM ${pair.copy} AS b WHERE ${sameRow(pair)} AND ${chosen} AND NOT ${isSame(pair)}`,
    )
  }
  const lacking = keyed ? `WHERE NOT EXISTS (SELECT 1 FROM ${pair.rows} AS t WHERE ${sameRow(pair)})` : notThere(pair)
  await on.execute(`${insertStatement(pair)} ${lacking} AND ${chosen}`)
}

/** The chosen values of the copy over what their rows hold. */
export async function applyValues(on: SqlSession, pair: Pair, chosen: string): Promise<void> {
  if (pair.kept.keyed === 'by-whole-row') {
    await on.execute(`${updateByWholeRow(pair)} AND ${chosen}`)
    return
  }
  const set = pair.columns.map((each) => `${identifier(each.now.name)} = ${restored(each)}`).join(', ')
  await on.execute(
    `UPDATE ${pair.rows} AS t SET ${set} FROM ${pair.copy} AS b WHERE ${sameRow(pair)} AND ${chosen} AND NOT ${isSame(pair)}`,
  )
}

/** What one round came to. */
export interface Round {
  readonly done: number
  /** Values whose rows no longer exist. */
  readonly gone: number
  /** What stood against the last row that did not fit. */
  readonly why?: string | undefined
}

/** The same, one row at a time; what is in the table then is taken out of the copy. */
export function insertOneByOne(on: SqlSession, pair: Pair): Promise<Round> {
  const keyed = pair.key.length > 0
  const same = `SELECT 1 FROM ${pair.rows} AS t WHERE ${keyed ? sameRow(pair) : 'false'}`
  const work = [
    ...(keyed ? [`${overwriteStatement(pair)} AND b.ctid = r.ctid`] : []),
    `${insertStatement(pair)} WHERE b.ctid = r.ctid AND NOT EXISTS (${same})`,
  ]
  return eachRow(
    on,
    pair,
    work,
    keyed ? `${same} AND ${isSame(pair)}` : `SELECT 1 WHERE ${rowText(pair.columns, 'b')} = ${copyText(pair)}`,
  )
}

export function updateOneByOne(on: SqlSession, pair: Pair): Promise<Round> {
  const same = `FROM ${pair.rows} AS t WHERE ${sameRow(pair)}`
  const whole = pair.kept.keyed === 'by-whole-row'
  const one = whole ? `AND t.ctid = (SELECT min(t.ctid) ${same} AND NOT ${isSame(pair)})` : ''
  const gone = `DELETE FROM ${pair.copy} AS b WHERE b.ctid = r.ctid AND NOT EXISTS (SELECT 1 ${same}); GET DIAGNOSTICS n = ROW_COUNT; gone := gone + n`
  const work = [...(whole ? [] : [gone]), `${updateStatement(pair)} AND b.ctid = r.ctid ${one}`]
  return eachRow(on, pair, work, `SELECT 1 ${same} AND ${isSame(pair)}`)
}

async function eachRow(on: SqlSession, pair: Pair, work: readonly string[], found: string): Promise<Round> {
  const remove = `DELETE FROM ${pair.copy} AS b WHERE b.ctid = r.ctid AND EXISTS (${found}); GET DIAGNOSTICS n = ROW_COUNT; done := done + n`
  // Of a copy that stays whole nothing is taken out.
  const count = `IF EXISTS (SELECT 1 FROM ${pair.copy} AS b WHERE b.ctid = r.ctid AND EXISTS (${found})) THEN done := done + 1; END IF`
  const body = `DECLARE r record; n bigint; done bigint := 0; gone bigint := 0; why text := ''; BEGIN
    FOR r IN SELECT ctid FROM ${pair.copy} LOOP
      BEGIN
        ${[...work, pair.missing.length === 0 ? remove : count].join(';\n')};
      EXCEPTION WHEN integrity_constraint_violation OR data_exception THEN why := SQLERRM;
      END;
    END LOOP;
    PERFORM pg_catalog.set_config('migrator.put_back', done || ' ' || gone || ' ' || why, true);
  END`
  await on.execute(`DO ${literal(body)}`)
  const [row] = await on.query("SELECT pg_catalog.current_setting('migrator.put_back') AS answer")
  const [, done = '0', gone = '0', why = ''] = /^(\d+) (\d+) ([\s\S]*)$/.exec(row?.answer ?? '') ?? []
  return { done: Number(done), gone: Number(gone), why: why === '' ? undefined : withoutValue(why) }
}

function names({ columns }: Pair): string {
  return columns.map(({ now }) => identifier(now.name)).join(', ')
}

function insertStatement(pair: Pair): string {
  const values = pair.columns.map(restored).join(', ')
  return `INSERT INTO ${pair.table} (${names(pair)}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM ${pair.copy} AS b`
}

/** Without a key: as many of equal rows as are lacking. */
function notThere(pair: Pair): string {
  return `JOIN (${numbered(pair, 'b')}) AS c ON c.place = b.ctid
    WHERE NOT EXISTS (SELECT 1 FROM (${numbered(pair, 't')}) AS h WHERE h.row = c.row AND h.number = c.number)`
}

/** In a table that was gone all rows are of the `up`; elsewhere those that this transaction has written. */
function overwriteStatement(pair: Pair): string {
  const keys = new Set(pair.key.map(({ now }) => now.name))
  const others = pair.columns.filter(({ now }) => !keys.has(now.name) && now.identity !== 'a')
  if (others.length === 0)
    return `UPDATE ${pair.rows} AS t SET ${firstKey(pair)} = t.${firstKey(pair)} FROM ${pair.copy} AS b WHERE false`
  const set = others.map((each) => `${identifier(each.now.name)} = ${settled(pair, each)}`).join(', ')
  const own =
    pair.kept.kind === 'table'
      ? ''
      : `AND t.xmin::text = (pg_catalog.pg_current_xact_id()::text::numeric % 4294967296)::text`
  return `UPDATE ${pair.rows} AS t SET ${set} FROM ${pair.copy} AS b
    WHERE ${sameRow(pair)} ${own} AND ${rowText(others, 't')} <> ${rowText(others, 'b')}`
}

function firstKey({ key }: Pair): string {
  return identifier(key[0]?.now.name ?? '')
}

function updateStatement(pair: Pair): string {
  const set = pair.columns.map((each) => `${identifier(each.now.name)} = ${settled(pair, each)}`).join(', ')
  return `UPDATE ${pair.rows} AS t SET ${set} FROM ${pair.copy} AS b
    WHERE ${sameRow(pair)} AND NOT ${isSame(pair)} AND ${untouched(pair)}`
}

function updateByWholeRow(pair: Pair): string {
  const set = pair.columns.map((each) => `${identifier(each.now.name)} = ${settled(pair, each)}`).join(', ')
  return `UPDATE ${pair.rows} AS t SET ${set} FROM ${pair.copy} AS b, (${numbered(pair, 'b')}) AS c, (${numbered(pair, 't')}) AS h
    WHERE b.ctid = c.place AND h.row = c.row AND h.number = c.number AND t.ctid = h.place AND t.tableoid = h.part`
}
