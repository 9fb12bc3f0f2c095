import { literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'

/** Sets these for as long as the work lasts, in the caller's transaction. After a failure that is over in any case. */
export async function withSettings<T>(
  on: SqlSession,
  settings: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  const names = Object.keys(settings)
  const set = (name: string, value: string) => `pg_catalog.set_config(${literal(name)}, ${literal(value)}, true)`
  const reads = names.map((name, index) => `pg_catalog.current_setting(${literal(name)}) AS s${index}`)
  const [before] = await on.query(`SELECT ${reads.join(', ')}`)
  await on.execute(`SELECT ${names.map((name) => set(name, settings[name] ?? '')).join(', ')}`)
  const result = await work()
  await on.execute(`SELECT ${names.map((name, index) => set(name, before?.[`s${index}`] ?? '')).join(', ')}`)
  return result
}

/** Names come out qualified. */
export const BARE = { search_path: '' } as const

/** Under these a value's text says all of it and is read back as the same value. Row security fails instead of hiding rows. */
export const EXACT = {
  row_security: 'off',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
} as const
