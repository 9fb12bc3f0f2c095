import { describe, expect, inject, test } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { FileStateStore } from '../../src/providers/file/file-state-store.ts'
import { MigrationRunner } from '../../src/runner.ts'
import { type Failure, RollbackTester } from '../../src/testing/index.ts'
import { pair, threeTables } from '../support/cli.ts'
import { folderOf } from '../support/folder.ts'
import { historyOf, indexesOf, tablesOf } from '../support/observe.ts'
import { startPooler } from '../support/pgbouncer.ts'
import { refused, rollbackTrial } from '../support/rollback-trial.ts'
import { module, outsidePair } from '../support/scene.ts'

const STANDING =
  "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL); INSERT INTO users VALUES (1, 'Ada'), (2, 'Bo');"
const two = pair('0002_two', 'CREATE TABLE two (id int);\nSELECT 1;\n', 'DROP TABLE two;\n')
const failsLate: readonly Failure[] = ['middle', 'connection-cut', 'process-kill']

describe('an earlier step whose down is broken, one transaction each', () => {
  const wrongIndex = pair(
    '0001_index',
    'CREATE INDEX users_name ON users (name);\n',
    'DROP INDEX IF EXISTS user_name;\n',
  )

  test.each(failsLate)('leaves its index behind, which is named: %s', async (failure) => {
    const { runner, migrations, directory } = await rollbackTrial({ ...wrongIndex, ...two }, STANDING)
    const options = { failAt: '0002_two', failure, directory, transaction: 'each' } as const
    const error = await refused(RollbackTester.verify(runner, migrations, options))
    expect(error.code).toBe('ROLLBACK_NOT_PROVEN')
    expect(error.exitCode).toBe(1)
    expect(error.message).toContain('+ index public.users_name')
    expect(error.details).toMatchObject({
      failAt: '0002_two',
      failure,
      transaction: 'each',
      catalog: [{ kind: 'added', object: 'index public.users_name' }],
      history: [],
      rows: [],
    })
  })

  test('does no harm where all steps share one transaction', async () => {
    const { runner, migrations, db } = await rollbackTrial({ ...wrongIndex, ...two }, STANDING)
    const proof = await RollbackTester.verify(runner, migrations, { failAt: '0002_two', transaction: 'batch' })
    expect(proof.transaction).toBe('batch')
    expect(await indexesOf(db, 'users')).toEqual({ users_pkey: 'valid' })
  })

  test('that changes a default is reported with both values', async () => {
    const files = pair(
      '0001_default',
      "ALTER TABLE users ALTER COLUMN name SET DEFAULT 'x';",
      "ALTER TABLE users ALTER COLUMN name SET DEFAULT '';",
    )
    const { runner, migrations } = await rollbackTrial({ ...files, ...two }, STANDING)
    const error = await refused(RollbackTester.verify(runner, migrations, { failAt: '0002_two', transaction: 'each' }))
    expect(error.message).toContain('~ column public.users.name')
    expect(error.message).toContain("default: (none) → ''::text")
  })

  test.each([
    { what: 'values', down: 'SELECT 1;', told: '2 before, 2 after' },
    {
      what: 'rows',
      down: 'UPDATE users SET name = initcap(name); DELETE FROM users WHERE id = 2;',
      told: '2 before, 1 after',
    },
  ])('that brings other $what back is named with their table', async ({ down, told }) => {
    const files = pair('0001_names', 'UPDATE users SET name = upper(name);', down)
    const { runner, migrations } = await rollbackTrial({ ...files, ...two }, STANDING)
    const error = await refused(RollbackTester.verify(runner, migrations, { failAt: '0002_two', transaction: 'each' }))
    expect(error.code).toBe('ROLLBACK_NOT_PROVEN')
    expect(error.message).toContain(`rows of public.users changed (${told})`)
  })

  test('that fails is named, with its error and what stays applied', async () => {
    const files = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE nowhere;')
    const { runner, migrations } = await rollbackTrial({ ...files, ...two }, STANDING)
    const error = await refused(RollbackTester.verify(runner, migrations, { failAt: '0002_two', transaction: 'each' }))
    expect(error.message).toContain('+ table public.one')
    expect(error.message).toContain('0001_one is applied in the history')
    expect(error.message).toContain('"nowhere" does not exist')
  })

  test('that has none stays applied, and is named with the reason', async () => {
    const why = '-- migrator: irreversible="the rows are gone"\nCREATE TABLE one (id int);'
    const files = { 'migrations/0001_one.up.sql': why }
    const { runner, migrations } = await rollbackTrial({ ...files, ...two }, STANDING)
    const error = await refused(RollbackTester.verify(runner, migrations, { failAt: '0002_two', transaction: 'each' }))
    expect(error.message).toContain('0001_one is applied in the history')
    expect(error.message).toContain('Migration 0001_one is irreversible: the rows are gone')
  })

  test('that restores a column at another position passes, and is reported', async () => {
    const files = pair('0001_drop', 'ALTER TABLE wide DROP COLUMN a;', 'ALTER TABLE wide ADD COLUMN a int;')
    const { runner, migrations } = await rollbackTrial({ ...files, ...two }, 'CREATE TABLE wide (a int, b int);')
    const proof = await RollbackTester.verify(runner, migrations, { failAt: '0002_two', transaction: 'each' })
    expect(proof.catalog).toBe('order-only')
  })
})

