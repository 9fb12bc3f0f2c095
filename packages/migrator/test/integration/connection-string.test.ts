import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { openPool } from '../../src/dialects/postgres/wire/pool.ts'
import { createProject, type Project, threeTables } from '../support/cli.ts'
import { createDatabase, databaseOn, type TestDatabase } from '../support/database.ts'
import { startPooler } from '../support/pgbouncer.ts'
import { scene } from '../support/scene.ts'
import { type SocketServer, socketServer } from '../support/socket.ts'

let tcp: TestDatabase
let project: Project
let socket: SocketServer

beforeAll(async () => {
  socket = await socketServer()
  tcp = await createDatabase()
  project = await createProject(tcp.url, threeTables())
  await databaseOn(socket.url, (sql) => sql.unsafe(`CREATE DATABASE ${tcp.name}`))
})
afterAll(async () => {
  await project.remove()
  await tcp.drop()
  await socket.stop()
})

/** The URL of the first server, with more parameters. */
function urlWith(parameters: string): string {
  return `${tcp.url}?${parameters}`
}

async function run(words: string, url: string, env: Readonly<Record<string, string>> = {}) {
  const finished = await project.run(words.split(' '), { DATABASE_URL: url, ...env })
  expect(finished, finished.stderr).toMatchObject({ code: 0 })
  return finished
}

function tablesOn(url: string): Promise<readonly string[]> {
  return databaseOn(url, async (sql) => {
    const rows = await sql<{ name: string }[]>`
      SELECT schemaname || '.' || tablename AS name FROM pg_tables
       WHERE schemaname !~ '^(pg_|information_schema)' AND tablename !~ 'migration' ORDER BY 1`
    return rows.map(({ name }) => name)
  })
}

/** The same database on the server with the socket, reached by TCP. */
const besideUrl = () => socket.url.replace(/[^/]*$/, tcp.name)

test('of an authority and a host parameter the parameter wins: the socket is migrated, the server on the port is not touched', async () => {
  await socket.answerAs(new URL(tcp.url).port)
  await run('migrate', urlWith(`host=${socket.folder}`))
  expect(await tablesOn(besideUrl())).toEqual(['public.one', 'public.three', 'public.two'])
  expect(await tablesOn(tcp.url)).toEqual([])
  await run('rollback --steps 2', urlWith(`host=${encodeURIComponent(socket.folder)}`))
  expect(await tablesOn(besideUrl())).toEqual(['public.one'])
})

/** What a session of this connection string says. */
async function ask(url: string, query: string): Promise<string | null | undefined> {
  const adapter = new PostgresAdapter({ connectionString: url, applicationName: 'ann' })
  onTestFinished(() => adapter.close())
  const session = await adapter.connect({ modules: false })
  const [row] = await session.query(`SELECT (${query})::text AS answer`)
  return row?.answer
}

describe('a parameter reaches the session:', () => {
  test.each([
    ['application_name=deploy', "current_setting('application_name')", /^migrator\/[0-9a-f]{8} ann deploy$/],
    ['application_name=d%C3%A9ploy', "current_setting('application_name')", /^migrator\/[0-9a-f]{8} ann d\?ploy$/],
    ['options=-c%20work_mem%3D8MB', "current_setting('work_mem')", /^8MB$/],
    ['options=-c+search_path%3Dpg_catalog', "current_setting('search_path')", /^pg_catalog$/],
    ['search_path=a,b', "current_setting('search_path')", /^a,b$/],
    ['schema=My%22App', "current_setting('search_path')", /^"My""App"$/],
    ['schema=public', "current_setting('search_path')", /^"\$user", public$/],
    ['dbname=postgres', 'current_database()', /^postgres$/],
    ['hostaddr=127.0.0.1&host=there-is-none.invalid', 'inet_server_addr()', /^127\.0\.0\.1/],
  ])('%s', async (parameters, query, expected) => {
    expect(await ask(urlWith(parameters), query)).toMatch(expected)
  })

  test('the label is the one that a recovery looks for', async () => {
    const adapter = new PostgresAdapter({
      connectionString: urlWith('application_name=d%C3%A9ploy'),
      applicationName: 'jürgen',
    })
    onTestFinished(() => adapter.close())
    const session = await adapter.connect({ modules: false })
    const [row] = await session.query("SELECT current_setting('application_name') AS name")
    expect(row?.name).toBe(adapter.applicationName)
  })

  test('user and password', async () => {
    const { host, pathname } = new URL(tcp.url)
    expect(
      await ask(`postgresql://nobody:wrong@${host}${pathname}?user=postgres&password=postgres`, 'current_user'),
    ).toBe('postgres')
  })
})

