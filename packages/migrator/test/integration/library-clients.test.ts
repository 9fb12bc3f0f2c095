import { readFileSync } from 'node:fs'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import { drizzle as drizzlePostgres } from 'drizzle-orm/postgres-js'
import pg from 'pg'
import postgres from 'postgres'
import { expect, onTestFinished, test } from 'vitest'
import { type GivenClient, MigrationRunner, PostgresAdapter } from '../../src/index.ts'
import { loadMigrations } from '../../src/migration-files.ts'
import { threeTables } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { folderOf } from '../support/folder.ts'
import { historyOf } from '../support/observe.ts'
import { tlsServer } from '../support/tls-server.ts'
import { until } from '../support/until.ts'

interface Made {
  readonly client: GivenClient
  /** A query of the application's own. */
  answer(): Promise<unknown>
  end(): Promise<void>
}

/** What the application's connections are called. */
const NAMED = 'the application'

function ofPostgres(sql: postgres.Sql, client: GivenClient = sql): Made {
  return { client, answer: async () => (await sql`SELECT 1 AS one`)[0], end: () => sql.end() }
}

function ofPool(pool: pg.Pool, client: GivenClient = pool): Made {
  return { client, answer: async () => (await pool.query('SELECT 1 AS one')).rows[0], end: () => pool.end() }
}

async function ofClient(url: string): Promise<Made> {
  const client = new pg.Client({ connectionString: url, application_name: NAMED })
  await client.connect()
  return { client, answer: async () => (await client.query('SELECT 1 AS one')).rows[0], end: () => client.end() }
}

const inPostgres = (url: string) => postgres(url, { max: 1, connection: { application_name: NAMED } })
const inPool = (url: string) => new pg.Pool({ connectionString: url, max: 1, application_name: NAMED })

const clients: readonly [string, (url: string) => Made | Promise<Made>][] = [
  ['sql of postgres.js', (url) => ofPostgres(inPostgres(url))],
  ['a Pool of node-postgres', (url) => ofPool(inPool(url))],
  ['a Client of node-postgres', ofClient],
  ["Drizzle's $client over postgres.js", (url) => through(inPostgres(url))],
  ["Drizzle's $client over node-postgres", (url) => throughPool(inPool(url))],
]

function through(sql: postgres.Sql): Made {
  return ofPostgres(sql, drizzlePostgres(sql).$client)
}

function throughPool(pool: pg.Pool): Made {
  return ofPool(pool, drizzlePg(pool).$client)
}

async function connectionsOf({ sql, name }: TestDatabase): Promise<readonly { pid: number; name: string }[]> {
  return sql`SELECT pid, application_name AS name FROM pg_stat_activity
              WHERE datname = ${name} AND pid <> pg_backend_pid() AND application_name <> 'postgres.js' ORDER BY pid`
}

async function database(): Promise<TestDatabase> {
  const db = await createDatabase()
  onTestFinished(() => db.drop())
  return db
}

test.each(clients)('applies and rolls back with %s, which stays as it was', async (_, make) => {
  const db = await database()
  const made = await make(db.url)
  onTestFinished(() => made.end())
  await made.answer()
  const before = await connectionsOf(db)
  expect(before.map(({ name }) => name)).toEqual([NAMED])
  const adapter = new PostgresAdapter({ client: made.client })
  const runner = new MigrationRunner({ adapter })
  const migrations = await loadMigrations(`${folderOf(threeTables())}/migrations`)

  expect((await runner.apply(migrations)).error).toBeUndefined()
  expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_three'])
  expect((await runner.rollback(migrations, { steps: 2 })).error).toBeUndefined()
  expect(await historyOf(db)).toEqual(['0001_one'])
  await adapter.close()

  await until('only the application is connected', async () => {
    return JSON.stringify(await connectionsOf(db)) === JSON.stringify(before) || undefined
  })
  expect(await made.answer()).toEqual({ one: 1 })
})

