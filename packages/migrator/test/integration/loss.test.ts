import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { measureLoss } from '../../src/engine/loss/measure.ts'
import type { Context } from '../../src/engine/run/context.ts'
import { MigrationRunner, PostgresAdapter } from '../../src/index.ts'
import { readDirectory } from '../../src/migration-files.ts'
import { createProject, type Project, pair } from '../support/cli.ts'
import { createDatabase, emptied, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal } from '../support/refusal.ts'
import { module, outsidePair } from '../support/scene.ts'

const PROTECTED = { NODE_ENV: 'production' }
let db: TestDatabase
let project: Project

beforeAll(async () => {
  db = await createDatabase()
})
beforeEach(async () => {
  await emptied(db)
  project = await createProject(db.url)
})
afterEach(() => project.remove())
afterAll(() => db.drop())

/** Applies these, then runs the SQL. */
async function standing(files: Readonly<Record<string, string>>, sql: string): Promise<void> {
  await project.write(files)
  const { code, stderr } = await project.run(['migrate'])
  expect(code, stderr).toBe(0)
  await db.sql.unsafe(sql)
}

/** The `loss` of a document, without what says nothing. */
function lossIn(finished: { json(): unknown }): unknown {
  return (finished.json() as { loss: unknown }).loss
}

async function lossOfAll(): Promise<unknown> {
  return lossIn(await project.run(['rollback', '--all', '--force', '--dry-run', '--json']))
}

const orders = pair('0001_orders', 'CREATE TABLE orders (id int, note text);', 'DROP TABLE orders;')
const THREE = "INSERT INTO orders VALUES (1, 'a'), (2, NULL), (3, 'c')"

/** up, SQL that fills, down, and what the down loses. */
const table = (name: string, rows: number, how = 'dropped') => ({
  migration: '0001_a',
  how,
  table: name,
  rows,
  estimated: false,
})
const column = (name: string, part: string, values: number, how = 'dropped') => ({
  ...{ migration: '0001_a', how, table: name, column: part, values, estimated: false },
})
const unknown = (why: string) => ({ migration: '0001_a', how: 'unknown', estimated: false, why })

