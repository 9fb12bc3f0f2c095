import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import postgres from 'postgres'
import { afterEach, expect, test } from 'vitest'
import {
  type EmbeddedServer,
  ensureDatabase,
  findEmbeddedServer,
  startEmbeddedServer,
  stopEmbeddedServer,
} from '../../src/dialects/postgres/scratch/embedded/embedded-server.ts'

const isRoot = process.getuid?.() === 0
const settings = { fsync: 'off' }
const room = pathToFileURL(
  join(import.meta.dirname, '../../src/dialects/postgres/scratch/embedded/embedded-server.ts'),
).href
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

const folders: string[] = []
const directories: string[] = []
const children: ChildProcess[] = []

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const directory of directories.splice(0)) {
    const stopped = await stopEmbeddedServer({ directory })
    const parent = dirname(stopped?.dataDirectory ?? '')
    if (parent.includes('migrator-postgres-')) rmSync(parent, { recursive: true, force: true })
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}, 60_000)

test('starts a server that any later process finds, and stops it', { timeout: 60_000 }, async () => {
  const directory = project()
  expect(await findEmbeddedServer({ directory })).toBeUndefined()
  expect(existsSync(directory)).toBe(false)

  const messages: string[] = []
  const started = await startEmbeddedServer({ directory, settings, onProgress: (message) => messages.push(message) })
  expect(started).toMatchObject({ startedNow: true, dataDirectory: join(directory, 'postgres') })
  expect(messages).toEqual([expect.stringContaining('Creating'), expect.stringContaining(String(started.port))])
  expect(await startEmbeddedServer({ directory })).toMatchObject({ ...identity(started), startedNow: false })
  expect(await findEmbeddedServer({ directory })).toMatchObject({ ...identity(started), startedNow: false })

  expect(await stopEmbeddedServer({ directory })).toMatchObject(identity(started))
  expect(await findEmbeddedServer({ directory })).toBeUndefined()
  expect(await stopEmbeddedServer({ directory })).toBeUndefined()
})

test('serves UTF-8 in one locale everywhere, on loopback only, to those who know the password', async () => {
  const server = await startEmbeddedServer({ directory: project(), settings })
  expect(
    await ask(server.urlOf('postgres'), "select current_setting('server_version_num')::int / 10000 as answer"),
  ).toBe(18)
  expect(await ask(server.urlOf('postgres'), "select current_setting('server_encoding') as answer")).toBe('UTF8')
  expect(
    await ask(server.urlOf('postgres'), "select datlocale as answer from pg_database where datname = 'postgres'"),
  ).toBe('C.UTF-8')
  expect(await ask(server.urlOf('postgres'), "select current_setting('timezone') as answer")).toBe('UTC')
  expect(await ask(server.urlOf('postgres'), "select current_setting('fsync') as answer")).toBe('off')
  expect(await ask(server.urlOf('postgres'), "select current_setting('listen_addresses') as answer")).toBe('127.0.0.1')
  await expect(ask(server.urlOf('postgres').replace(':postgres@', ':wrong@'), 'select 1')).rejects.toMatchObject({
    code: '28P01',
  })
})

test('keeps running after the process that started it, without holding its pipes', async () => {
  const directory = project()
  const { output, milliseconds } = await runNode(`
    const server = await startEmbeddedServer({ directory: ${JSON.stringify(directory)} })
    console.log(JSON.stringify(server))`)
  expect(milliseconds).toBeLessThan(20_000) // `close` comes only when nobody holds the pipe any more.
  expect(await findEmbeddedServer({ directory })).toMatchObject(identity(JSON.parse(output) as EmbeddedServer))
})

test('twenty processes at once start one server and create one database', { timeout: 120_000 }, async () => {
  const directory = project()
  const source = `
    const server = await startEmbeddedServer({ directory: ${JSON.stringify(directory)}, settings: { fsync: 'off' } })
    console.log(JSON.stringify({ ...server, created: await ensureDatabase(server, 'shared.by "twenty" ü') }))`
  const outputs = await Promise.all(Array.from({ length: 20 }, () => runNode(source)))
  const servers = outputs.map(({ output }) => JSON.parse(output) as EmbeddedServer & { created: boolean })
  expect(new Set(servers.map(({ pid, port }) => `${pid}:${port}`)).size).toBe(1)
  expect(servers.filter(({ startedNow }) => startedNow)).toHaveLength(1)
  expect(servers.filter(({ created }) => created)).toHaveLength(1)
  const server = await startEmbeddedServer({ directory })
  const names = await ask(server.urlOf('postgres'), 'select array_agg(datname::text) as answer from pg_database')
  expect(names).toContain('shared.by "twenty" ü')
  expect(leftovers(directory)).toEqual([])
})

test('starts again with its data and port after the server was killed', async () => {
  const directory = project()
  const killed = await startEmbeddedServer({ directory })
  await ensureDatabase(killed, 'kept')
  process.kill(killed.pid, 'SIGKILL')
  await expect.poll(() => findEmbeddedServer({ directory })).toBeUndefined()
  const server = await startEmbeddedServer({ directory })
  expect(server).toMatchObject({ port: killed.port, startedNow: true })
  expect(await ensureDatabase(server, 'kept')).toBe(false)
})