describe('a step outside a transaction whose down is wrong', () => {
  const INDEX = 'CREATE INDEX CONCURRENTLY users_name ON users (name);\n'
  const wrong = outsidePair('0001_index', INDEX, 'DROP INDEX CONCURRENTLY IF EXISTS users_nam;\n')

  test.each(['middle', 'after'] as const)('stays dirty, and its index is named: %s', async (failure) => {
    const { runner, migrations, db } = await rollbackTrial(wrong, STANDING)
    const error = await refused(RollbackTester.verify(runner, migrations, { failAt: '0001_index', failure }))
    expect(error.code).toBe('ROLLBACK_NOT_PROVEN')
    expect(error.message).toContain('+ index public.users_name')
    expect(error.message).toContain('0001_index is dirty in the history')
    expect(await historyOf(db)).toEqual(['0001_index dirty'])
  })

  test.each(['connection-cut', 'process-kill'] as const)('is not recovered by the next run: %s', async (failure) => {
    const { runner, migrations, directory } = await rollbackTrial(wrong, STANDING)
    const options = { failAt: '0001_index', failure, directory }
    const error = await refused(RollbackTester.verify(runner, migrations, options))
    expect(error.code).toBe('ROLLBACK_NOT_PROVEN')
    expect(error.message).toContain('The next apply did not recover it')
    expect(error.message).toContain('index public.users_name')
    expect(error.cause).toMatchObject({ code: 'RECOVERY_FAILED' })
  })

  // Its index has a name that nobody can read in the file, so the recovery takes it for somebody else's.
  const hidden = module('0002_hidden', {
    up: "await db.execute('CREATE INDEX CONCURRENTLY ' + ['one', 'id'].join('_') + ' ON one (id)')",
    down: '',
    more: 'export const transaction = false',
  })

  test.each(['connection-cut', 'process-kill'] as const)(
    'is seen although an earlier down would have removed what it left: %s',
    async (failure) => {
      const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
      const { runner, migrations, directory } = await rollbackTrial({ ...one, ...hidden })
      const options = { failAt: '0002_hidden', failure, directory }
      const error = await refused(RollbackTester.verify(runner, migrations, options))
      expect(error.code).toBe('ROLLBACK_NOT_PROVEN')
      expect(error.details.catalog).toMatchObject([{ kind: 'added', object: 'index public.one_id' }])
    },
  )
})

describe('code that works around its transaction', () => {
  test('and writes over a connection of its own leaves that behind, also in one transaction for all', async () => {
    const { runner, db } = await rollbackTrial({}, STANDING)
    const leaking = {
      id: '0001_leak',
      up: async () => void (await db.sql`CREATE TABLE leak AS SELECT 1 AS id`),
      down: () => undefined,
    }
    const error = await refused(RollbackTester.verify(runner, [leaking], { failAt: '0001_leak', transaction: 'batch' }))
    expect(error.code).toBe('ROLLBACK_NOT_PROVEN')
    expect(error.message).toContain('+ table public.leak')
  })

  const CATCHES = "await db.execute('CREATE TABLE caught (id int)').catch(() => undefined)"

  test('and catches the failure gains nothing by it: the transaction is lost', async () => {
    const files = module('0001_catches', { up: `${CATCHES}; return 1`, down: "await db.execute('DROP TABLE caught')" })
    const { runner, migrations, db } = await rollbackTrial(files)
    await RollbackTester.verify(runner, migrations, { failAt: '0001_catches' })
    expect(await tablesOf(db)).toEqual([])
  })

  test('and, outside one, catches the failure and continues is reported for it', async () => {
    const more = 'export const transaction = false'
    const files = module('0001_catches', { up: CATCHES, down: "await db.execute('DROP TABLE caught')", more })
    const { runner, migrations } = await rollbackTrial(files)
    const error = await refused(RollbackTester.verify(runner, migrations, { failAt: '0001_catches' }))
    expect(error.code).toBe('ROLLBACK_NOT_PROVEN')
    expect(error.message).toContain('0001_catches swallowed the failure, and the run succeeded.')
  })
})

test.each(failsLate)('a run that fails on its own before the failure proves nothing: %s', async (failure) => {
  const broken = pair('0001_broken', 'CREATE TABLE broken (id nonsense);', 'DROP TABLE broken;')
  const { runner, migrations, directory } = await rollbackTrial({ ...broken, ...two })
  const options = { failAt: '0002_two', failure, directory }
  const error = await refused(RollbackTester.verify(runner, migrations, options))
  expect(error.code).toBe('ROLLBACK_NOT_PROVEN')
  expect(error.message).toContain('The run failed on its own')
  expect(error.message).toContain('type "nonsense" does not exist')
})

