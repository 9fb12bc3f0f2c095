import type { SqlSession } from '../session/sql-session.ts'

/** Rows with numbers, booleans and lists in them: the port's are texts. */
export async function jsonRows<Row>(on: SqlSession, sql: string): Promise<readonly Row[]> {
  const rows = await on.query(`SELECT pg_catalog.row_to_json(found)::text AS row FROM (${sql}) AS found`)
  return rows.map(({ row }) => JSON.parse(row ?? 'null') as Row)
}

/** Whether a reader begins a transaction, or reads in the one that is open and leaves its settings there. */
export type ReadingPlace = 'on its own' | 'within'

/**
 * Reads with settings for it, in one transaction of its own by default; then the session must stand outside one. Queries that
 * `work` does not await go out together.
 */
export async function reading<T>(
  on: SqlSession,
  settings: string,
  work: () => Promise<T>,
  place: ReadingPlace = 'on its own',
): Promise<T> {
  if (place === 'within') {
    await on.execute(settings)
    return work()
  }
  const begun = on.execute(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${settings}`)
  try {
    const [, result] = await Promise.all([begun, work()])
    await on.execute('COMMIT')
    return result
  } catch (error) {
    await on.abort()
    throw error
  }
}
