import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { asSql } from '../../src/dialects/postgres/session/sql-session.ts'
import { schemaAt } from '../../src/engine/rehearse/schema-at.ts'
import type { ScratchDatabase, ScratchServer } from '../../src/ports/scratch.ts'
import { pair } from '../support/cli.ts'
import { databaseOn } from '../support/database.ts'
import { type OwnServer, ownServer } from '../support/own-server.ts'
import { contextOn, scratchOn, sqlMigration } from '../support/rehearse.ts'
import { scene } from '../support/scene.ts'

let own: OwnServer

beforeAll(async () => {
  own = await ownServer()
})

afterAll(() => own.stop())

async function opened(more: Parameters<typeof scratchOn>[1] = {}): Promise<ScratchServer> {
  const server = await scratchOn(own.url, more)
  onTestFinished(() => server.close())
  return server
}

function names(like: string): Promise<readonly string[]> {
  return databaseOn(own.url, async (sql) => {
    const rows = await sql<
      { datname: string }[]
    >`SELECT datname FROM pg_database WHERE datname LIKE ${like} ORDER BY oid`
    return rows.map(({ datname }) => datname)
  })
}

async function execute({ database }: ScratchDatabase, sql: string): Promise<void> {
  const session = asSql(await database.connect({ modules: false }))
  await session.execute(sql)
  await session.close()
}

async function tablesIn({ database }: ScratchDatabase): Promise<readonly (string | null | undefined)[]> {
  const session = asSql(await database.connect({ modules: false }))
  const rows = await session.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
  await session.close()
  return rows.map(({ tablename }) => tablename)
}

test('a copy is its own: what is done there is not done in the original', async () => {
  const server = await opened()
  const one = await server.empty()
  await execute(one, 'CREATE TABLE a (id int)')
  const other = await server.copy(one)
  await execute(other, 'CREATE TABLE b (id int)')
  expect(await tablesIn(one)).toEqual(['a'])
  expect(await tablesIn(other)).toEqual(['a', 'b'])
})

test('what is kept under a key can be copied by any process, the first existing key', async () => {
  const server = await opened()
  const one = await server.empty()
  await execute(one, 'CREATE TABLE kept (id int)')
  await server.keep(one, 'key one')
  await server.keep(one, 'key one')
  const later = await opened()
  expect(await later.copyOf(['unknown'])).toBeUndefined()
  const copy = await later.copyOf(['unknown', 'key one'])
  expect(copy?.key).toBe('key one')
  expect(copy && (await tablesIn(copy.scratch))).toEqual(['kept'])
})

test('closing drops everything that was made, and keeps what was kept', async () => {
  const server = await scratchOn(own.url)
  const made = await server.empty()
  const owner = made.name.split('_')[1]
  await server.empty()
  await server.keep(made, 'closing')
  await made.drop()
  await made.drop()
  await server.close()
  await server.close()
  expect(await names(`scratch\\_${owner}\\_%`)).toEqual([])
  expect((await names('scratch\\_template\\_%')).length).toBeGreaterThan(0)
})

test('no more than so many templates are kept: the one that was not used for longest goes', async () => {
  const server = await opened({ templates: 3 })
  const one = await server.empty()
  for (const key of ['a', 'b', 'c', 'd', 'e']) await server.keep(one, key)
  expect((await names('scratch\\_template\\_%')).length).toBe(3)
  expect(await server.copyOf(['a', 'b'])).toBeUndefined()
  expect((await server.copyOf(['e']))?.key).toBe('e')
})

test('what a killed process left is removed by the next one, and that of a living one is not', async () => {
  const living = await opened()
  const alive = await living.empty()
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), join(import.meta.dirname, '../support/scratch-holder.ts'), own.url],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const name = await new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve))
  expect(await names(name)).toEqual([name])
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await ended
  // The server sees within moments that the connection is gone.
  await expect
    .poll(async () => {
      await (await scratchOn(own.url)).close()
      return names(name)
    })
    .toEqual([])
  expect(await names(alive.name)).toEqual([alive.name])
})

test('a role without CREATEDB is refused', async () => {
  await databaseOn(own.url, (sql) => sql.unsafe("CREATE ROLE poor LOGIN PASSWORD 'poor'"))
  const url = new URL(own.url)
  url.username = 'poor'
  url.password = 'poor'
  await expect(scratchOn(url.href)).rejects.toMatchObject({
    code: 'SCRATCH_UNAVAILABLE',
    message: /the role poor lacks CREATEDB/,
  })
})

test('a role that is no superuser is enough', async () => {
  await databaseOn(own.url, (sql) => sql.unsafe("CREATE ROLE maker LOGIN CREATEDB PASSWORD 'maker'"))
  const url = new URL(own.url)
  url.username = 'maker'
  url.password = 'maker'
  const server = await scratchOn(url.href)
  onTestFinished(() => server.close())
  const one = await server.empty()
  await execute(one, 'CREATE TABLE a (id int)')
  await server.keep(one, 'of maker')
  expect(await tablesIn((await server.copyOf(['of maker']))?.scratch ?? one)).toEqual(['a'])
})

test('the database that is migrated is no place for scratch databases', async () => {
  const { project, url } = await scene(pair('0001_a', 'CREATE TABLE a (id int);', 'DROP TABLE a;'))
  const { code, stderr } = await project.run(['rehearse', '--all', '--scratch-url', url])
  expect(code).toBe(1)
  expect(stderr).toMatch(/--scratch-url names the database to be migrated/)
})

test('standing anywhere applies only what no template has', async () => {
  const server = await opened()
  const context = contextOn(server)
  const chain = ['one', 'two', 'three'].map((name, place) =>
    sqlMigration({ id: `000${place + 1}_${name}`, up: `CREATE TABLE ${name} (id int)`, down: `DROP TABLE ${name}` }),
  )
  const two = await schemaAt(context, chain.slice(0, 2))
  expect(await tablesIn(two)).toEqual(['one', 'two'])
  // The kept one is recognised by a table that no migration makes.
  const [template = ''] = (await names('scratch\\_template\\_%')).slice(-1)
  await databaseOn(own.url.replace(/[^/]*$/, template), (sql) => sql.unsafe('CREATE TABLE mark (id int)'))
  const three = await schemaAt(context, chain)
  expect(await tablesIn(three)).toEqual(['mark', 'one', 'three', 'two'])
})

test('a migration that does not apply on the way is named', async () => {
  const context = contextOn(await opened())
  const chain = [sqlMigration({ id: '0001_bad', up: 'CREATE TABLE a (id nonsense)', down: 'SELECT 1' })]
  await expect(schemaAt(context, chain)).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: /Migration 0001_bad cannot be applied to an empty database/,
  })
})
