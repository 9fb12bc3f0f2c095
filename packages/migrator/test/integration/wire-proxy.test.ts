import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { startWireProxy, type WireMessage, type WireProxy, type WireProxyOptions } from '../support/wire/proxy.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await createDatabase()
  await db.sql`CREATE TABLE heard (what text)`
})
beforeEach(() => db.sql`TRUNCATE heard`)
afterAll(() => db.drop())

interface Wired {
  readonly proxy: WireProxy
  client(): postgres.Sql
}

async function wired(
  options?: WireProxyOptions,
  settings: postgres.Options<Record<string, never>> = {},
): Promise<Wired> {
  const proxy = await startWireProxy(db.url, options)
  const clients: postgres.Sql[] = []
  onTestFinished(async () => {
    for (const sql of clients) void sql.end({ timeout: 0 })
    await proxy.stop()
  })
  return {
    proxy,
    client() {
      const sql = postgres(proxy.through(db.url), { max: 1, fetch_types: false, ...settings })
      clients.push(sql)
      return sql
    },
  }
}

const says = (text: string) => (message: WireMessage) => message.text.includes(text)
const saying = (sql: postgres.Sql) => sql.unsafe("INSERT INTO heard VALUES ('it')").then(() => 'answered', codeOf)
const codeOf = (error: { code?: string }) => error.code
const heard = async () => (await db.sql`SELECT what FROM heard`).length
const backend = async (sql: postgres.Sql) => (await sql`SELECT pg_backend_pid() AS pid`)[0]?.pid as number
const lives = async (pid: number) => (await db.sql`SELECT 1 FROM pg_stat_activity WHERE pid = ${pid}`).length === 1

test.each(['prefer', false] as const)('carries everything unchanged, with ssl: %s', async (ssl) => {
  const { proxy, client } = await wired({}, { ssl })
  const sql = client()
  const long = 'ä'.repeat(3_000_000)
  expect(await sql`SELECT ${long}::text AS text`).toEqual([{ text: long }])
  expect(proxy.connections).toBe(1)
  await sql.end()
})

test('carries the request to cancel', async () => {
  const { client } = await wired()
  const sleeping = client().unsafe('SELECT pg_sleep(60)').execute()
  await until('it sleeps', async () =>
    (await db.sql`SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`).length ? true : undefined,
  )
  sleeping.cancel()
  await expect(sleeping).rejects.toMatchObject({ code: '57014' })
})

describe.each(['reset', 'close'] as const)('%s', (action) => {
  test.each([
    ['before a statement, the server never gets it', 'before', 0],
    ['behind a statement, the server executes it and nobody learns of it', 'after', 1],
  ] as const)('%s', async (_, moment, count) => {
    const { proxy, client } = await wired()
    const sql = client()
    const pid = await backend(sql)
    const struck = proxy.strikeAt(says('INSERT'), { action, moment })
    expect(await saying(sql)).toBe(action === 'reset' ? 'ECONNRESET' : 'CONNECTION_CLOSED')
    expect(await struck).toMatchObject({ from: 'client', type: 'Q', connection: 1 })
    await until('the server has noticed', async () => ((await lives(pid)) ? undefined : true))
    expect(await heard()).toBe(count)
  })

  test('at the answer, what it answers has been done', async () => {
    const { proxy, client } = await wired()
    const sql = client()
    await backend(sql)
    const struck = proxy.strikeAt(says('INSERT 0 1'), { action })
    expect(await saying(sql)).not.toBe('answered')
    expect(await struck).toMatchObject({ from: 'server', type: 'C' })
    expect(await heard()).toBe(1)
  })
})

describe.each([
  ['silence', 0],
  ['deaf', 1],
] as const)('%s', (action, count) => {
  test('leaves both ends open, and the client without an answer', async () => {
    const { proxy, client } = await wired()
    const sql = client()
    const pid = await backend(sql)
    const struck = proxy.strikeAt(says('INSERT'), { action, moment: action === 'deaf' ? 'after' : 'before' })
    const answer = saying(sql)
    await struck
    if (count > 0) await until('it is carried out', async () => ((await heard()) === count ? true : undefined))
    expect(await Promise.race([answer, client()`SELECT pg_sleep(0.3)`.then(() => 'nothing')])).toBe('nothing')
    expect(await lives(pid)).toBe(true)
    expect(await heard()).toBe(count)
    proxy.endSilenced()
    await until('the server has noticed', async () => ((await lives(pid)) ? undefined : true))
  })
})

test('strikes the one connection whose message it is, or all of them', async () => {
  const { proxy, client } = await wired()
  const [one, two, three] = [client(), client(), client()]
  for (const each of [one, two, three]) await backend(each)
  void proxy.strikeAt(says('INSERT'), { action: 'reset' })
  expect(await saying(one)).toBe('ECONNRESET')
  const pid = await backend(two)
  await backend(three)
  void proxy.strikeAt(says('INSERT'), { action: 'reset', on: 'all' })
  expect(await saying(two)).toBe('ECONNRESET')
  await until('the server has noticed', async () => ((await lives(pid)) ? undefined : true))
  expect(await heard()).toBe(0)
})

test('strikes at the Nth message, and waits for what a function does before it goes on', async () => {
  const { proxy, client } = await wired()
  const sql = client()
  await backend(sql)
  let seen = ''
  const number = proxy.messages + 1
  const struck = proxy.strikeAt((message) => message.number === number, {
    async action({ text }) {
      seen = `${text}, of which ${await heard()} had been carried out`
    },
  })
  expect(await saying(sql)).toBe('answered')
  await struck
  expect(seen).toBe("INSERT INTO heard VALUES ('it'), of which 0 had been carried out")
})

test('refuses those who come, for a time', async () => {
  const { proxy, client } = await wired({}, { connect_timeout: 1 })
  const meanwhile = client()
  await backend(meanwhile)
  for (const [manner, code] of [
    ['refused', 'ECONNREFUSED'],
    ['reset', 'ECONNRESET'],
    ['silence', 'CONNECT_TIMEOUT'],
  ] as const) {
    await proxy.newcomers(manner)
    expect(await backend(client()).catch(codeOf)).toBe(code)
    await backend(meanwhile)
  }
  await proxy.newcomers('welcome')
  expect(await backend(client())).toBeGreaterThan(0)
})

test('delays what either side says, in its order', async () => {
  const { client } = await wired({ delayMs: 100 })
  const sql = client()
  await backend(sql)
  const started = performance.now()
  const answers = await Promise.all([1, 2, 3].map((each) => sql.unsafe(`SELECT ${each} AS each`)))
  expect(performance.now() - started).toBeGreaterThanOrEqual(195)
  expect(answers.map(([row]) => row?.each)).toEqual([1, 2, 3])
})
