import { MigratorError } from '../../../errors.ts'
import type { PutBackRows } from '../../../ports/kept-data.ts'
import { identifier } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { isPart, type Kept, keepRest, removeKept } from './archive.ts'
import { compareRows } from './compare.ts'
import type { Meanwhile } from './meanwhile.ts'
import { type Pair, pairOf, pairText } from './pair.ts'
import { postponedReferences } from './references.ts'
import { insertOneByOne, insertRows, updateOneByOne, updateValues } from './rows.ts'
import { moveSequences } from './sequences.ts'
import { qualified, readShape } from './shape.ts'
import { silently } from './triggers.ts'

/** All at once where all of it fits; row by row where something does not, so that what fits comes back. */
export async function putBackKept(
  on: SqlSession,
  archive: string,
  kept: readonly Kept[],
  meanwhile: Meanwhile,
): Promise<readonly PutBackRows[]> {
  const pairs: Pair[] = []
  const absent: Kept[] = []
  for (const each of kept) {
    const now = await readShape(on, each.schema, each.table)
    const pair = now && pairOf(archive, each, now, meanwhile.newer)
    if (pair) pairs.push(pair)
    else absent.push(each)
  }
  const results = await putBackPairs(on, archive, pairs)
  for (const each of absent) results.push(await nothingFits(on, archive, each))
  return results
}

async function putBackPairs(on: SqlSession, archive: string, pairs: readonly Pair[]): Promise<PutBackRows[]> {
  await on.execute(`SAVEPOINT ${ATTEMPT}`)
  const results = await silently(on, pairs, () => allAtOnce(on, archive, pairs)).catch(async (error: unknown) => {
    if (!isMisfit(error)) throw error
    await on.execute(`ROLLBACK TO SAVEPOINT ${ATTEMPT}`)
    return silently(on, pairs, () => oneByOne(on, archive, pairs))
  })
  await on.execute(`RELEASE SAVEPOINT ${ATTEMPT}`)
  return results
}

const ATTEMPT = 'migrator_put_back'

/** 22: a value that its new type does not take; 23: a row that a constraint does not. */
export function isMisfit(error: unknown): boolean {
  return error instanceof MigratorError && /^2[23]/.test(String(error.details.sqlstate))
}

async function allAtOnce(on: SqlSession, archive: string, pairs: readonly Pair[]): Promise<PutBackRows[]> {
  const { ordered, add } = await postponedReferences(on, pairs)
  for (const pair of ordered) await (isPart(pair.kept) ? updateValues(on, pair) : insertRows(on, pair))
  await moveSequences(on, pairs)
  await add()
  const results: PutBackRows[] = []
  for (const pair of pairs) results.push(await settle(on, archive, pair, await takeOut(on, pair)))
  return results
}

/** As often as one more row finds what it refers to. */
async function oneByOne(on: SqlSession, archive: string, pairs: readonly Pair[]): Promise<PutBackRows[]> {
  await on.execute('SET CONSTRAINTS ALL IMMEDIATE')
  const outcomes = new Map<Pair, Outcome>()
  for (let progress = 1; progress > 0; ) {
    progress = 0
    for (const pair of pairs) {
      const attempt = isPart(pair.kept) ? updateOneByOne : insertOneByOne
      const { done, gone, why } = await attempt(on, pair)
      if (pair.missing.length === 0) progress += done
      outcomes.set(pair, { gone: gone + (outcomes.get(pair)?.gone ?? 0), why, found: done })
    }
  }
  await moveSequences(on, pairs)
  const results: PutBackRows[] = []
  for (const pair of pairs) results.push(await settle(on, archive, pair, outcomes.get(pair) ?? { gone: 0 }))
  return results
}

interface Outcome {
  readonly gone: number
  readonly why?: string | undefined
  /** Of a copy that stays whole: how many of its rows are in the table. */
  readonly found?: number | undefined
}

/** Removes from the copy what is in the table again, and of columns the values whose row is gone. */
async function takeOut(on: SqlSession, pair: Pair): Promise<Outcome> {
  const { removeGone, removeFound } = pairText(pair)
  const gone = await count(on, removeGone)
  if (pair.missing.length === 0) await on.execute(removeFound)
  return { gone }
}

/** A copy of which nothing is left goes; the rest is kept and named. */
async function settle(
  on: SqlSession,
  archive: string,
  { kept, missing, copy }: Pair,
  { gone, why, found }: Outcome,
): Promise<PutBackRows> {
  const left = await count(on, `SELECT count(*)::text AS count FROM ${copy}`)
  if (left === 0) {
    await removeKept(on, archive, [kept])
    return { ...told(archive, kept), putBack: kept.rowCount - gone, gone, left }
  }
  const lacking = `${qualified(kept.schema, kept.table)} has no column ${missing.map(identifier).join(', ')} any more`
  const reason = missing.length > 0 ? lacking : (why ?? (isPart(kept) ? MEANWHILE.part : MEANWHILE.whole))
  const putBack = missing.length > 0 ? (found ?? left) : kept.rowCount - gone - left
  await keepRest(on, archive, kept, left, reason)
  const { conflicts } = await compareRows(on, archive, kept, {}, CONFLICTS_TOLD)
  return { ...told(archive, kept), putBack, gone, left, why: reason, ...(conflicts.length > 0 ? { conflicts } : {}) }
}

/** All of them: `db:preserved show`. */
const CONFLICTS_TOLD = 20

const MEANWHILE = {
  part: 'the rows were changed meanwhile, or the values do not fit their type',
  whole: 'rows with the same keys hold newer values, or the values do not fit their type',
} as const

async function nothingFits(on: SqlSession, archive: string, kept: Kept): Promise<PutBackRows> {
  const name = qualified(kept.schema, kept.table)
  const keyless = kept.kind === 'narrowed' && kept.keyed === 'by-whole-row'
  const why = keyless
    ? `without a primary key it is unknown which rows of ${name} they belong to`
    : `${name} no longer produces them`
  await keepRest(on, archive, kept, kept.rowCount, why)
  return { ...told(archive, kept), putBack: 0, gone: 0, left: kept.rowCount, why }
}

function told(
  archive: string,
  { kind, schema, table, columns, copy, rowCount }: Kept,
): Omit<PutBackRows, 'putBack' | 'gone' | 'left'> {
  return {
    table: `${schema}.${table}`,
    ...(isPart({ kind }) ? { columns: columns.map(({ name }) => name) } : {}),
    rows: rowCount,
    copy: `${archive}.${copy}`,
  }
}

async function count(on: SqlSession, sql: string): Promise<number> {
  const [row] = await on.query(sql)
  return Number(row?.count)
}
