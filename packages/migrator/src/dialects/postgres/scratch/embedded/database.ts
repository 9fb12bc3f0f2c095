import { serverFailure } from './failure.ts'

// duplicate_database, and unique_violation when two create it at the same instant.
const alreadyThere = new Set(['42P04', '23505'])

/**
 * Makes sure that a database of this name exists; true if this call created it. Safe when many processes call it at once.
 * Throws EMBEDDED_SERVER_FAILED with the server's reason; then nothing was created.
 */
export async function ensureDatabase(server: { urlOf(database: string): string }, name: string): Promise<boolean> {
  const { default: postgres } = await import('postgres') // 11 ms that finding the server need not cost.
  const sql = postgres(server.urlOf('postgres'), { max: 1, onnotice: () => undefined })
  try {
    const existing = await sql`select from pg_database where datname = ${name}`
    if (existing.length > 0) return false
    await sql.unsafe(`create database "${name.replaceAll('"', '""')}"`)
    return true
  } catch (error) {
    if (error instanceof postgres.PostgresError && alreadyThere.has(error.code)) return false
    const reason = error instanceof Error ? error.message : String(error)
    throw serverFailure(`The embedded PostgreSQL could not create database ${name}: ${reason}`, { cause: error })
  } finally {
    await sql.end({ timeout: 1 })
  }
}
