import type { DataLossEffect, TableRef } from '../../../core/data-loss-effect.ts'
import type { AskedLoss } from '../../../ports/kept-data.ts'
import { literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { type AffectedData, dropped, nameOf } from './find.ts'

/** What was found and counted for one migration. */
export interface Counted {
  readonly found: AffectedData
  readonly count: number
}

/** How many tables one query counts: each is locked (ACCESS SHARE) until it ends. */
const AT_ONCE = 200

/**
 * The usual case, however long the rollback, in few queries: downs that drop tables by their names, and take rows out of
 * nothing but tables that they drop. By the place of the migration in `asked`; those that are not of this kind are left
 * out. Call it in a transaction.
 */
export async function countPlainDrops(
  on: SqlSession,
  asked: readonly AskedLoss[],
): Promise<ReadonlyMap<number, readonly Counted[]>> {
  const plain = asked.flatMap(({ effects }, place) =>
    effects.every((each) => isPlain(each, effects))
      ? effects.filter(isPlainDrop).map(({ ref }) => ({ place, ref, deletes: effects.some(isDelete) }))
      : [],
  )
  const counted = new Map<number, Counted[]>(plain.map(({ place }) => [place, []]))
  for (let from = 0; from < plain.length; from += AT_ONCE) {
    for (const { place, reaches, ...each } of await countSome(on, plain.slice(from, from + AT_ONCE))) {
      if (reaches) counted.delete(place)
      else counted.get(place)?.push(each)
    }
  }
  return counted
}

type PlainDrop = Extract<DataLossEffect, { kind: 'object' }>

function isPlain(each: DataLossEffect, all: readonly DataLossEffect[]): boolean {
  if (isPlainDrop(each)) return true
  return isDelete(each) && all.some((other) => isPlainDrop(other) && isSame(other.ref, each.ref))
}

function isDelete(each: DataLossEffect): each is Extract<DataLossEffect, { kind: 'deleted' }> {
  return each.kind === 'deleted'
}

function isSame(one: TableRef, other: TableRef): boolean {
  return one.schema === other.schema && one.name === other.name
}

function isPlainDrop(each: DataLossEffect): each is PlainDrop {
  return each.kind === 'object' && each.object === 'relation' && each.reach === 'restrict'
}

async function countSome(
  on: SqlSession,
  drops: readonly { readonly place: number; readonly ref: TableRef; readonly deletes: boolean }[],
): Promise<readonly (Counted & { readonly place: number; readonly reaches: boolean })[]> {
  const named = drops.map(({ ref }, index) => `(${index}, to_regclass(${literal(nameOf(ref))}))`)
  const rows = await on.query(`
    SELECT w.index::text, c.oid::text, n.nspname AS schema, c.relname AS name, c.relkind AS kind, NULL AS part,
           (c.relkind = 'r' AND pg_relation_size(c.oid) = 0)::text AS empty,
           EXISTS (SELECT 1 FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = c.oid)::text AS referred
      FROM (VALUES ${named.join(', ')}) AS w(index, oid) JOIN pg_class c ON c.oid = w.oid
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' ORDER BY w.index`)
  // A table without a page has no row; most of what is rolled back has stood there only for minutes.
  const found = rows.map((row) => {
    const { place = 0, deletes = false } = drops[Number(row.index)] ?? {}
    // A DELETE may take rows of tables along that refer to this one.
    return { place, found: dropped(row), empty: row.empty === 'true', reaches: deletes && row.referred === 'true' }
  })
  const filled = found.filter(({ empty }) => !empty)
  const counts = await countEach(
    on,
    filled.map(({ found: { from } }) => from),
  )
  const byTable = new Map(filled.map(({ found: { oid } }, index) => [oid, counts[index] ?? 0]))
  return found.map(({ place, reaches, found: each }) => ({
    place,
    reaches,
    found: each,
    count: byTable.get(each.oid) ?? 0,
  }))
}

async function countEach(on: SqlSession, tables: readonly string[]): Promise<readonly number[]> {
  const queries = tables.map((from) => `SELECT count(*)::text AS count FROM ${from}`)
  // One message holds two queries or more.
  const answers =
    queries.length === 1 ? [await on.query(queries[0] ?? '')] : queries.length > 1 ? await on.queryAll(queries) : []
  return answers.map(([row]) => Number(row?.count))
}
