import { request } from 'node:http'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type ApiProcess, startApi } from '../support/api-process.ts'
import { migrate, startTestServer, type TestServer } from '../support/database.ts'
import { addSource, startService } from '../support/service.ts'

let server: TestServer
let databaseUrl: string
let headers: Record<string, string>
const started: ApiProcess[] = []

beforeAll(async () => {
  server = await startTestServer()
  databaseUrl = await server.createDatabase()
  await migrate(databaseUrl)
  const service = await startService(databaseUrl)
  headers = (await addSource(service.db, 'process')).headers
  await service.stop()
})

afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL')
})

afterAll(() => server?.stop())

function start(env: Readonly<Record<string, string>>): ApiProcess {
  const api = startApi({ DATABASE_URL: databaseUrl, PORT: '0', ...env })
  started.push(api)
  return api
}

/** Sends the first half of an event; `finish` sends the rest and resolves to the status. */
async function slowUpload(url: string): Promise<{ finish(): Promise<number | undefined> }> {
  const upload = request(`${url}/v1/events`, { method: 'POST', headers })
  const status = new Promise<number | undefined>((resolve, reject) => {
    upload.on('error', reject).on('response', (answer) => resolve(answer.resume().statusCode))
  })
  status.catch(() => undefined) // It may fail before anybody calls `finish`.
  upload.write('{ "name": ')
  await sleep(100)
  return {
    finish: () => {
      upload.end('"slow" }')
      return status
    },
  }
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'serves, and on %s finishes what is under way and exits 0',
  async (signal) => {
    const api = start({})
    const url = await api.listening
    expect(await (await fetch(`${url}/api/health`)).json()).toEqual({ status: 'ok' })
    expect((await fetch(`${url}/api/ready`)).status).toBe(200)
    const body = JSON.stringify({ name: 'from a process' })
    expect((await fetch(`${url}/v1/events?secret=1`, { method: 'POST', headers, body })).status).toBe(202)

    const upload = await slowUpload(url)
    api.child.kill(signal)
    await sleep(200)
    await expect(fetch(`${url}/api/health`)).rejects.toThrow()
    expect(await upload.finish()).toBe(202)

    const { code, stdout, stderr } = await api.ended
    expect([code, stderr]).toEqual([0, ''])
    const [first, ...lines] = stdout.trimEnd().split('\n')
    expect(first).toContain(`curl ${url}/api/ready`)
    const entries = lines.map((line) => JSON.parse(line) as { path: string; status: number })
    expect(entries.map(({ path, status }) => [path, status])).toEqual([
      ['/api/health', 200],
      ['/api/ready', 200],
      ['/v1/events', 202],
      ['/v1/events', 202],
    ])
    expect(stdout).not.toMatch(/key-of|secret|from a process/)
  },
)

test('ends at once on a second signal', async () => {
  const api = start({})
  const upload = await slowUpload(await api.listening)
  api.child.kill('SIGTERM')
  await sleep(700)
  api.child.kill('SIGTERM')
  expect(await api.ended).toMatchObject({ code: null })
  await expect(upload.finish()).rejects.toThrow()
})

test('starts while the database is down, and says so when asked', async () => {
  const api = start({ DATABASE_URL: 'postgresql://app:s3cret@127.0.0.1:1/none' })
  const answer = await fetch(`${await api.listening}/api/ready`)
  expect(answer.status).toBe(503)
  expect(await answer.text()).not.toContain('s3cret')
})

async function checkRefusal(env: Readonly<Record<string, string>>, expected: { code: number; stderr: RegExp }) {
  const { code, stdout, stderr } = await start(env).ended
  expect([code, stdout]).toEqual([expected.code, ''])
  expect(stderr).toMatch(expected.stderr)
  expect(stderr).not.toMatch(/s3cret|\n.*\n/)
}

test('says in one line that its port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const address = other.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  await checkRefusal({ PORT: port }, { code: 1, stderr: new RegExp(`^Port ${port} on 127.0.0.1 is taken\\.`) })
  other.close()
})

test('refuses an environment that cannot be right', async () => {
  await checkRefusal({ PORT: 'http' }, { code: 2, stderr: /^PORT is "http"/ })
  await checkRefusal({ HOST: '192.0.2.1' }, { code: 1, stderr: /^HOST is 192\.0\.2\.1/ })
  await checkRefusal({ DATABASE_URL: 'mysql://a:s3cret@b/c' }, { code: 2, stderr: /^DATABASE_URL must begin/ })
  await checkRefusal(
    { DATABASE_URL: 'postgresql://a:s3cret@[b/c' },
    { code: 2, stderr: /^DATABASE_URL cannot be read/ },
  )
})
