import { identifier } from '../script/literal.ts'
import { isPart, type Kept } from './archive.ts'
import { type Column, qualified, type Shape } from './shape.ts'

/** A copy, and the table as it came up again. */
export interface Pair {
  readonly kept: Kept
  readonly now: Shape
  /** Both quoted and qualified. */
  readonly copy: string
  readonly table: string
  /** The table where its rows are read: without those of tables that inherit from it. */
  readonly rows: string
  /** Columns that are put back, as they are now; and those that the table has no more. */
  readonly columns: readonly Both[]
  readonly missing: readonly string[]
  /** By what a row of the table and one of the copy are the same; none: only as whole rows. */
  readonly key: readonly Both[]
  /**
   * Of one of `columns`, over a row `t` and its copy `b`: whether what is in the table is newer than what was kept, and stays.
   * `false` where that is known of no row.
   */
  readonly newer: (column: Both) => string
}

export interface Both {
  readonly then: Column
  readonly now: Column
}

/** Undefined when there is nothing to put into, or nothing to tell the rows by. */
export function pairOf(
  archive: string,
  kept: Kept,
  now: Shape,
  newer: (kept: Kept, now: Shape, column: Both) => string = () => 'false',
): Pair | undefined {
  const both = (columns: readonly Column[]) =>
    columns.flatMap((then): readonly Both[] => {
      const found = now.columns.find(({ name }) => name === then.name)
      return found ? [{ then, now: found }] : []
    })
  const columns = both(kept.columns)
  const key = isPart(kept) ? both(kept.key) : both(kept.columns.filter(({ name }) => now.key.includes(name)))
  if (kept.kind === 'narrowed' && kept.keyed === 'by-whole-row') return undefined
  if (columns.length === 0 || (isPart(kept) && key.length < kept.key.length)) return undefined
  const whole = isPart(kept) ? key : now.key.length > 0 && key.length === now.key.length ? key : []
  return {
    ...{ kept, now, columns, key: whole },
    copy: qualified(archive, kept.copy),
    table: qualified(kept.schema, kept.table),
    rows: `${now.kind === 'r' ? 'ONLY ' : ''}${qualified(kept.schema, kept.table)}`,
    newer: (column) => newer(kept, now, column),
    missing: kept.columns.filter(({ name }) => !now.columns.some((each) => each.name === name)).map(({ name }) => name),
  }
}

/** The copy's value (`b`) as one of the table's column: through its text, as which every type can be read. */
export function restored({ then, now }: Both): string {
  const column = `b.${identifier(then.name)}`
  return then.copyType === now.type ? column : `${column}::pg_catalog.text::${now.type}`
}

/** The same, unless what the table holds is newer. */
export function settled({ newer }: Pick<Pair, 'newer'>, each: Both): string {
  const condition = newer(each)
  if (condition === 'false') return restored(each)
  const now = `t.${identifier(each.now.name)}`
  return condition === 'true' ? now : `CASE WHEN ${condition} THEN ${now} ELSE ${restored(each)} END`
}

/** Equality of the key, or of the whole row's text, which tells 1.0 from 1.00 and is there for every type. */
export function sameRow({ key, kept }: Pick<Pair, 'key' | 'kept'>): string {
  if (kept.keyed === 'by-whole-row') return `${rowText(key, 't')} = ${rowText(key, 'b')}`
  return key.map((each) => `t.${identifier(each.now.name)} = ${restored(each)}`).join(' AND ')
}

export function rowText(columns: readonly Both[], of: 't' | 'b'): string {
  const texts = columns.map((each) => (of === 't' ? `t.${identifier(each.now.name)}` : restored(each)))
  return `ROW(${texts.map((each) => `(${each})::pg_catalog.text`).join(', ')})::pg_catalog.text`
}

/**
 * A row that holds what the copy does, to the letter: a value that only fits a shorter type by being cut is not the same, so it
 * stays in the copy.
 */
export function isSame({ columns }: Pick<Pair, 'columns'>): string {
  return `(${rowText(columns, 't')} = ${copyText({ columns })})`
}

/** The copy's row as it is, before any type is given to it. */
export function copyText({ columns }: Pick<Pair, 'columns'>): string {
  return `ROW(${columns.map(({ then }) => `b.${identifier(then.name)}::pg_catalog.text`).join(', ')})::pg_catalog.text`
}

/** What is done to the copy once the rows are in the table. Told by the whole row, one that was changed only looks as if it were gone. */
export function pairText(pair: Pair): { readonly removeFound: string; readonly removeGone: string } {
  const { kept, key, copy, rows, columns } = pair
  const removeFound =
    key.length > 0
      ? `DELETE FROM ${copy} AS b USING ${rows} AS t WHERE ${sameRow(pair)} AND ${isSame(pair)}`
      : `DELETE FROM ${copy} AS b USING (${numbered(pair, 't')}) AS t, (${numbered(pair, 'b')}) AS c
          WHERE b.ctid = c.place AND t.row = c.row AND t.number = c.number AND ${rowText(columns, 'b')} = ${copyText(pair)}`
  const removeGone =
    isPart(kept) && kept.keyed === 'by-key'
      ? `WITH gone AS (DELETE FROM ${copy} AS b WHERE NOT EXISTS (SELECT 1 FROM ${rows} AS t WHERE ${sameRow(pair)}) RETURNING 1) SELECT count(*)::text AS count FROM gone`
      : "SELECT '0' AS count"
  return { removeFound, removeGone }
}

/** Equal rows are distinguished by their number among equals. */
export function numbered({ copy, rows, columns, key }: Pair, of: 't' | 'b'): string {
  const row = rowText(key.length > 0 ? key : columns, of)
  return `SELECT ${of}.ctid AS place, ${of}.tableoid AS part, ${row} AS row, pg_catalog.row_number() OVER (PARTITION BY ${row} ORDER BY ${of}.ctid) AS number
            FROM ${of === 't' ? rows : copy} AS ${of}`
}

/** Of a narrowed column, in the copy: what the step left in the table, as text. */
export function leftColumn(index: number): string {
  return `"migrator: left ${index}"`
}

/** Whether the row still has what the step left in it; a row that somebody wrote to meanwhile keeps what it has. */
export function untouched({ kept, columns }: Pair): string {
  if (kept.kind !== 'narrowed') return 'true'
  const same = ({ now }: Both, index: number) =>
    `t.${identifier(now.name)}::pg_catalog.text IS NOT DISTINCT FROM b.${leftColumn(index)}::${now.type}::pg_catalog.text`
  return columns.map(same).join(' AND ')
}
