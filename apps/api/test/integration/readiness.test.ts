import { setTimeout as sleep } from 'node:timers/promises'
import { schemaStatus } from '@repo/database'
import { type SQL, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate, startTestServer, type TestServer } from '../support/database.ts'
import { startService, type TestService } from '../support/service.ts'

let server: TestServer
let service: TestService
let databaseUrl: string

beforeAll(async () => {
  server = await startTestServer()
  databaseUrl = await server.createDatabase()
  service = await startService(databaseUrl, { schemaStatus: () => schemaStatus({ url: databaseUrl }) })
})

afterAll(async () => {
  await service?.stop()
  await server?.stop()
})

interface Answer {
  readonly ready: boolean
  readonly reason?: string
  readonly pending: readonly string[]
}

/** Asks once the last answer is no longer kept. */
async function ask(): Promise<{ status: number; body: Answer }> {
  await sleep(1100)
  const answer = await fetch(`${service.url}/api/ready`)
  return { status: answer.status, body: (await answer.json()) as Answer }
}

async function checkWhile(change: SQL, restore: SQL, expected: object): Promise<void> {
  await service.db.execute(change)
  expect(await ask()).toMatchObject({ status: 503, body: { ready: false, ...expected } })
  await service.db.execute(restore)
  expect(await ask()).toMatchObject({ status: 200, body: { ready: true } })
}

test('is not ready before the migrations, naming them, while it is alive', async () => {
  const { status, body } = await ask()
  expect([status, body.ready]).toEqual([503, false])
  expect(body.pending).toContain('0001_init_schema')
  expect(body.reason).toMatch(/pending/)
  expect((await fetch(`${service.url}/api/health`)).status).toBe(200)
  const answer = await fetch(`${service.url}/v1/reports/top-events`, { headers: { Authorization: 'Bearer x' } })
  expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: 'SCHEMA_NOT_READY' } }])
})

test('is ready after them', async () => {
  await migrate(databaseUrl)
  const expected = { ready: true, pending: [], running: [], dirty: [], changed: [], missing: [], ahead: [] }
  expect(await ask()).toEqual({ status: 200, body: expected })
})

test('is not ready while a migration is dirty', () =>
  checkWhile(
    sql`UPDATE schema_migrations SET dirty = true WHERE version = '0012_user_traits'`,
    sql`UPDATE schema_migrations SET dirty = false WHERE version = '0012_user_traits'`,
    { dirty: ['0012_user_traits'], reason: expect.stringContaining('0012_user_traits') },
  ))

test('is not ready while an applied file differs', async () => {
  const rows = await service.db.execute<{ checksum: string }>(
    sql`SELECT checksum FROM schema_migrations WHERE version = '0003_sessions'`,
  )
  await checkWhile(
    sql`UPDATE schema_migrations SET checksum = ${'0'.repeat(64)} WHERE version = '0003_sessions'`,
    sql`UPDATE schema_migrations SET checksum = ${rows[0]?.checksum} WHERE version = '0003_sessions'`,
    { changed: ['0003_sessions'], reason: expect.stringContaining('0003_sessions') },
  )
})

test('is not ready while an applied file is missing', () =>
  checkWhile(
    sql`UPDATE schema_migrations SET version = '0013_gone' WHERE version = '0013_daily_event_counts'`,
    sql`UPDATE schema_migrations SET version = '0013_daily_event_counts' WHERE version = '0013_gone'`,
    { missing: ['0013_gone'], reason: expect.stringContaining('0013_gone') },
  ))

test('is not ready while the database is down, and keeps its password', async () => {
  await server.stop()
  const { status, body } = await ask()
  expect([status, body.ready]).toEqual([503, false])
  expect(body.reason).toMatch(/./)
  expect(JSON.stringify(body)).not.toMatch(/postgres:postgres|at .*\.ts/)
})
