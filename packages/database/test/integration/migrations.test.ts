import { fileURLToPath } from 'node:url'
import { loadMigrations, type Migration, MigrationRunner, PostgresAdapter } from '@repo/migrator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient, schemaStatus, seed } from '../../src/index.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

type Digest = Readonly<Record<string, string>>

const directory = fileURLToPath(new URL('../../src/migrations', import.meta.url))

let server: TestServer
let migrations: readonly Migration[]

beforeAll(async () => {
  server = await startTestServer()
  migrations = await loadMigrations(directory)
})

afterAll(() => server.stop())

/** A database with a runner, and its catalog, object by object. */
async function open(name: string) {
  const url = await server.createDatabase(name)
  const adapter = new PostgresAdapter({ connectionString: url })
  const runner = new MigrationRunner({ adapter })
  const session = await adapter.connect({ modules: false })
  const step = async (direction: 'apply' | 'rollback') => {
    const target = { kind: 'count', count: 1 } as const
    const report = await runner[direction](migrations, { target })
    expect(report.error).toBeUndefined()
    return adapter.catalog.digest(session)
  }
  return {
    url,
    runner,
    up: () => step('apply'),
    down: () => step('rollback'),
    digest: () => adapter.catalog.digest(session),
    close: () => adapter.close(),
  }
}

describe('every migration', () => {
  test('is rolled back to exactly the catalog from before, and goes up again to the same', async () => {
    const database = await open('empty_tables')
    for (const { id } of migrations) {
      const before = await database.digest()
      const after = await database.up()
      expect(after, `${id} changes something`).not.toEqual(before)
      expect(await database.down(), `down of ${id}`).toEqual(before)
      expect(await database.up(), `second up of ${id}`).toEqual(after)
    }
    await database.close()
  })

  test('is rolled back with rows in the tables, all the way down and up again', async () => {
    const database = await open('with_rows')
    const befores: Digest[] = []
    for (const _ of migrations) {
      befores.push(await database.digest())
      await database.up()
    }
    const whole = await database.digest()
    const client = createClient({ url: database.url })
    await seed(client.db)
    await client.close()
    for (const [index, { id }] of [...migrations.entries()].reverse()) {
      expect(await database.down(), `down of ${id}`).toEqual(befores[index])
    }
    await database.runner.apply(migrations)
    expect(await database.digest()).toEqual(whole)
    await database.close()
  })
})

test('the table split gives every value back', async () => {
  const database = await open('split')
  await database.runner.apply(migrations, { target: { kind: 'id', id: '0006_validate_sessions_user_fk' } })
  const client = createClient({ url: database.url })
  const rows = async () => await client.db.execute('SELECT * FROM users ORDER BY email')
  await client.db.execute(`INSERT INTO organisations (slug, name) VALUES ('acme', 'Acme')`)
  await client.db.execute(`
    INSERT INTO users (organisation_id, email, display_name, time_zone, avatar_url)
    SELECT o.id, 'user' || n || '@example.com', nullif('Ünïcode ' || n, 'Ünïcode 3'), 'Europe/Berlin', NULL
      FROM organisations o, generate_series(1, 50) n`)
  const before = await rows()
  await database.up()
  await client.db.execute(
    `UPDATE user_profiles SET display_name = 'changed since' WHERE user_id = (SELECT id FROM users WHERE email = 'user7@example.com')`,
  )
  await database.down()
  const after = await rows()
  expect(after.map((row) => (row.email === 'user7@example.com' ? { ...row, display_name: 'Ünïcode 7' } : row))).toEqual(
    [...before],
  )
  expect(after.find((row) => row.email === 'user7@example.com')?.display_name).toBe('changed since')
  await client.close()
  await database.close()
})

test('the backfill fills every row, also when it goes up a second time', async () => {
  const database = await open('backfill')
  await database.runner.apply(migrations, { target: { kind: 'id', id: '0009_session_duration' } })
  const client = createClient({ url: database.url })
  await client.db.execute(`INSERT INTO organisations (slug, name) VALUES ('acme', 'Acme')`)
  await client.db.execute(
    `INSERT INTO sources (organisation_id, name, write_key) SELECT id, 'web', 'key' FROM organisations`,
  )
  await client.db.execute(`ALTER TABLE sessions DISABLE TRIGGER ALL`)
  await client.db.execute(`
    INSERT INTO sessions (organisation_id, source_id, started_at, ended_at)
    SELECT s.organisation_id, s.id, now() - n * interval '1 minute', now() FROM sources s, generate_series(1, 2500) n`)
  await client.db.execute(`ALTER TABLE sessions ENABLE TRIGGER ALL`)
  const empty = async () =>
    (await client.db.execute('SELECT count(*)::int AS n FROM sessions WHERE duration_seconds IS NULL'))[0]?.n
  expect(await empty()).toBe(2500)
  await database.up()
  expect(await empty()).toBe(0)
  await database.down()
  expect(await empty()).toBe(2500)
  await database.up()
  expect(await empty()).toBe(0)
  await client.close()
  await database.close()
})

test('the schema status tells a database that is behind from one that is ready', async () => {
  const database = await open('readiness')
  expect(await schemaStatus({ url: database.url })).toMatchObject({
    ready: false,
    reason: expect.stringContaining('pending'),
  })
  await database.runner.apply(migrations)
  expect(await schemaStatus({ url: database.url })).toMatchObject({ ready: true, pending: [] })
  await database.close()
})

test('a rolling deploy leaves the old release ready while the later one migrates, and afterwards', async () => {
  const database = await open('rolling')
  await database.runner.apply(migrations)
  let finish = () => {}
  const gate = new Promise<void>((resolve) => {
    finish = resolve
  })
  const later = { id: '9000_later', transaction: false, up: () => gate, down: async () => {} } as const
  const applying = database.runner.apply([...migrations, later])
  const status = () => schemaStatus({ url: database.url })
  await expect.poll(status, { timeout: 30_000 }).toMatchObject({ ready: true, running: ['9000_later'], dirty: [] })
  finish()
  expect((await applying).error).toBeUndefined()
  expect(await status()).toMatchObject({ ready: true, ahead: ['9000_later'], running: [], missing: [] })
  const client = createClient({ url: database.url })
  await client.db.execute(`UPDATE schema_migrations SET dirty = true WHERE version = '9000_later'`)
  expect(await status()).toMatchObject({ ready: false, dirty: ['9000_later'], running: [] })
  await client.close()
  await database.close()
})

test('a step of this release that a live run holds is running, not dirty, and not ready yet', async () => {
  const database = await open('running')
  const target = { kind: 'id', id: '0008_index_sessions_by_start' } as const
  await database.runner.apply(migrations, { target: { kind: 'id', id: '0007_split_user_profiles' } })
  const client = createClient({ url: database.url })
  await client.db.transaction(async (tx) => {
    await tx.execute('LOCK TABLE sessions IN ROW EXCLUSIVE MODE')
    const applying = database.runner.apply(migrations, { target, lockTimeoutMs: 0 })
    const expected = { ready: false, running: [target.id], dirty: [], reason: expect.stringContaining('1 running') }
    await expect.poll(() => schemaStatus({ url: database.url }), { timeout: 30_000 }).toMatchObject(expected)
    await tx.execute('COMMIT')
    expect((await applying).error).toBeUndefined()
  })
  expect(await schemaStatus({ url: database.url })).toMatchObject({ running: [], dirty: [] })
  await client.close()
  await database.close()
})
