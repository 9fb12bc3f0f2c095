import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { FileStateStore } from '../../src/index.ts'
import { loadMigrations } from '../../src/migration-files.ts'
import { MigrationRunner } from '../../src/runner.ts'
import { pair, threeTables } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { folderOf } from '../support/folder.ts'
import { historyOf, sleeping } from '../support/observe.ts'
import { until } from '../support/until.ts'
import { startWireProxy } from '../support/wire/proxy.ts'

const module = `
  export const transaction = false
  export async function up(db) { await db.execute('CREATE TABLE four (id int)') }
  export async function down(db) { await db.execute('DROP TABLE four') }`

async function scene(files: Readonly<Record<string, string>> = threeTables()) {
  const db = await createDatabase()
  onTestFinished(() => db.drop())
  const adapter = new PostgresAdapter({ connectionString: db.url })
  onTestFinished(() => adapter.close())
  const folder = folderOf({ 'package.json': '{ "type": "module" }', ...files })
  const migrations = await loadMigrations(`${folder}/migrations`)
  return { db, adapter, folder, migrations, runner: new MigrationRunner({ adapter }) }
}

/** A server's process ends a moment after its connection does. */
async function expectNoneLeft({ sql, name }: TestDatabase): Promise<void> {
  await until('every connection of the library is closed', async () => {
    const [row] = await sql`
      SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = ${name} AND application_name LIKE 'migrator/%'`
    return row?.count === 0 ? true : undefined
  })
}

test('no call leaves a connection behind, whatever it does', async () => {
  const { db, migrations, runner } = await scene({ ...threeTables(), 'migrations/0004_four.js': module })
  for (let round = 0; round < 3; round++) {
    expect((await runner.apply(migrations, { dryRun: true })).error).toBeUndefined()
    expect((await runner.apply(migrations)).error).toBeUndefined()
    await runner.getState(migrations)
    expect((await runner.rollback(migrations)).error).toBeUndefined()
    expect((await runner.panicRollback(migrations)).error).toBeUndefined()
  }
  await expectNoneLeft(db)
})

test('neither does one that fails, is refused or does not get the lock', async () => {
  const failing = pair('0004_four', 'CREATE TABLE four (id int); SELECT 1/0;', 'DROP TABLE four;')
  const { db, adapter, migrations, runner, folder } = await scene({ ...threeTables(), ...failing })
  expect((await runner.apply(migrations, { transaction: 'each' })).error).toMatchObject({ code: 'MIGRATION_FAILED' })
  const disagree = () => Promise.reject(new Error('no'))
  await expect(runner.apply(migrations, { approve: disagree })).rejects.toThrow('no')
  await expect(runner.apply(migrations, { target: { kind: 'id', id: '9' } })).rejects.toThrow()
  const lock = await adapter.tryRunLock()
  await expect(runner.apply(migrations, { lockWaitMs: 200 })).rejects.toMatchObject({ code: 'LOCK_UNAVAILABLE' })
  await lock?.release()
  const blocked = new FileStateStore({ filePath: `${folder}/package.json/state.json` })
  await expect(new MigrationRunner({ adapter, stateStore: blocked }).apply(migrations)).rejects.toThrow()
  await expectNoneLeft(db)
})

test('two runs at once over one adapter: the second waits and finds nothing left to do', async () => {
  const slow = pair('0001_one', 'CREATE TABLE one (id int); SELECT pg_sleep(0.3);', 'DROP TABLE one;')
  const { db, migrations, runner } = await scene({ ...threeTables(), ...slow })
  const reports = await Promise.all([1, 2, 3].map(() => runner.apply(migrations)))
  expect(reports.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
  expect(reports.map(({ results }) => results.length).sort()).toEqual([0, 0, 3])
  expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_three'])
  await expectNoneLeft(db)
})

test('the adapter may be closed twice, and opens again when it is used after that', async () => {
  const { db, adapter, migrations, runner } = await scene()
  await adapter.close()
  await adapter.close()
  expect((await runner.apply(migrations)).error).toBeUndefined()
  await adapter.close()
  expect((await runner.getState()).summary.applied).toBe(3)
  await expectNoneLeft(db)
})

test('a signal ends a call that waits for the lock, and one that is in the middle of a step', async () => {
  const slow = pair('0003_three', 'CREATE TABLE three (id int); SELECT pg_sleep(60);', 'DROP TABLE three;')
  const { db, adapter, migrations, runner } = await scene({ ...threeTables(), ...slow })
  const lock = await adapter.tryRunLock()
  await expect(runner.apply(migrations, { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
    code: 'INTERRUPTED',
  })
  await lock?.release()
  const abort = new AbortController()
  const running = runner.apply(migrations, { signal: abort.signal })
  await sleeping(db)
  abort.abort()
  expect((await running).error).toMatchObject({ code: 'INTERRUPTED' })
  expect(await historyOf(db)).toEqual([])
  await expect(runner.apply(migrations, { signal: abort.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' })
  await expectNoneLeft(db)
})

const arrays = `
  import { sql } from 'drizzle-orm'
  export async function up(db) {
    await db.execute("CREATE TYPE mood AS ENUM ('so', 'so so')")
    await db.execute('CREATE TABLE four (words text[], numbers int[], moods mood[])')
    await db.execute(sql\`INSERT INTO four VALUES (\${sql.param(['a"b', null])}, \${sql.param([1, 2])}, '{so,"so so"}')\`)
    const [{ words, numbers }] = await db.execute('SELECT * FROM four')
    if (words[0] !== 'a"b' || words[1] !== null || numbers[1] !== 2) throw new Error(JSON.stringify([words, numbers]))
  }
  export async function down(db) { await db.execute('DROP TABLE four; DROP TYPE mood') }`

test('arrays of a module go and come as arrays', async () => {
  const { migrations, runner } = await scene({ 'migrations/0004_four.js': arrays })
  expect((await runner.apply(migrations)).error).toBeUndefined()
})

test.each(['reset', 'close'] as const)(
  'a %s while the types are read rejects the call, and nothing else',
  async (how) => {
    const { db, migrations } = await scene({ 'migrations/0004_four.js': arrays })
    const proxy = await startWireProxy(db.url)
    onTestFinished(() => proxy.stop())
    const adapter = new PostgresAdapter({ connectionString: proxy.through(db.url) })
    onTestFinished(() => adapter.close())
    const stray: unknown[] = []
    const catchStray = (error: unknown) => void stray.push(error)
    process.on('unhandledRejection', catchStray)
    onTestFinished(() => void process.off('unhandledRejection', catchStray))
    const struck = proxy.strikeAt(({ from, text }) => from === 'client' && text.includes('typarray'), { action: how })
    const [call] = await Promise.allSettled([new MigrationRunner({ adapter }).apply(migrations), struck])
    expect(call).toMatchObject({ status: 'rejected', reason: { code: 'CONNECTION_FAILED' } })
    await setImmediate()
    expect(stray).toEqual([])
  },
)
