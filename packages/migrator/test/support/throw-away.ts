import { onTestFinished } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import type { SqlSession } from '../../src/dialects/postgres/session/sql-session.ts'
import { createDatabase, type TestDatabase } from './database.ts'

/** A database of one test's own, in the state that the SQL leaves, and a session in it. Both go when the test ends. */
export interface ThrowAway {
  readonly db: TestDatabase
  readonly session: SqlSession
}

export async function throwAway(ddl: string): Promise<ThrowAway> {
  const db = await createDatabase()
  onTestFinished(() => db.drop())
  await db.sql.unsafe(ddl)
  return { db, session: await sessionAt(db.url) }
}

/** A session that is closed when the test ends. */
export async function sessionAt(url: string): Promise<SqlSession> {
  const adapter = new PostgresAdapter({ connectionString: url })
  onTestFinished(() => adapter.close())
  return adapter.connect({ modules: false })
}
