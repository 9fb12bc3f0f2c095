import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import { describe, expect, test } from 'vitest'
import { type Failure, failures, RollbackTester, type TransactionMode } from '../../src/testing/index.ts'
import { pair } from '../support/cli.ts'
import type { TestDatabase } from '../support/database.ts'
import { historyOf, indexesOf, tablesOf } from '../support/observe.ts'
import { type RollbackTrial, rollbackTrial } from '../support/rollback-trial.ts'
import { module, outsidePair } from '../support/scene.ts'

/** What stood before: rows to be kept, and two sequences, which no rollback sets back, to see how far a step had come. */
const STANDING = `
  CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL); INSERT INTO users VALUES (1, 'Ada'), (2, 'Bo'), (3, 'Cy');
  CREATE SEQUENCE first_ran; CREATE SEQUENCE last_ran;`

const one = pair(
  '0001_one',
  'CREATE TABLE one (id int PRIMARY KEY);\nALTER TABLE users ADD COLUMN one int;\n',
  'ALTER TABLE users DROP COLUMN one;\nDROP TABLE one;\n',
)
const three = pair('0003_three', 'CREATE TABLE three (id int);\n', 'DROP TABLE three;\n')

const UP = [
  "CREATE TABLE two AS SELECT nextval('first_ran') AS id",
  'ALTER TABLE users ADD COLUMN two int',
  "UPDATE users SET two = nextval('last_ran'), name = upper(name)",
]
const DOWN = [
  'UPDATE users SET name = initcap(name)',
  'ALTER TABLE users DROP COLUMN IF EXISTS two',
  'DROP TABLE IF EXISTS two',
]
const script = (statements: readonly string[]) => `${statements.join(';\n')};\n`
const code = (statements: readonly string[]) => statements.map((each) => `await db.execute(\`${each}\`)`).join('; ')
const inCode = { up: code(UP), down: code(DOWN) }

interface Kind {
  readonly what: string
  readonly files: Readonly<Record<string, string>>
  readonly modes: readonly TransactionMode[]
}

const kinds: readonly Kind[] = [
  { what: 'an SQL pair', files: pair('0002_two', script(UP), script(DOWN)), modes: ['batch', 'each'] },
  { what: 'a module', files: module('0002_two', inCode), modes: ['batch', 'each'] },
  {
    what: 'a module that verifies itself',
    files: module('0002_two', {
      ...inCode,
      more: "export async function verify(db) { await db.execute('SELECT two FROM users') }",
    }),
    modes: ['batch', 'each'],
  },
  {
    what: 'an SQL pair outside a transaction',
    files: outsidePair('0002_two', script(UP), script(DOWN)),
    modes: ['each'],
  },
  {
    what: 'a module outside a transaction',
    files: module('0002_two', { ...inCode, more: 'export const transaction = false' }),
    modes: ['each'],
  },
]

/** Which statements had run when the failure came. */
const reached: Readonly<Record<Failure, { first: boolean; last: boolean }>> = {
  before: { first: false, last: false },
  middle: { first: true, last: false },
  after: { first: true, last: true },
  'connection-cut': { first: true, last: false },
  'process-kill': { first: true, last: false },
}

async function reachedIn({ sql }: TestDatabase): Promise<{ first: boolean; last: boolean }> {
  const [row] = await sql`SELECT (SELECT is_called FROM first_ran) AS first, (SELECT is_called FROM last_ran) AS last`
  return { first: row?.first, last: row?.last }
}

async function expectUntouched({ db }: RollbackTrial): Promise<void> {
  expect(await historyOf(db)).toEqual([])
  expect(await tablesOf(db)).toEqual(['users'])
  expect(await db.sql`SELECT * FROM users ORDER BY id`).toEqual([
    { id: 1, name: 'Ada' },
    { id: 2, name: 'Bo' },
    { id: 3, name: 'Cy' },
  ])
}

describe.each(kinds)('$what', ({ files, modes }) => {
  for (const transaction of modes) {
    test.each(failures)(`${transaction}: everything comes back after %s`, async (failure) => {
      const trial = await rollbackTrial({ ...one, ...files, ...three }, STANDING)
      const { runner, migrations, directory } = trial
      const options = { failAt: '0002_two', scenario: 'disk full', failure, transaction, directory }
      const proof = await RollbackTester.verify(runner, migrations, options)
      expect(proof).toEqual({
        failAt: '0002_two',
        scenario: 'disk full',
        failure,
        transaction,
        reverted: ['0002_two', '0001_one'],
        catalog: 'identical',
        durationMs: expect.any(Number),
      })
      expect(await reachedIn(trial.db)).toEqual(reached[failure])
      await expectUntouched(trial)
    })
  }
})

