import type { DataLossEffect } from './data-loss-effect.ts'
import { plural } from './plural.ts'

/** Data that a step down destroys, or may destroy. */
export interface Loss {
  readonly migration: string
  /**
   * `may-narrow`: the column's new type may not hold all of its values. `may-overwrite`: its values may be overwritten.
   * `unknown`: it cannot be determined in advance.
   */
  readonly how: 'dropped' | 'emptied' | 'deleted' | 'may-narrow' | 'may-overwrite' | 'unknown'
  /** `schema.table`; undefined if it cannot be determined. */
  readonly table?: string | undefined
  readonly column?: string | undefined
  /** For a table: its rows. Undefined if they could be neither counted nor estimated. */
  readonly rows?: number | undefined
  /** For a column: the number of values that are not null. */
  readonly values?: number | undefined
  readonly estimated: boolean
  /** Why it cannot be determined or counted. */
  readonly why?: string | undefined
}

/** What was proven of a migration's `down` elsewhere (a rehearsal's certificate); undefined where nothing was. */
export type KnownLoss = (id: string) => readonly DataLossEffect[] | undefined

/** Whether something that is there now is known to go. */
export function losesData({ how, rows, values }: Loss): boolean {
  return how !== 'unknown' && !mayOnly(how) && (rows ?? values ?? 0) > 0
}

/** Whether nothing but the statement itself shows what it does to the values. */
export function mayOnly(how: Loss['how']): how is 'may-narrow' | 'may-overwrite' {
  return how === 'may-narrow' || how === 'may-overwrite'
}

/** What `--preserve-data` does with losses. */
export interface Keeping {
  readonly kept: readonly Loss[]
  readonly unkept: readonly Loss[]
  /** Kept as it shows while the step runs, or the step is stopped. */
  readonly unknown: readonly Loss[]
}

export function byKeeping(losses: readonly Loss[]): Keeping {
  const keptWhere = ({ how }: Loss) => (how === 'unknown' ? how : how === 'may-overwrite' ? 'unkept' : 'kept')
  const all = (which: keyof Keeping) => losses.filter((loss) => keptWhere(loss) === which)
  return { kept: all('kept'), unkept: all('unkept'), unknown: all('unknown') }
}

/** What is worth reporting: what is lost, what may be lost, and what cannot be determined. */
export function tellable(losses: readonly Loss[]): readonly Loss[] {
  return losses.filter((loss) => (loss.rows ?? loss.values) !== 0)
}

/** `3 rows of public.orders`, `about 1,200 values of public.orders.note`. */
export function lossText({ how, table, column, rows, values, estimated, why }: Loss): string {
  if (how === 'unknown' && table === undefined) return `what it destroys cannot be determined beforehand: ${why}`
  const name = column === undefined ? table : `${table}.${column}`
  const count = column === undefined ? rows : values
  const [one, many] = column === undefined ? (['row', 'rows'] as const) : (['value', 'values'] as const)
  const about = estimated ? 'about ' : ''
  const what = count === undefined ? `an unknown number of ${many}` : `${about}${pluralised(count, one, many)}`
  const may = mayOnly(how) ? MAY[how] : ''
  return `${what} of ${name}${may}${why === undefined ? '' : ` (${why})`}`
}

const MAY = { 'may-narrow': ', which may not fit the new type', 'may-overwrite': ', which it may overwrite' } as const

function pluralised(count: number, one: string, many: string): string {
  return plural(count, one, many).replace(/^\d+/, (digits) => Number(digits).toLocaleString('en-US'))
}