describe('a rollback tells that it loses', () => {
  test.each([
    [
      'the rows of a dropped table',
      'CREATE TABLE t (a int)',
      'INSERT INTO t VALUES (1), (2)',
      'DROP TABLE t',
      [table('public.t', 2)],
    ],
    ['nothing of an empty one', 'CREATE TABLE t (a int)', 'SELECT 1', 'DROP TABLE t', []],
    [
      'the values of a column, without its nulls',
      'CREATE TABLE t (a int, b int)',
      'INSERT INTO t VALUES (1, 1), (2, NULL)',
      'ALTER TABLE t DROP COLUMN b; ALTER TABLE t ALTER a TYPE bigint',
      [column('public.t', 'b', 1)],
    ],
    [
      'all of a partitioned table once',
      'CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2)',
      'INSERT INTO t VALUES (1), (2), (2)',
      'DROP TABLE t',
      [table('public.t', 3)],
    ],
    [
      'one partition',
      'CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2)',
      'INSERT INTO t VALUES (1), (2), (2)',
      'DROP TABLE t_2',
      [table('public.t_2', 2)],
    ],
    [
      'all tables of a schema',
      'CREATE SCHEMA "S s"; CREATE TABLE "S s".a (x int); CREATE TABLE "S s"."B ""b" (x int)',
      'INSERT INTO "S s".a VALUES (1); INSERT INTO "S s"."B ""b" VALUES (1)',
      'DROP SCHEMA "S s" CASCADE',
      [table('S s.B "b', 1), table('S s.a', 1)],
    ],
    [
      'columns of a type that is dropped',
      "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (a int, m mood)",
      "INSERT INTO t VALUES (1, 'a'), (2, NULL)",
      'DROP TYPE mood CASCADE',
      [column('public.t', 'm', 1)],
    ],
    [
      'what TRUNCATE … CASCADE reaches',
      'CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p)',
      'INSERT INTO p VALUES (1); INSERT INTO c VALUES (1), (NULL)',
      'TRUNCATE p CASCADE',
      [table('public.c', 2, 'emptied'), table('public.p', 1, 'emptied')],
    ],
    [
      'rows that are deleted, and those that go along',
      'CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p ON DELETE CASCADE)',
      'INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1), (1), (2)',
      'DELETE FROM p WHERE id = 1',
      [table('public.p', 1, 'deleted'), table('public.c', 2, 'deleted')],
    ],
    [
      'values that a narrower type may not hold',
      'CREATE TABLE t (a numeric)',
      'INSERT INTO t VALUES (1.5)',
      'ALTER TABLE t ALTER a TYPE int',
      [column('public.t', 'a', 1, 'may-narrow')],
    ],
    [
      'values that an UPDATE may overwrite, where they exist already',
      'CREATE TABLE t (a int, b int)',
      'INSERT INTO t VALUES (1, 1), (2, NULL)',
      'ALTER TABLE t ADD c int; UPDATE t SET b = 0, c = a; ALTER TABLE t DROP b',
      [column('public.t', 'b', 1, 'may-overwrite'), column('public.t', 'b', 1)],
    ],
    [
      'what another search path leads to',
      'CREATE SCHEMA IF NOT EXISTS away; CREATE TABLE away.t (a int)',
      'INSERT INTO away.t VALUES (1)',
      'SET search_path TO away; DROP TABLE t; DROP SCHEMA away',
      [table('away.t', 1)],
    ],
    [
      'a table under the name that the down gives it first',
      'CREATE TABLE t (a int)',
      'INSERT INTO t VALUES (1)',
      'ALTER TABLE t RENAME TO u; DROP TABLE u',
      [table('public.t', 1)],
    ],
    ['nothing that is not there', 'SELECT 1', 'SELECT 1', 'DROP TABLE IF EXISTS never', []],
    [
      'what it cannot tell',
      'CREATE TABLE t (a int)',
      'SELECT 1',
      'DO $$ BEGIN DROP TABLE t; END $$',
      [unknown('DO $$ BEGIN DROP TABLE t; END $$')],
    ],
  ])('%s', async (_, up, fill, down, expected) => {
    await standing(pair('0001_a', `${up};`, `${down};`), fill)
    expect(await lossOfAll()).toEqual(expected)
    expect((await project.run(['rollback', '--force'])).code).toBe(0)
    await db.sql.unsafe('DROP SCHEMA IF EXISTS "S s" CASCADE; DROP SCHEMA IF EXISTS away CASCADE')
  })

  test('of several steps each thing once', async () => {
    await standing(
      {
        ...orders,
        ...pair(
          '0002_note',
          'ALTER TABLE orders ADD COLUMN more int;',
          'TRUNCATE orders; ALTER TABLE orders DROP COLUMN more;',
        ),
      },
      'INSERT INTO orders (id, more) VALUES (1, 1)',
    )
    expect(await lossOfAll()).toEqual([
      { migration: '0002_note', how: 'emptied', table: 'public.orders', rows: 1, estimated: false },
    ])
  })

  test.each([
    ['await db.execute("DROP TABLE t")', [table('public.t', 1)]],
    ['const name = "t"; await db.execute("DROP TABLE " + name)', [unknown('its down is code')]],
    ['const { tidy } = globalThis; await (tidy ?? (async () => {}))(db)', [unknown('its down is code')]],
    ['', []],
  ])('by a module: %s', async (down, expected) => {
    await standing(
      module('0001_a', { up: 'await db.execute("CREATE TABLE t (a int)")', down }),
      'INSERT INTO t VALUES (1)',
    )
    expect(await lossOfAll()).toEqual(expected)
  })
})