test('unqualified names of a migration go where search_path leads, in every step', async () => {
  const { db, project: own } = await scene(threeTables(), { standing: 'CREATE SCHEMA app' })
  const env = { DATABASE_URL: `${db.url}?schema=app` }
  expect(await own.run(['migrate', '--transaction', 'each'], env)).toMatchObject({ code: 0 })
  expect(await tablesOn(db.url)).toEqual(['app.one', 'app.three', 'app.two', 'public.pace'])
  expect(await own.run(['rollback', '--steps', '1'], env)).toMatchObject({ code: 0 })
  expect(await tablesOn(db.url)).toEqual(['app.one', 'app.two', 'public.pace'])
})

test('beside a URL, of the environment only the password counts', async () => {
  const PG = {
    PGHOST: '/nowhere',
    PGPORT: '1',
    PGUSER: 'nobody',
    PGDATABASE: 'none',
    PGSSLMODE: 'require',
    PGOPTIONS: '-c x',
  }
  const more = {
    PGTARGETSESSIONATTRS: 'any',
    PGAPPNAME: 'x',
    PGCONNECT_TIMEOUT: '1',
    PGMAX: '0',
    PGSSL: 'true',
    PGHOSTADDR: '10.0.0.1',
  }
  const url = new URL(tcp.url)
  url.password = ''
  await run('status', url.href, { ...PG, ...more, PGPASSWORD: 'postgres' })
  await run('status', url.href, { ...PG, PGTARGETSESSIONATTRS: 'standby', PGPASSWORD: 'postgres' })
})

test('what is left out is said on stderr, once, and --json stays one document', async () => {
  const { stderr, json } = await run(
    'status --json',
    urlWith('schema=public&connection_limit=5&pgbouncer=true&pool_timeout=2'),
  )
  expect(stderr.trim().split('\n')).toEqual([
    'Warning: DATABASE_URL: "connection_limit" is ignored: it sets the size of a pool, and a run opens only the connections that it needs.',
    'Warning: DATABASE_URL: "pool_timeout" is ignored: it sets the size of a pool, and a run opens only the connections that it needs.',
  ])
  expect(json().schemaVersion).toBe(1)
})

test('a setting that the server refuses is named, with the parameter to correct', async () => {
  await expect(ask(urlWith('options=-c%20no_such%3D1'), '1')).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining('"no_such"'),
    hint: 'Correct options in DATABASE_URL.',
  })
})

test('a pooler that refuses start-up settings is named for it; without them its usual URL works', async () => {
  const pooler = await startPooler(inject('serverUrl'))
  onTestFinished(async () => pooler?.stop())
  if (!pooler) return
  const url = pooler.through(tcp.url)
  await expect(ask(`${url}?schema=app`, '1')).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringMatching(
      /pooler .* refuses search_path \(or schema\): unsupported startup parameter: search_path\.$/,
    ),
    hint: expect.stringContaining('track_extra_parameters'),
  })
  expect(
    await ask(`${url}?schema=public&pgbouncer=true&connection_limit=1&statement_cache_size=0`, 'current_database()'),
  ).toBe(tcp.name)
})

