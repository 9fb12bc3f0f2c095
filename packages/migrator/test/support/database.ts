import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'

/** A database of the test's own, on the suite's server unless told otherwise. */
export interface TestDatabase {
  readonly url: string
  readonly name: string
  readonly sql: postgres.Sql
  /** The same database as another role, or with another password. */
  as(user: string, password: string): string
  drop(): Promise<void>
}

export async function createDatabase(serverUrl = inject('serverUrl')): Promise<TestDatabase> {
  const name = `t_${randomUUID().replaceAll('-', '').slice(0, 16)}`
  await databaseOn(serverUrl, (admin) => admin.unsafe(`CREATE DATABASE ${name}`))
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const sql = postgres(url.href, { max: 4, onnotice: () => {} })
  return {
    url: url.href,
    name,
    sql,
    as(user, password) {
      const other = new URL(url)
      other.username = user
      other.password = password
      return other.href
    },
    async drop() {
      await sql.end({ timeout: 1 })
      await databaseOn(serverUrl, (admin) => admin.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
    },
  }
}

/** Throws away what a test left in the database, so that the tests of a file can share one. */
export async function emptied({ sql }: TestDatabase): Promise<void> {
  await sql.unsafe('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
}

/** One statement on the server's maintenance database. */
export function onServer<T>(work: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
  return databaseOn(inject('serverUrl'), work)
}

/** Everything of a database that a refused command must have left alone, as one text. */
export async function stateOf({ sql }: TestDatabase): Promise<string> {
  const relations = await sql`
    SELECT n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1, 2`
  const [history] = await sql`SELECT to_regclass('public.schema_migrations') AS found`
  const rows = history?.found ? await sql.unsafe(HISTORY) : []
  return JSON.stringify({ relations, rows })
}

/** Of a table of any shape: another tool's history may stand there. */
const HISTORY = `SELECT h->>'version' AS version, h->>'checksum' AS checksum, h->>'dirty' AS dirty
  FROM (SELECT to_jsonb(t) AS h FROM schema_migrations t) AS rows ORDER BY 1`

/** One statement on any database. */
export async function databaseOn<T>(url: string, work: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
