import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import postgres from 'postgres'
import { expect, onTestFinished, test } from 'vitest'
import {
  type EmbeddedServer,
  findEmbeddedServer,
  startEmbeddedServer,
  stopEmbeddedServer,
} from '../../src/dialects/postgres/scratch/embedded/embedded-server.ts'
import { createProject, threeTables } from '../support/cli.ts'
import { until } from '../support/until.ts'

const settings = { fsync: 'off' }
const idleMs = 400

test('an idle server is stopped, and its watchdog exits', async () => {
  const directory = project()
  const server = await startEmbeddedServer({ directory, settings, idleMs })
  const watchdog = await watchdogOf(directory)
  await untilGone(directory, server)
  await untilEnded(directory, watchdog)
  // The data stay, and so does the next server, for as long.
  const again = await startEmbeddedServer({ directory, settings, idleMs })
  expect(again.startedNow).toBe(true)
  await untilGone(directory, again)
})

test.each(['one connection that stays', 'connections that come and go', 'commands that find it'])(
  'a server is not stopped while it is used: %s',
  async (kind) => {
    const directory = project()
    const server = await startEmbeddedServer({ directory, settings, idleMs })
    const held = connect(server)
    const watchdog = await looks(held)
    if (kind !== 'one connection that stays') await held.end()
    const observer = kind === 'one connection that stays' ? held : undefined
    for (const end = Date.now() + 4 * idleMs; Date.now() < end; ) {
      if (kind === 'commands that find it') {
        expect((await startEmbeddedServer({ directory, idleMs })).startedNow).toBe(false)
        await pause()
      } else {
        const sql = observer ?? connect(server)
        await sql`SELECT 1`
        if (!observer) await sql.end()
      }
    }
    const sql = observer ?? connect(server)
    // It has looked all that time, and let the server be.
    await until('the watchdog has looked again', async () => ((await looks(sql)) > watchdog ? true : undefined))
    await sql.end()
    await untilGone(directory, server)
  },
)

test('a server whose starter was killed is stopped too', async () => {
  const directory = project()
  const starter = startApart(directory)
  const pidFile = join(directory, 'postgres/postmaster.pid')
  const pid = await until('its postmaster runs', async () =>
    existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) || undefined : undefined,
  )
  starter.kill('SIGKILL')
  await until('the server has ended', async () => (isAlive(pid) ? undefined : true))
  await until('nothing watches', async () => (existsSync(join(directory, 'watchdog.json')) ? undefined : true))
})

test('a watchdog that was killed is replaced by the next command', async () => {
  const directory = project()
  const server = await startEmbeddedServer({ directory, settings, idleMs })
  const first = await watchdogOf(directory)
  process.kill(first, 'SIGKILL')
  await until('it is gone', async () => (isAlive(first) ? undefined : true))
  expect((await startEmbeddedServer({ directory, idleMs })).pid).toBe(server.pid)
  await until('another watches', async () => ((await watchdogOf(directory)) === first ? undefined : true))
  await untilGone(directory, server)
})

test('a watchdog ends with a server that was killed, or stopped', async () => {
  for (const end of ['SIGKILL', 'stop'] as const) {
    const directory = project()
    const server = await startEmbeddedServer({ directory, settings, idleMs: 3_600_000 })
    const watchdog = await watchdogOf(directory)
    await until('it watches', async () => ((await watching(server)) ? true : undefined))
    if (end === 'stop') await stopEmbeddedServer({ directory })
    else process.kill(server.pid, 'SIGKILL')
    await untilEnded(directory, watchdog)
  }
})