describe('before anything happens', () => {
  test('a local rollback says what it destroys, does it, and leaves it in the log', async () => {
    await standing(orders, THREE)
    const { code, stderr } = await project.run(['rollback', '--force'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('This destroys: 3 rows of public.orders (0001_orders)')])
    const [logged] = await db.sql`SELECT details FROM migration_logs WHERE event = 'warning'`
    expect(logged?.details).toMatchObject({ loss: [{ migration: '0001_orders', table: 'public.orders', rows: 3 }] })
  })

  test('a dry run says it and changes nothing', async () => {
    await standing(orders, THREE)
    const before = await stateOf(db)
    const { code, stdout } = await project.run(['rollback', '--dry-run'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('3 rows of public.orders (0001_orders)')])
    expect(stdout).toContain('--preserve-data')
    expect([await stateOf(db), await db.sql`SELECT * FROM orders`]).toEqual([
      before,
      expect.objectContaining({ length: 3 }),
    ])
  })

  test.each([
    [orders],
    [{ ...outsidePair('0001_orders', 'CREATE TABLE orders (id int, note text);', 'DROP TABLE orders;') }],
  ])('a protected database refuses it, in any mode', async (files) => {
    await standing(files, THREE)
    const words = ['rollback', '--force', '--confirm', db.name, '--no-backup', '--reason', 'test']
    const refusal = { exit: 3, code: 'LOSS_NOT_ACCEPTED', env: PROTECTED, says: '3 rows of public.orders' } as const
    await expectRefusal(project, { words, ...refusal, hint: '--preserve-data' }, db)
    await expectRefusal(project, { words, ...refusal, hint: '--accept-loss' }, db)
    expect((await project.run([...words, '--preserve-data'], PROTECTED)).code).toBe(0)
    expect((await project.run(['migrate'], PROTECTED)).code).toBe(0)
    expect(await db.sql`SELECT * FROM orders`).toHaveLength(3)
    expect((await project.run([...words, '--accept-loss'], PROTECTED)).code).toBe(0)
  })

  test('a protected database does not refuse what loses nothing, nor what is unknown, but reports it', async () => {
    await standing(
      pair('0001_a', 'CREATE TABLE t (a int);', 'DROP TABLE t; DO $$ BEGIN TRUNCATE u; END $$;'),
      'CREATE TABLE u (a int)',
    )
    const words = ['rollback', '--force', '--confirm', db.name, '--no-backup', '--reason', 'test']
    const { code, stderr } = await project.run(words, PROTECTED)
    expect([code, stderr]).toEqual([0, expect.stringContaining('cannot be determined beforehand')])
  })
})

describe('counting', () => {
  test('that takes too long ends in an estimate, and says so', async () => {
    await standing(
      orders,
      "INSERT INTO orders SELECT i, CASE WHEN i % 2 = 0 THEN 'x' END FROM generate_series(1, 400000) i; ANALYZE orders",
    )
    await project.write({ ...pair('0002_b', 'SELECT 1;', 'ALTER TABLE orders DROP COLUMN note;') })
    expect((await project.run(['migrate'])).code).toBe(0)
    await project.write({ 'migrator.config.mjs': "export default { migrations: 'migrations', lossTimeoutMs: 3 }\n" })
    const [values, rows] = (await lossOfAll()) as { values?: number; rows?: number; estimated: boolean }[]
    expect([values?.estimated, rows?.estimated]).toEqual([true, true])
    expect(values?.values).toBeGreaterThan(180_000)
    expect(values?.values).toBeLessThan(220_000)
    expect(rows?.rows).toBeGreaterThan(380_000)
    expect((await project.run(['rollback', '--dry-run', '--steps', '1'])).stdout).toContain('about ')
  })

  test('does not wait for a locked table, and nobody waits behind it', async () => {
    await standing(orders, `${THREE}; ANALYZE orders`)
    const other = await db.sql.reserve()
    try {
      await other.unsafe('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE')
      const started = performance.now()
      expect(await lossOfAll()).toEqual([
        { migration: '0001_orders', how: 'dropped', table: 'public.orders', rows: 3, estimated: true },
      ])
      expect(performance.now() - started).toBeLessThan(20_000)
      const [log] =
        await db.sql`SELECT count(*) FROM pg_stat_activity WHERE datname = ${db.name} AND wait_event_type = 'Lock'`
      expect(log?.count).toBe('0')
    } finally {
      await other.unsafe('ROLLBACK')
      other.release()
    }
  })

  test('uses what is proven of a migration, where something is', async () => {
    await standing(orders, THREE)
    const adapter = new PostgresAdapter({ connectionString: db.url })
    try {
      const down = { kind: 'module', file: 'x', run: () => undefined } as const
      const step = { id: '0001_a', direction: 'down', by: 'file', migration: { down } } as never
      const context = { database: adapter, signal: new AbortController().signal } as unknown as Context
      const ref = { schema: 'public', name: 'orders' }
      const knownLoss = () => [{ kind: 'column', ref, column: 'note', reach: 'restrict' } as const]
      expect(await measureLoss(context, [step], { lossTimeoutMs: 2_000, knownLoss })).toEqual([
        column('public.orders', 'note', 2),
      ])
    } finally {
      await adapter.close()
    }
  })
})