test('a scratch server is read by the same rules', async () => {
  const { project: own } = await scene(threeTables())
  const scratch = `postgresql://postgres:postgres@there-is-none.invalid/postgres?host=${socket.folder}&port=${new URL(socket.url).port}`
  expect(await own.run(['rehearse', '--all', '--scratch-url', scratch])).toMatchObject({ code: 0 })
  const { code, stderr } = await own.run(['rehearse', '--all', '--scratch-url', `${scratch}&sslmod=1`])
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('"sslmod"') })
})

test('the words of libpq reach the run, the scratch server and the pool', async () => {
  const { db, project: own } = await scene(threeTables())
  const words = wordsOf(db.url)
  const env = { DATABASE_URL: words }
  expect(await own.run(['migrate'], env)).toMatchObject({ code: 0 })
  expect(await tablesOn(db.url)).toEqual(['public.one', 'public.pace', 'public.three', 'public.two'])
  const scratch = wordsOf(inject('serverUrl'))
  expect(await own.run(['rehearse', '--all', '--scratch-url', scratch], env)).toMatchObject({ code: 0 })
  expect(await askPool(words, 'current_database()')).toBe(db.name)
})

function wordsOf(url: string): string {
  const { hostname, port, pathname, username, password } = new URL(url)
  return `host=${hostname} port=${port} dbname='${pathname.slice(1)}' user=${username} password='${password}'`
}

test.each([
  ['--scratch-url', ['rehearse', '--all', '--scratch-url', 'URL'], {}],
  ['scratchUrl', ['rehearse', '--all'], { scratchUrl: 'URL' }],
  ['--database-url', ['status', '--database-url', 'URL'], {}],
  ['databaseUrl', ['status'], { databaseUrl: 'URL' }],
] as const)('%s is named in the errors that are about it', async (name, words, config) => {
  const { project: own } = await scene(threeTables())
  const failing = async (url: string) => {
    const more = Object.entries(config).map(([key]) => `, ${key}: '${url}'`)
    await own.write({ 'migrator.config.mjs': `export default { migrations: 'migrations'${more.join('')} }` })
    const env: Readonly<Record<string, string>> = 'databaseUrl' in config ? { DATABASE_URL: '' } : {}
    return (await own.run([...words.map((word) => (word === 'URL' ? url : word)), '--json'], env)).json().error
  }
  expect((await failing('mysql://h/d')).message).toMatch(
    new RegExp(`^${name}( in .*\\/migrator.config.mjs)? is malformed`),
  )
  const away = await failing('postgresql://nobody@127.0.0.1:1/nothing')
  expect(away.hint).toContain(name)
  expect(JSON.stringify(away)).not.toContain('DATABASE_URL')
})

async function askPool(url: string, query: string): Promise<unknown> {
  const pool = openPool(url, { max: 3, applicationName: 'app', connectTimeoutSeconds: 5 })
  onTestFinished(() => pool.end({ timeout: 1 }))
  // Two at once: the second connection is opened by the driver itself.
  const [rows] = await Promise.all([pool.unsafe(`SELECT (${query})::text AS answer`), pool`SELECT pg_sleep(0.05)`])
  return rows[0]?.answer ?? null
}

describe("an application's pool goes where the migrator goes:", () => {
  test.each<readonly [string, string, unknown]>([
    ['HOST', 'inet_server_addr()', null],
    ['schema=app', "current_setting('search_path')", '"app"'],
    ['connection_limit=1', "current_setting('application_name')", 'app'],
    ['application_name=mine', "current_setting('application_name')", 'mine'],
  ])('%s', async (parameters, query, expected) => {
    const server = new URL(socket.url)
    expect(await askPool(urlWith(parameters.replace('HOST', `host=${socket.folder}&port=${server.port}`)), query)).toBe(
      expected,
    )
  })

  test('a password that is not percent-encoded is refused, and not repeated', () => {
    const open = () =>
      openPool('postgresql://app:77/hunter2@h/d', { max: 1, applicationName: 'app', connectTimeoutSeconds: 5 })
    expect(open).toThrow(/percent-encoded/)
    expect(open).not.toThrow(/hunter2/)
  })
})