test('starts again after a reboot gave its process id to something else, and leaves that alone', async () => {
  const directory = project()
  const server = await startEmbeddedServer({ directory, settings })
  const pidFile = readFileSync(join(server.dataDirectory, 'postmaster.pid'), 'utf8')
  await stopEmbeddedServer({ directory })
  const { uid, gid } = statSync(server.dataDirectory) // A process of the same user: PostgreSQL itself would take it for one.
  const stranger = spawn('sleep', ['300'], isRoot ? { uid, gid } : {})
  children.push(stranger)
  const listener = createServer().listen(server.port, '127.0.0.1')
  await once(listener, 'listening')

  writeFileSync(join(server.dataDirectory, 'postmaster.pid'), pidFile.replace(/^\d+/, String(stranger.pid)))
  chownSync(join(server.dataDirectory, 'postmaster.pid'), uid, gid)
  expect(await findEmbeddedServer({ directory })).toBeUndefined()
  expect(await stopEmbeddedServer({ directory })).toBeUndefined()
  const restarted = await startEmbeddedServer({ directory, settings })
  expect(restarted.startedNow).toBe(true)
  expect(restarted.port).not.toBe(server.port) // Taken meanwhile.
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
  listener.close()
})

test('takes up where a process killed in the middle of creating the cluster left off', {
  timeout: 60_000,
}, async () => {
  const directory = project()
  const source = `await startEmbeddedServer({ directory: ${JSON.stringify(directory)} })`
  const child = spawn(process.execPath, nodeArguments(source), { stdio: 'ignore', detached: true })
  children.push(child)
  await expect
    .poll(() => leftovers(directory), { timeout: 20_000, interval: 5 })
    .toContainEqual(expect.stringMatching(/^init-/))
  await sleep(100)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(existsSync(join(directory, 'postgres'))).toBe(false)
  expect(leftovers(directory)).toContain('start.lock')
  const server = await startEmbeddedServer({ directory, settings })
  expect(await ensureDatabase(server, 'fine')).toBe(true)
  expect(leftovers(directory)).toEqual([])
})

test('adopts a server whose starter was killed before it could record it', async () => {
  const directory = project()
  const server = await startEmbeddedServer({ directory, settings })
  rmSync(join(directory, 'server.json'))
  writeFileSync(join(directory, 'start.lock'), '999999999')
  expect(await startEmbeddedServer({ directory })).toMatchObject({ ...identity(server), startedNow: false })
})

test('a copied project gets a server of its own', async () => {
  const directory = project()
  const original = await startEmbeddedServer({ directory, settings })
  await ensureDatabase(original, 'copied')
  const copy = join(dirname(directory), 'copy')
  await ask(original.urlOf('postgres'), 'checkpoint')
  cpSync(directory, copy, { recursive: true, preserveTimestamps: true })
  if (isRoot) chownTree(join(copy, 'postgres'), statSync(join(directory, 'postgres')))
  expect(await findEmbeddedServer({ directory: copy })).toBeUndefined()
  expect(await stopEmbeddedServer({ directory: copy })).toBeUndefined()
  const own = await startEmbeddedServer({ directory: copy, settings })
  expect(own.port).not.toBe(original.port)
  expect(await findEmbeddedServer({ directory })).toMatchObject(identity(original))
})

test('works in a folder with spaces and non-ASCII letters, from any working directory', async () => {
  const directory = project('ein Ördner – データ/with "quotes"')
  const source = `console.log(JSON.stringify(await startEmbeddedServer({ directory: ${JSON.stringify(directory)} })))`
  const { output } = await runNode(source, { cwd: '/proc/self' })
  expect(JSON.parse(output)).toMatchObject({ dataDirectory: join(directory, 'postgres') })
})

test.runIf(isRoot)('as root in a folder closed to others, keeps data outside and permissions as they are', async () => {
  const directory = project()
  chmodSync(dirname(directory), 0o700)
  const server = await startEmbeddedServer({ directory, settings })
  expect(server.dataDirectory).toMatch(/migrator-postgres-[0-9a-f]{12}\/postgres$/)
  expect(statSync(dirname(server.dataDirectory))).toMatchObject({ uid: 0 })
  expect(statSync(dirname(directory)).mode & 0o777).toBe(0o700)
  expect(await findEmbeddedServer({ directory })).toMatchObject(identity(server))
  await stopEmbeddedServer({ directory })
  const again = await startEmbeddedServer({ directory, settings })
  expect(again).toMatchObject({ dataDirectory: server.dataDirectory, port: server.port })
})