test('another idle time replaces the watchdog, and none ends it', async () => {
  const directory = project()
  const server = await startEmbeddedServer({ directory, settings, idleMs: 3_600_000 })
  const first = await watchdogOf(directory)
  await startEmbeddedServer({ directory, idleMs: 7_200_000 })
  await until('the first has ended', async () => (isAlive(first) ? undefined : true))
  const second = await watchdogOf(directory)
  await startEmbeddedServer({ directory, idleMs: 0 })
  await until('the second has ended', async () => (isAlive(second) ? undefined : true))
  expect(await findEmbeddedServer({ directory })).toMatchObject({ pid: server.pid })
})

test('a command names the scratch server that it leaves running, which then stops', async () => {
  const rehearsed = await createProject(undefined, {
    ...threeTables(),
    'migrator.config.mjs': `export default { migrations: 'migrations', scratchIdleMs: ${idleMs} }\n`,
  })
  chmodSync(rehearsed.directory, 0o755)
  onTestFinished(() => rehearsed.remove())
  const { code, stderr } = await rehearsed.run(['rehearse', '--all'])
  expect({ code, stderr }).toMatchObject({ code: 0 })
  expect(stderr).toMatch(
    /PostgreSQL keeps running on port \d+, with its data in .*scratch.*\. It stops after 400 ms without a connection, or with migrator stop\./,
  )
  const directory = join(rehearsed.directory, '.data/scratch')
  await until('it has stopped', async () => ((await findEmbeddedServer({ directory })) ? undefined : true))
  await until('nothing watches', async () => (existsSync(join(directory, 'watchdog.json')) ? undefined : true))
  expect((await rehearsed.run(['stop'])).stdout).toContain('was not running')
})

/** A folder for one server that everybody can pass through; the server is stopped afterwards. */
function project(): string {
  const directory = mkdtempSync(join(tmpdir(), 'embedded-idle-'))
  chmodSync(directory, 0o755)
  onTestFinished(async () => {
    await stopEmbeddedServer({ directory })
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

function connect(server: EmbeddedServer): postgres.Sql {
  return postgres(server.urlOf('postgres'), { max: 1, onnotice: () => {} })
}

/** When the watchdog looked last. */
async function looks(sql: postgres.Sql): Promise<number> {
  return until('the watchdog looks', async () => {
    const [row] = await sql`
      SELECT extract(epoch FROM query_start)::float8 AS at FROM pg_stat_activity WHERE application_name = 'migrator/watchdog'`
    return row?.at as number | undefined
  })
}

async function watching(server: EmbeddedServer): Promise<boolean> {
  const sql = connect(server)
  try {
    return (await sql`SELECT 1 FROM pg_stat_activity WHERE application_name = 'migrator/watchdog'`).length > 0
  } finally {
    await sql.end()
  }
}

async function watchdogOf(directory: string): Promise<number> {
  return until('a watchdog is in charge', async () => {
    try {
      const { pid } = JSON.parse(readFileSync(join(directory, 'watchdog.json'), 'utf8')) as { pid: number }
      return isAlive(pid) ? pid : undefined
    } catch {
      return undefined
    }
  })
}

async function untilGone(directory: string, { pid }: EmbeddedServer): Promise<void> {
  await until('the server has stopped', async () => (isAlive(pid) ? undefined : true))
  expect(await findEmbeddedServer({ directory })).toBeUndefined()
}

async function untilEnded(directory: string, watchdog: number): Promise<void> {
  await until('the watchdog has ended', async () => (isAlive(watchdog) ? undefined : true))
  expect(existsSync(join(directory, 'watchdog.json'))).toBe(false)
}

/** A zombie, which a container keeps for ever, is not alive. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

function startApart(directory: string) {
  const room = join(import.meta.dirname, '../../src/dialects/postgres/scratch/embedded/embedded-server.ts')
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const source = `import { startEmbeddedServer } from ${JSON.stringify(pathToFileURL(room).href)}
    await startEmbeddedServer({ directory: ${JSON.stringify(directory)}, idleMs: ${idleMs} })`
  return spawn(process.execPath, ['--import', tsx, '--input-type=module', '-e', source], { stdio: 'ignore' })
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 20))
