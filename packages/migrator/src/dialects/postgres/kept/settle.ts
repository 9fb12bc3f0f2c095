import { withoutStop } from '../../../core/sentence.ts'
import { MigratorError } from '../../../errors.ts'
import type { KeptChoice, SettledRows } from '../../../ports/kept-data.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { type Filed, isPart, keepRest, readFiled, removeKept } from './archive.ts'
import { chosenRows } from './compare.ts'
import { type Pair, pairOf, pairText } from './pair.ts'
import { isMisfit } from './put-back.ts'
import { applyRows, applyValues } from './rows.ts'
import { EXACT, withSettings } from './settings.ts'
import { qualified, readShape } from './shape.ts'
import { silently } from './triggers.ts'

/** Rejects with PRESERVED_DATA_UNKNOWN where there is no such copy. */
export async function filedUnder(on: SqlSession, archive: string, id: string): Promise<Filed> {
  const all = await readFiled(on, archive)
  const found = all.find((each) => each.id === id)
  if (found) return found
  const known = all.length === 0 ? 'Nothing is preserved.' : `Preserved are ${all.map((each) => each.id).join(', ')}.`
  throw new MigratorError('PRESERVED_DATA_UNKNOWN', `No preserved data has the id "${id}". ${known}`)
}

/** See `KeptData.apply`. */
export async function applyKept(on: SqlSession, archive: string, { id, key }: KeptChoice): Promise<SettledRows> {
  const kept = await filedUnder(on, archive, id)
  const pair = await fittingPair(on, archive, kept)
  const chosen = chosenRows(kept, key)
  return withSettings(on, EXACT, async () => {
    const before = await count(on, pair.copy, 'true')
    await written(on, pair, chosen).catch((error: unknown) => {
      if (!isMisfit(error)) throw error
      throw unfit(kept, withoutStop((error as MigratorError).message), error)
    })
    await on.execute(pairText(pair).removeFound)
    const still = await count(on, pair.copy, chosen)
    if (still > 0) throw unfit(kept, `${still} of its rows do not fit their types, or their rows are gone`)
    return afterwards(on, archive, kept, before)
  })
}

function written(on: SqlSession, pair: Pair, chosen: string): Promise<void> {
  return silently(on, [pair], () => (isPart(pair.kept) ? applyValues(on, pair, chosen) : applyRows(on, pair, chosen)))
}

async function fittingPair(on: SqlSession, archive: string, kept: Filed): Promise<Pair> {
  if (kept.state === 'kept')
    throw unfit(kept, `it waits for ${kept.migration}, which is not applied; db:migrate restores it`)
  const now = await readShape(on, kept.schema, kept.table)
  const pair = now && pairOf(archive, kept, now)
  if (!pair) throw unfit(kept, kept.why ?? 'the table does not have its columns')
  if (pair.missing.length > 0) throw unfit(kept, `the table has no column ${pair.missing.join(', ')}`)
  return pair
}

/** See `KeptData.drop`. */
export async function dropKept(on: SqlSession, archive: string, { id, key }: KeptChoice): Promise<SettledRows> {
  const kept = await filedUnder(on, archive, id)
  const copy = qualified(archive, kept.copy)
  const before = await count(on, copy, 'true')
  await on.execute(`DELETE FROM ${copy} AS b WHERE ${chosenRows(kept, key)}`)
  return afterwards(on, archive, kept, before)
}

async function afterwards(on: SqlSession, archive: string, kept: Filed, before: number): Promise<SettledRows> {
  const left = await count(on, qualified(archive, kept.copy), 'true')
  if (left === 0) await removeKept(on, archive, [kept])
  else if (kept.state === 'left') await keepRest(on, archive, kept, left, kept.why ?? '')
  else await recount(on, archive, kept, left)
  return { rows: before - left, left }
}

async function recount(on: SqlSession, archive: string, { id }: Filed, left: number): Promise<void> {
  await on.execute(`UPDATE ${qualified(archive, 'preserved')} SET row_count = ${left} WHERE id = ${id}`)
}

function unfit({ id, schema, table }: Filed, why: string, cause?: unknown): MigratorError {
  return new MigratorError(
    'PRESERVED_DATA_UNFIT',
    `Preserved data ${id} of ${schema}.${table} cannot be applied: ${why}.`,
    {
      cause,
    },
  )
}

async function count(on: SqlSession, copy: string, chosen: string): Promise<number> {
  const [row] = await on.query(`SELECT count(*)::text AS count FROM ${copy} AS b WHERE ${chosen}`)
  return Number(row?.count)
}