test.each<readonly [string, (url: URL, password: () => Promise<string>) => Made]>([
  ['postgres.js', (url, password) => ofPostgres(postgres({ ...placeOf(url), password, max: 1 }))],
  ['node-postgres', (url, password) => ofPool(new pg.Pool({ ...placeOf(url), password, max: 1 }))],
])('asks a password function of %s for each session', async (_, make) => {
  const db = await database()
  const role = `asked_${db.name}`
  await db.sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD 'p@ss'; GRANT ALL ON SCHEMA public TO ${role}`)
  onTestFinished(async () => {
    await db.sql.unsafe(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })
  let asked = 0
  const made = make(new URL(db.as(role, '')), async () => {
    asked += 1
    return 'p@ss'
  })
  onTestFinished(() => made.end())
  const runner = new MigrationRunner({ adapter: new PostgresAdapter({ client: made.client }) })
  const migrations = await loadMigrations(`${folderOf(threeTables())}/migrations`)
  expect((await runner.apply(migrations)).error).toBeUndefined()
  expect(asked).toBeGreaterThan(1)
  const [row] = await db.sql`SELECT tableowner FROM pg_tables WHERE tablename = 'one'`
  expect(row?.tableowner).toBe(role)
})

function placeOf(url: URL) {
  return { host: url.hostname, port: Number(url.port), database: url.pathname.slice(1), user: url.username }
}

test('a password function that fails is the reason, and no unhandled rejection', async () => {
  const db = await database()
  const password = () => Promise.reject(new Error('the vault is sealed'))
  const sql = postgres({ ...placeOf(new URL(db.url)), password, max: 1 })
  const failed = new PostgresAdapter({ client: sql }).connect({ modules: false })
  await expect(failed).rejects.toMatchObject({
    code: 'AUTHENTICATION_FAILED',
    cause: { message: 'the vault is sealed' },
  })
})

test("verifies the server, and shows the client's certificate, as the client's ssl option says", async () => {
  const server = await tlsServer()
  onTestFinished(() => server.stop())
  const place = placeOf(new URL(server.at('cert', 'localhost')))
  const [ca, other, cert, key] = ['ca.pem', 'other.pem', 'client.pem', 'client.key'].map((name) =>
    readFileSync(server.file(name), 'utf8'),
  )
  const clientsWith = (ssl: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined }) => [
    postgres({ ...place, ssl }),
    new pg.Pool({ ...place, ssl: ssl as pg.PoolConfig['ssl'] }),
    new pg.Client({ ...place, ssl: ssl as pg.ClientConfig['ssl'] }),
  ]
  for (const client of clientsWith({ ca, cert, key })) {
    const adapter = new PostgresAdapter({ client })
    const session = await adapter.connect({ modules: false })
    const [row] = await session.query('SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    await adapter.close()
    expect(row?.ssl).toBe('true')
  }
  for (const client of clientsWith({ ca: other, cert, key })) {
    const refused = new PostgresAdapter({ client }).connect({ modules: false })
    await expect(refused).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringContaining("the ca of the client's ssl option"),
    })
  }
})

test('carries a schema and other start-up settings over, and no limits', async () => {
  const db = await database()
  const startup = { search_path: 'elsewhere', TimeZone: 'Asia/Kolkata', statement_timeout: 1 }
  const adapter = new PostgresAdapter({ client: postgres(db.url, { connection: startup }) })
  onTestFinished(() => adapter.close())
  const session = await adapter.connect({ modules: false })
  const [row] = await session.query(
    "SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS wait, current_setting('TimeZone') AS zone, pg_sleep(0.01)::text",
  )
  expect(row).toMatchObject({ path: 'elsewhere', wait: '0', zone: 'Asia/Kolkata' })
})

const idle = postgres('postgresql://nobody@127.0.0.1:1/nothing')

test.each<readonly [string, unknown, RegExp]>([
  ['a socket function', postgres({ socket: () => undefined } as object), /opens its sockets with a function/],
  ['a socket of no PostgreSQL', postgres({ path: '/run/proxy' }), /not the path of a PostgreSQL socket/],
  ['a pool with a stream', new pg.Pool({ stream: () => undefined as never }), /has a stream of its own/],
  ['a client with a stream', new pg.Client({ stream: () => ({}) as never }), /has a stream of its own/],
  ['a Drizzle database', drizzlePostgres(idle), /is a Drizzle database/],
  ['a query', idle`SELECT 1`, /is not one that connection parameters can be read from/],
  ['something else', { options: {} }, /is not one that connection parameters can be read from/],
  ['a URL', 'postgresql://localhost/app', /client must be a client of postgres\.js or node-postgres/],
])('refuses %s, and says why', (_, client, why) => {
  const make = () => new PostgresAdapter({ client: client as GivenClient })
  expect(make).toThrow(why)
  expect(make).toThrow(expect.objectContaining({ code: 'USAGE_INVALID', details: { option: 'client' } }))
})

test('a client and a connection string cannot be combined', () => {
  const both = { client: idle, connectionString: 'postgresql://localhost/app' }
  expect(() => new PostgresAdapter(both)).toThrow(/cannot be combined/)
})

test("refuses the application's own database as a scratch server", async () => {
  const db = await database()
  const pool = inPool(db.url)
  onTestFinished(() => pool.end())
  const runner = new MigrationRunner({ adapter: new PostgresAdapter({ client: pool }), scratchUrl: db.url })
  const migrations = await loadMigrations(`${folderOf(threeTables())}/migrations`)
  await expect(runner.rehearse(migrations)).rejects.toMatchObject({ code: 'SCRATCH_UNAVAILABLE' })
})