test.each(['middle', 'after'] as const)(
  'a verify of its own runs before the failure that comes after a step: %s',
  async (failure) => {
    const more = "export async function verify(db) { await db.execute(`SELECT nextval('last_ran')`) }"
    const files = module('0001_one', { up: "await db.execute('SELECT 1')", down: '', more })
    const { runner, migrations, db } = await rollbackTrial(files, STANDING)
    await RollbackTester.verify(runner, migrations, { failAt: '0001_one', failure })
    expect((await reachedIn(db)).last).toBe(failure === 'after')
  },
)

describe('an index built concurrently', () => {
  const INDEX = 'CREATE INDEX CONCURRENTLY users_name ON users (name);\n'
  const index = outsidePair('0002_index', INDEX, 'DROP INDEX CONCURRENTLY users_name;\n')

  test.each(failures)('comes back after %s', async (failure) => {
    const trial = await rollbackTrial({ ...one, ...index }, STANDING)
    const { runner, migrations, directory, db } = trial
    const options = { failAt: '0002_index', scenario: 'index build timeout', failure, directory }
    const proof = await RollbackTester.verify(runner, migrations, options)
    expect(proof).toMatchObject({ transaction: 'each', catalog: 'identical', reverted: ['0002_index', '0001_one'] })
    expect(await indexesOf(db, 'users')).toEqual({ users_pkey: 'valid' })
    await expectUntouched(trial)
    const interrupted = failure === 'connection-cut' || failure === 'process-kill'
    const recovered = await db.sql`SELECT version FROM migration_logs WHERE event = 'recovered'`
    expect(recovered.map(({ version }) => version)).toEqual(interrupted ? ['0002_index'] : [])
  })

  test('is struck while it is being built: it has left an INVALID index, which the run removes', async () => {
    const { runner, migrations, db } = await rollbackTrial({ ...one, ...index }, STANDING)
    await RollbackTester.verify(runner, migrations, { failAt: '0002_index' })
    const [row] = await db.sql`SELECT error->>'message' AS message FROM migration_logs WHERE event = 'step-failed'`
    expect(row?.message).toContain('canceling statement')
    expect(row?.message).toContain('It had left the index public.users_name INVALID; that was removed')
  })
})

describe('all of them, one after the other', () => {
  test('every pending migration, every failure, from the state that is given', async () => {
    const { runner, migrations, db, directory } = await rollbackTrial(
      { ...one, ...kinds[0]?.files, ...three },
      STANDING,
    )
    await runner.apply(migrations, { target: { kind: 'count', count: 1 } })
    const proofs = await RollbackTester.verifyAll(runner, migrations, { directory, transaction: 'each' })
    expect(proofs.map(({ failAt, failure }) => `${failAt} ${failure}`)).toEqual(
      ['0002_two', '0003_three'].flatMap((id) => failures.map((failure) => `${id} ${failure}`)),
    )
    expect(proofs.at(-1)?.reverted).toEqual(['0003_three', '0002_two'])
    expect(await historyOf(db)).toEqual(['0001_one'])
    expect(await tablesOf(db)).toEqual(['one', 'users'])
  })

  test('of migrations written in place no process is killed, because it could not have them', async () => {
    const { runner } = await rollbackTrial({})
    const migrations = [
      {
        id: '0001_one',
        up: (db: PostgresJsDatabase) => db.execute('CREATE TABLE one (id int)'),
        down: (db: PostgresJsDatabase) => db.execute('DROP TABLE one'),
      },
    ]
    const proofs = await RollbackTester.verifyAll(runner, migrations)
    expect(proofs.map(({ failure }) => failure)).toEqual(['before', 'middle', 'after', 'connection-cut'])
  })
})

test('a database that is not local is used when it is said to be disposable', async () => {
  const { adapter, runner, migrations } = await rollbackTrial(one, STANDING)
  const location = { ...adapter.location, local: false }
  const remote = new Proxy(adapter, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name === 'location') return location
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const proof = await RollbackTester.verify(runner.over(remote), migrations, { failAt: '0001_one', disposable: true })
  expect(proof.reverted).toEqual(['0001_one'])
})