describe('before anything runs it refuses', () => {
  const verify = RollbackTester.verify

  test('an unknown id, and names the nearest', async () => {
    const { runner, migrations } = await rollbackTrial(threeTables())
    const error = await refused(verify(runner, migrations, { failAt: '0002_tow' }))
    expect(error).toMatchObject({ code: 'TARGET_UNKNOWN', exitCode: 2, hint: 'Did you mean 0002_two?' })
  })

  test('a migration that is applied already', async () => {
    const { runner, migrations } = await rollbackTrial(threeTables())
    await runner.apply(migrations, { target: { kind: 'id', id: '0002_two' } })
    const error = await refused(verify(runner, migrations, { failAt: '0002_two' }))
    expect(error).toMatchObject({ code: 'USAGE_INVALID', message: expect.stringContaining('already applied here') })
  })

  test('a history with something dirty in it', async () => {
    const { runner, migrations, db } = await rollbackTrial(threeTables())
    await runner.apply(migrations, { target: { kind: 'count', count: 1 } })
    await db.sql`UPDATE schema_migrations SET dirty = true`
    const error = await refused(verify(runner, migrations, { failAt: '0002_two' }))
    expect(error).toMatchObject({ code: 'MIGRATION_DIRTY', message: expect.stringContaining('0001_one') })
  })

  test('to begin while another run is under way', async () => {
    const { runner, migrations, adapter } = await rollbackTrial(threeTables())
    const lock = await adapter.tryRunLock()
    const error = await refused(verify(runner, migrations, { failAt: '0002_two' }))
    expect(error).toMatchObject({ code: 'LOCK_UNAVAILABLE', exitCode: 4 })
    await lock?.release()
  })

  test('one transaction for steps that cannot share one', async () => {
    const outside = outsidePair('0001_out', 'SELECT 1;', 'SELECT 1;')
    const { runner, migrations } = await rollbackTrial({ ...outside, ...two })
    const error = await refused(verify(runner, migrations, { failAt: '0002_two', transaction: 'batch' }))
    expect(error.code).toBe('USAGE_INVALID')
  })

  test('to kill a process that could not load the migrations, or would load others', async () => {
    const { runner, migrations } = await rollbackTrial(threeTables())
    const kill = { failAt: '0002_two', failure: 'process-kill' } as const
    const none = await refused(verify(runner, migrations, kill))
    expect(none.message).toContain('process-kill needs { directory }')
    const directory = folderOf({ '0001_one.up.sql': 'SELECT 1;', '0001_one.down.sql': 'SELECT 1;' })
    const others = await refused(verify(runner, migrations, { ...kill, directory }))
    expect(others).toMatchObject({ code: 'USAGE_INVALID', message: expect.stringContaining('0001_one, 0002_two') })
  })

  test('to kill a process whose history is elsewhere', async () => {
    const stateStore = new FileStateStore({ filePath: `${folderOf({})}/state.json` })
    const { runner, migrations, directory } = await rollbackTrial(threeTables(), '', { stateStore })
    expect(await verify(runner, migrations, { failAt: '0002_two' })).toMatchObject({
      reverted: ['0002_two', '0001_one'],
    })
    const error = await refused(verify(runner, migrations, { failAt: '0002_two', failure: 'process-kill', directory }))
    expect(error.message).toContain('needs the history in the database')
  })

  test('to cut a connection behind a pooler, where it could be that of somebody else', async ({ onTestFinished }) => {
    const pooler = await startPooler(inject('serverUrl'))
    onTestFinished(() => pooler?.stop())
    const { db, migrations, directory } = await rollbackTrial(threeTables())
    const adapter = new PostgresAdapter({ connectionString: pooler?.through(db.url) ?? db.url })
    onTestFinished(() => adapter.close())
    const runner = new MigrationRunner({ adapter })
    for (const failure of ['connection-cut', 'process-kill'] as const) {
      const tried = verify(runner, migrations, { failAt: '0002_two', failure, directory })
      if (pooler) expect((await refused(tried)).message).toContain('needs a direct connection')
      else await tried
    }
    expect(await verify(runner, migrations, { failAt: '0002_two' })).toMatchObject({ failure: 'middle' })
    expect(await historyOf(db)).toEqual([])
  })

  test('a database that is not local, without having connected to it', async () => {
    const adapter = new PostgresAdapter({ connectionString: 'postgresql://app:secret@db.example.com:5432/shop' })
    const migrations = [{ id: '0001_one', up: () => undefined, down: () => undefined }]
    const runner = new MigrationRunner({ adapter })
    for (const refusal of [
      verify(runner, migrations, { failAt: '0001_one' }),
      RollbackTester.verifyAll(runner, migrations),
    ]) {
      const error = await refused(refusal)
      expect(error).toMatchObject({ code: 'PROTECTED_DATABASE', hint: expect.stringContaining('disposable: true') })
      expect(error.message).not.toContain('secret')
    }
  })
})
