import { createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { createProject, threeTables } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { standby } from '../support/standby.ts'

let db: TestDatabase
let primary = ''
let replica: Awaited<ReturnType<typeof standby>>

beforeAll(async () => {
  db = await createDatabase()
  primary = new URL(db.url).port
  replica = await standby(db.name)
})
afterAll(async () => {
  await db.drop()
  await replica.stop()
})

/** A port at which nobody listens. */
const DEAD = '1'

function urlOf(ports: readonly string[], parameters: string): string {
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',')
  return `postgresql://postgres:postgres@${hosts}/${db.name}?${parameters}`
}

function adapterOf(url: string): PostgresAdapter {
  const adapter = new PostgresAdapter({ connectionString: url })
  onTestFinished(() => adapter.close())
  return adapter
}

/** The port of the server that was taken, or the error. */
async function taken(ports: readonly string[], parameters = ''): Promise<string> {
  const adapter = adapterOf(urlOf(ports, parameters))
  try {
    await adapter.connect({ modules: false })
    return String(adapter.location.port)
  } catch (error) {
    return (error as Error).message
  }
}

describe('of several servers the first that will do is taken', () => {
  test.each<readonly [string, (p: string, s: string) => readonly string[], 'primary' | 'standby' | RegExp]>([
    ['', (p, s) => [s, p], 'standby'],
    ['target_session_attrs=any', (p, s) => [DEAD, p, s], 'primary'],
    ['target_session_attrs=read-write', (p, s) => [s, p], 'primary'],
    ['target_session_attrs=primary', (p, s) => [DEAD, s, p], 'primary'],
    ['target_session_attrs=read-only', (p, s) => [p, s], 'standby'],
    ['target_session_attrs=standby', (p, s) => [p, s], 'standby'],
    ['target_session_attrs=prefer-standby', (p, s) => [p, s], 'standby'],
    ['target_session_attrs=prefer-standby', (p) => [DEAD, p], 'primary'],
    [
      'target_session_attrs=primary',
      (_, s) => [s],
      /is a standby; target_session_attrs=primary requires a different one\.$/,
    ],
    ['target_session_attrs=standby', (p) => [p], /is a primary that takes writes; target_session_attrs=standby/],
    ['target_session_attrs=primary', (_, s) => [DEAD, s], /127\.0\.0\.1:1: nothing listens there\. .* is a standby/],
  ])('%s, case %#', async (parameters, ports, expected) => {
    const said = await taken(ports(primary, replica.port), parameters)
    if (expected instanceof RegExp) expect(said).toMatch(expected)
    else expect(said).toBe(expected === 'primary' ? primary : replica.port)
  })

  test('a refused password is not tried on the next', async () => {
    const url = urlOf([primary, replica.port], '').replace('postgres:postgres', 'nobody:x')
    await expect(adapterOf(url).connect({ modules: false })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  })

  test('one that says nothing is given up after connect_timeout', async () => {
    const { port } = await listen()
    const started = performance.now()
    expect(await taken([port, primary], 'connect_timeout=1')).toBe(primary)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

test('a run migrates the primary behind a standby', async () => {
  const url = urlOf([replica.port, primary], 'target_session_attrs=read-write')
  const project = await createProject(url, threeTables())
  onTestFinished(() => project.remove())
  expect(await project.run(['migrate'])).toMatchObject({ code: 0 })
  expect(await db.sql`SELECT to_regclass('three') IS NOT NULL AS made`).toMatchObject([{ made: true }])
})

test('a server that comes back in the middle is not gone to: all sessions are on the one that was chosen', async () => {
  const { port, close } = await listen()
  await close()
  const adapter = adapterOf(urlOf([port, primary], ''))
  await Promise.all([adapter.connect({ modules: false }), adapter.connect({ modules: false })])
  const back = await listen(Number(port))
  await adapter.connectTo('postgres')
  expect({ port: adapter.location.port, knocks: back.knocks() }).toEqual({ port: Number(primary), knocks: 0 })
})

/** A socket that accepts, and says nothing. */
async function listen(wanted = 0): Promise<{ port: string; knocks(): number; close(): Promise<unknown> }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}))
  })
  await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  const port = String(typeof address === 'object' && address ? address.port : 0)
  return { port, knocks: () => sockets.length, close: () => new Promise((resolve) => server.close(resolve)) }
}