test('of a module, a certificate tells what its code does not', async () => {
  const down = 'for (const n of ["t"]) await db.execute("DROP TABLE " + n)'
  await standing(
    module('0001_a', { up: 'await db.execute("CREATE TABLE t (a int)")', down }),
    'INSERT INTO t VALUES (1), (2)',
  )
  expect(await lossOfAll()).toEqual([unknown('its down is code')])
  const [file] = readDirectory(project.migrations).files
  const [before, after] = ['a', 'b'].map((digit) => digit.repeat(64))
  const lostByDown = [{ table: 'public.t', how: 'dropped' }]
  const entry = {
    ...file,
    verdict: 'lossy',
    reasons: [],
    before,
    after,
    lostByDown,
    lostByRoundTrip: [],
    locks: {},
    postgres: 18,
  }
  const lock = (version: number) => JSON.stringify({ lockfileVersion: version, migrations: { '0001_a': entry } })
  await project.write({ 'migrations/migrations.lock.json': lock(1) })
  expect(await lossOfAll()).toEqual([table('public.t', 2)])
  await project.write({ 'migrations/migrations.lock.json': lock(99) })
  const damaged = await project.run(['rollback', '--dry-run', '--force', '--all', '--json'])
  expect([lossIn(damaged), damaged.stderr]).toEqual([
    [unknown('its down is code')],
    expect.stringContaining('lockfileVersion 99'),
  ])
})

describe('the library', () => {
  const migrations = [
    {
      id: '0001_t',
      up: (d: { execute(sql: string): Promise<unknown> }) => d.execute('CREATE TABLE t (id int PRIMARY KEY)'),
      down: (d: { execute(sql: string): Promise<unknown> }) => d.execute('DROP TABLE t'),
    },
  ] as never[]

  test('refuses a loss on a database that is not local, unless it is accepted or preserved', async () => {
    const adapter = new PostgresAdapter({ connectionString: db.url })
    Object.defineProperty(adapter, 'location', { value: { ...adapter.location, local: false } })
    const runner = new MigrationRunner({ adapter })
    try {
      await runner.apply(migrations)
      await db.sql.unsafe('INSERT INTO t VALUES (1), (2)')
      await expect(runner.rollback(migrations, { force: true })).rejects.toMatchObject({ code: 'LOSS_NOT_ACCEPTED' })
      const down = await runner.rollback(migrations, { force: true, preserveData: true })
      expect(down).toMatchObject({ loss: [{ rows: 2 }], keptData: [{ migration: '0001_t', preserved: [{ rows: 2 }] }] })
      const up = await runner.apply(migrations)
      expect(up.keptData).toMatchObject([{ putBack: [{ putBack: 2, left: 0 }] }])
      expect(await db.sql`SELECT * FROM t`).toHaveLength(2)
      const gone = await runner.rollback(migrations, { force: true, acceptLoss: true })
      expect([gone.error, gone.results[0]?.status]).toEqual([undefined, 'reverted'])
    } finally {
      await adapter.close()
    }
  })

  test('tells the loss to who approves', async () => {
    const adapter = new PostgresAdapter({ connectionString: db.url })
    const runner = new MigrationRunner({ adapter })
    try {
      await runner.apply(migrations)
      await db.sql.unsafe('INSERT INTO t VALUES (1)')
      const told: unknown[] = []
      await runner.rollback(migrations, { approve: async ({ loss }) => void told.push(loss) })
      expect(told).toEqual([[{ ...table('public.t', 1), migration: '0001_t' }]])
    } finally {
      await adapter.close()
    }
  })
})
