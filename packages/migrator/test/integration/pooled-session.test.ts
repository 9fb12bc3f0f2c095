import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { databaseOn } from '../support/database.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { type Pooler, startPooler } from '../support/pgbouncer.ts'
import { module, outsidePair, type Scene, saidBy, scene } from '../support/scene.ts'

let pooler: Pooler | undefined
beforeAll(async () => {
  pooler = await startPooler(inject('serverUrl'))
})
afterAll(() => pooler?.stop())

const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const reachedBy = (url: string) => pooler?.through(url) ?? url

/** What another client finds on each of the pooler's ten connections to the database. */
async function othersSee({ url }: Scene): Promise<readonly string[]> {
  const look = `SELECT current_setting('search_path') AS path, current_user AS role, current_setting('lock_timeout') AS wait,
    (SELECT count(*) FROM pg_prepared_statements WHERE from_sql)::int AS prepared, pg_my_temp_schema()::int AS temporary,
    (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema())::int AS tables,
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1)::int AS locks, pg_sleep(0.05)`
  const seen = await Promise.all(
    Array.from({ length: 10 }, () =>
      databaseOn(url, (sql) =>
        sql
          .unsafe(look)
          .simple()
          .then(([row]) => row),
      ),
    ),
  )
  return [
    ...new Set(seen.map((row) => [row?.path, row?.role, row?.wait, row?.prepared, row?.tables, row?.locks].join('|'))),
  ]
}

const CLEAN = ['"$user", public|postgres|0|0|0|0']

const CHANGES = [
  ['SET', 'SET search_path = pg_catalog'],
  ['SET between BEGIN and COMMIT', 'BEGIN;\nSET search_path = pg_catalog;\nCOMMIT'],
  ['set_config()', "SELECT set_config('lock_timeout', '9s', false)"],
  ['SET ROLE', 'SET ROLE pg_monitor'],
  ['CREATE TEMP TABLE', 'CREATE TEMP TABLE one (id int)'],
  ['PREPARE', 'PREPARE plan AS SELECT 1'],
  ['a session lock', 'SELECT pg_advisory_lock(7)'],
] as const

describe('behind a pooler, what would change a connection for other clients', () => {
  test.each(CHANGES)('%s outside a transaction is refused with its place, and never sent', async (_, statement) => {
    const files = outsidePair('0002_two', `CREATE TABLE two ();\n${statement};`, 'DROP TABLE IF EXISTS two;')
    const made = await scene({ ...one, ...files }, { reachedBy })
    const failed = await made.project.run(['migrate', '--on-failure', 'stop', '--json'])
    if (!pooler) return expect(failed.code, saidBy(failed)).toBe(0)
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'MIGRATION_FAILED', id: '0002_two' })
    expect(failed.json().error.message).toMatch(/^0002_two\.up\.sql:[34]:1: .*other clients/s)
    expect(failed.json().error.hint).toContain('SET LOCAL')
    expect(await othersSee(made)).toEqual(CLEAN)
    expect(await historyOf(made.db)).toEqual(['0001_one'])
    expect(await tablesOf(made.db)).toEqual(['one'])
  })

  test('is refused in a module outside a transaction', async () => {
    const up = "await db.execute('CREATE TABLE two ()')\nawait db.execute('SET search_path = pg_catalog')"
    const files = module('0002_two', {
      up,
      down: "await db.execute('DROP TABLE two')",
      more: 'export const transaction = false',
    })
    const made = await scene({ ...one, ...files }, { reachedBy })
    const failed = await made.project.run(['migrate', '--json'])
    if (!pooler) return expect(failed.code, saidBy(failed)).toBe(0)
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error.message).toContain('0002_two.ts:3:')
    expect(await othersSee(made)).toEqual(CLEAN)
    expect(await tablesOf(made.db)).toEqual([])
  })

  test.each(['batch', 'each'])('is undone inside a transaction, --transaction %s', async (transaction) => {
    const leaving = CHANGES.filter(([name]) => !name.includes('BEGIN')).map(([, statement], at) =>
      pair(`001${at}_leave`, `${statement.replace('TABLE one', 'TABLE other')};`, 'SELECT 1;'),
    )
    const run = "await db.execute('SET search_path = pg_catalog'); await db.execute('PREPARE plan AS SELECT 1')"
    const files = Object.assign({}, one, ...leaving, module('0030_module', { up: run, down: '' }))
    const made = await scene(files, { reachedBy })
    const done = await made.project.run(['migrate', '--transaction', transaction])
    expect(done.code, saidBy(done)).toBe(0)
    expect(await othersSee(made)).toEqual(CLEAN)
  })
})

test('a transaction that a step leaves open behind a pooler is rolled back', async () => {
  const files = outsidePair(
    '0002_two',
    'BEGIN;\nSET LOCAL search_path = public;\nCREATE TABLE two ();',
    'DROP TABLE IF EXISTS two;',
  )
  const made = await scene({ ...one, ...files }, { reachedBy })
  const failed = await made.project.run(['migrate', '--json'])
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(failed.json().error).toMatchObject({ code: 'TRANSACTION_CONTROL', id: '0002_two' })
  expect(await tablesOf(made.db)).toEqual([])
  expect(await othersSee(made)).toEqual(CLEAN)
})

test("outside a transaction the database's own limits hold behind a pooler, which their failure says, and nothing leaks", async () => {
  const files = outsidePair('0002_two', 'CREATE TABLE two ();\nSELECT pg_sleep(5);', 'DROP TABLE IF EXISTS two;')
  const made = await scene({ ...one, ...files }, { reachedBy })
  await made.db.sql.unsafe(`ALTER DATABASE ${made.db.name} SET statement_timeout = '700ms'`)
  const failed = await made.project.run(['migrate', '--statement-timeout', '60s', '--json'])
  if (!pooler) return expect(failed.code, saidBy(failed)).toBe(0)
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(failed.json().error).toMatchObject({ code: 'STATEMENT_TIMEOUT', id: '0002_two' })
  expect(failed.json().error.hint).toContain('statement_timeout of the database or role')
  expect(await tablesOf(made.db)).toEqual([])
  expect(await historyOf(made.db)).toEqual([])
  expect(await othersSee(made)).toEqual(CLEAN)
})
