import { sql as raw } from 'drizzle-orm'
import type { PgDatabase } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, describe } from 'vitest'
import { PostgresAdapter } from '../../src/index.ts'
import { createDatabase, emptied, type TestDatabase } from '../support/database.ts'
import { type MajorServer, olderMajors, startMajor } from '../support/majors.ts'
import { until } from '../support/until.ts'
import { contract } from './contract.ts'
import type { Subject } from './subject.ts'

let database: TestDatabase
describe('PostgreSQL 18', () => {
  beforeAll(async () => {
    database = await createDatabase()
  })
  afterAll(() => database.drop())

  contract('the contract', openPostgres)
})

describe.each(olderMajors())('PostgreSQL %s', (major) => {
  let server: MajorServer
  beforeAll(async () => {
    server = await startMajor(major)
    database = await createDatabase(server.url)
  })
  afterAll(async () => {
    await database?.drop()
    await server?.stop()
  })

  contract('the contract', openPostgres)
})

const PAUSE = 4711

async function openPostgres(): Promise<Subject> {
  const { sql, url } = database
  await emptied(database)
  const clients: PostgresAdapter[] = []
  return {
    client() {
      const adapter = new PostgresAdapter({ connectionString: url })
      clients.push(adapter)
      return adapter
    },
    say: {
      create: (name) => `CREATE TABLE ${name} (id integer)`,
      drop: (name) => `DROP TABLE ${name}`,
      opaque: (statement) => `DO $$ BEGIN ${statement}; END $$`,
      fail: 'SELECT 1 / 0',
      pause: `SELECT pg_advisory_xact_lock(${PAUSE})`,
      unreadable: 'CREATE TABL one (id integer)',
      harm: 'DROP TABLE schema_migrations',
    },
    script: (statements) => statements.map((statement) => `${statement};\n`).join(''),
    send: (handle, statement) => (handle as PgDatabase<never>).execute(raw.raw(statement)),
    execute: (statement) => sql.unsafe(statement),
    async objects() {
      const rows = await sql<{ name: string }[]>`
        SELECT tablename AS name FROM pg_tables
         WHERE schemaname = 'public' AND tablename NOT IN ('schema_migrations', 'migration_logs', 'migration_backups')
         ORDER BY 1`
      return rows.map(({ name }) => name)
    },
    async hold() {
      const holder = await sql.reserve()
      await holder`SELECT pg_advisory_lock(${PAUSE})`
      return async () => {
        await holder`SELECT pg_advisory_unlock(${PAUSE})`
        holder.release()
      }
    },
    async paused() {
      await until('a run pauses', async () => {
        const waiting = await sql`
          SELECT FROM pg_stat_activity
           WHERE wait_event = 'advisory' AND query LIKE '%pg_advisory_xact_lock%' AND datname = current_database()`
        return waiting.length > 0 || undefined
      })
    },
    async kill(client) {
      const label = client.applicationName.split(' ')[0] ?? ''
      await sql`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND starts_with(application_name, ${label})`
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()))
    },
  }
}
