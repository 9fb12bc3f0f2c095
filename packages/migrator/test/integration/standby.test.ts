import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  startEmbeddedServer,
  stopEmbeddedServer,
} from '../../src/dialects/postgres/scratch/embedded/embedded-server.ts'
import { freePort } from '../../src/dialects/postgres/scratch/embedded/port.ts'
import { asServerUser, serverUser } from '../../src/dialects/postgres/scratch/embedded/server-user.ts'
import { createProject, type Project, threeTables } from '../support/cli.ts'
import { databaseOn } from '../support/database.ts'
import { ownServer } from '../support/own-server.ts'
import { saidBy } from '../support/scene.ts'
import { until } from '../support/until.ts'

let project: Project
let end: () => Promise<void>

/** A hot standby: it is made of the stopped primary's data, and follows it from there. */
beforeAll(async () => {
  const primary = await ownServer()
  const before = await createProject(primary.url, threeTables())
  const applied = await before.run(['migrate', '--target', '0001_one'])
  expect(applied.code, saidBy(applied)).toBe(0)
  const [row] = await databaseOn(primary.url, (sql) => sql`SELECT setting FROM pg_config WHERE name = 'BINDIR'`)
  const home = dirname(primary.log)
  const stopped = await stopEmbeddedServer({ directory: home })
  const folder = await mkdtemp(join(tmpdir(), 'migrator-standby-'))
  await chmod(folder, 0o755)
  const data = join(folder, 'data')
  await promisify(execFile)('cp', ['-a', stopped?.dataDirectory ?? '', data])
  await writeFile(join(data, 'standby.signal'), '')
  const { port: from } = await startEmbeddedServer({ directory: home, settings: { fsync: 'off' } })
  const url = new URL(primary.url)
  const login = `user=${decodeURIComponent(url.username)} password=${decodeURIComponent(url.password)}`
  const port = await freePort()
  const settings = [
    ...[`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'max_connections=200'],
    `primary_conninfo=host=127.0.0.1 port=${from} ${login}`,
  ]
  const words = ['-D', data, ...settings.flatMap((each) => ['-c', each])]
  const child = spawn(join(row?.setting, 'postgres'), words, {
    ...asServerUser(serverUser(undefined)),
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  url.port = String(port)
  project = await createProject(url.href, threeTables())
  end = async () => {
    child.kill('SIGINT')
    await ended
    await primary.stop()
    await Promise.all([before.remove(), project.remove(), rm(folder, { recursive: true, force: true })])
  }
  await until('the standby answers', async () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    return databaseOn(url.href, async (sql) => (await sql`SELECT 1`).length > 0 || undefined).catch(() => undefined)
  })
})
afterAll(() => end())

test.each([
  ['migrate', ['migrate', '--json']],
  ['rollback', ['rollback', '--accept-loss', '--json']],
  ['baseline', ['baseline', '0003_three', '--json']],
  ['repair', ['repair', 'drop-record', '0001_one', '--json']],
] as const)('%s on a standby says that it is one, and warns of nothing else', async (_, words) => {
  const refused = await project.run(words)
  expect(refused.code, saidBy(refused)).toBe(1)
  expect(refused.json().error).toMatchObject({ code: 'DATABASE_READ_ONLY' })
  expect(refused.json().error.message).toContain('standby')
  expect(refused.stderr).toBe('')
})

test.each([['status'], ['migrate --dry-run'], ['history'], ['validate']])('%s works on a standby', async (command) => {
  const done = await project.run(command.split(' '))
  expect(done.code, saidBy(done)).toBe(0)
})