test.runIf(isRoot)('as root, refuses a prepared folder of somebody else outside', async () => {
  const directory = project()
  chmodSync(dirname(directory), 0o700)
  const { dataDirectory } = await startEmbeddedServer({ directory, settings })
  await stopEmbeddedServer({ directory })
  const outside = dirname(dataDirectory)
  rmSync(outside, { recursive: true })
  mkdirSync(outside)
  chownSync(outside, 65_534, 65_534)
  await expect(startEmbeddedServer({ directory })).rejects.toMatchObject({ message: expect.stringContaining(outside) })
  rmSync(outside, { recursive: true })
  symlinkSync('/', outside)
  await expect(startEmbeddedServer({ directory })).rejects.toMatchObject({ code: 'EMBEDDED_SERVER_FAILED' })
  rmSync(outside)
})

test.runIf(isRoot)('an ordinary user runs the server as himself, and root finds and shares it', async () => {
  const directory = project()
  const nobody = { uid: 65_534, gid: 65_534 }
  chownSync(dirname(directory), nobody.uid, nobody.gid)
  const source = `console.log(JSON.stringify(await startEmbeddedServer({ directory: ${JSON.stringify(directory)} })))`
  const { output } = await runNode(source, { ...nobody, env: { PATH: process.env.PATH, HOME: '/nonexistent' } })
  const server = JSON.parse(output) as EmbeddedServer
  expect(statSync(server.dataDirectory)).toMatchObject(nobody)
  expect(await findEmbeddedServer({ directory })).toMatchObject(identity(server))
  await stopEmbeddedServer({ directory })
  expect(await startEmbeddedServer({ directory, settings })).toMatchObject({ port: server.port, startedNow: true })
  expect(statSync(server.dataDirectory)).toMatchObject(nobody)
})

test.runIf(isRoot)('an ordinary user shares the server of root, but may not stop it', async () => {
  const directory = project()
  const server = await startEmbeddedServer({ directory, settings })
  chmodSync(directory, 0o777)
  const source = `
    const directory = ${JSON.stringify(directory)}
    const failure = await stopEmbeddedServer({ directory }).catch((error) => error.message)
    console.log(JSON.stringify({ ...(await startEmbeddedServer({ directory })), failure }))`
  const { output } = await runNode(source, {
    uid: 65_534,
    gid: 65_534,
    env: { PATH: process.env.PATH, HOME: '/nonexistent' },
  })
  expect(JSON.parse(output)).toMatchObject({ ...identity(server), failure: expect.stringContaining('another user') })
})

test('says what PostgreSQL objected to when it does not start', async () => {
  const directory = project()
  const failed = startEmbeddedServer({ directory, settings: { work_mem: 'plenty' } })
  await expect(failed).rejects.toMatchObject({
    code: 'EMBEDDED_SERVER_FAILED',
    message: expect.stringMatching(/does not start[\s\S]*work_mem/),
  })
  expect(leftovers(directory)).toEqual([])
  expect(await startEmbeddedServer({ directory, settings })).toMatchObject({ startedNow: true })
})

test('says which folder it cannot use', async () => {
  const directory = project()
  writeFileSync(directory, 'a file')
  await expect(startEmbeddedServer({ directory })).rejects.toMatchObject({
    code: 'EMBEDDED_SERVER_FAILED',
    message: expect.stringContaining(directory),
  })
  rmSync(directory)
})

/** A `.data` that does not exist yet, in a new folder that everybody can pass through. */
function project(name = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'embedded-server-'))
  chmodSync(folder, 0o755)
  folders.push(folder)
  mkdirSync(join(folder, name), { recursive: true })
  directories.push(join(folder, name, '.data'), join(folder, name, 'copy'))
  return join(folder, name, '.data')
}

function identity({ pid, port, dataDirectory }: EmbeddedServer) {
  return { pid, port, dataDirectory }
}

function leftovers(directory: string): string[] {
  if (!existsSync(directory)) return []
  const lasting = ['postgres', 'server.json', 'server.log', 'server.log.old']
  return readdirSync(directory).filter((name) => !lasting.includes(name))
}

function nodeArguments(source: string): string[] {
  const imports = `import { startEmbeddedServer, stopEmbeddedServer, ensureDatabase } from ${JSON.stringify(room)}\n`
  return ['--import', tsx, '--input-type=module', '-e', imports + source]
}

type RunOptions = { cwd?: string; uid?: number; gid?: number; env?: NodeJS.ProcessEnv }

function runNode(source: string, options: RunOptions = {}): Promise<{ output: string; milliseconds: number }> {
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    execFile(process.execPath, nodeArguments(source), { timeout: 60_000, ...options }, (error, stdout, stderr) => {
      if (error === null) resolve({ output: stdout, milliseconds: performance.now() - begun })
      else reject(new Error(stderr, { cause: error }))
    })
  })
}

async function ask(url: string, question: string): Promise<unknown> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    return (await sql.unsafe(question))[0]?.answer
  } finally {
    await sql.end()
  }
}

function chownTree(folder: string, owner: { uid: number; gid: number }): void {
  chownSync(folder, owner.uid, owner.gid)
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    chownSync(join(folder, name), owner.uid, owner.gid)
  }
}
