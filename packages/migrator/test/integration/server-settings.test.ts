import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { onServer } from '../support/database.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { type Pooler, startPooler } from '../support/pgbouncer.ts'
import { module, outsidePair, type Scene, saidBy, scene } from '../support/scene.ts'

/** What a database may have set, and what ends or misleads a session that does not look out for itself. */
const SETTINGS: Readonly<Record<string, string>> = {
  idle_session_timeout: '300ms',
  idle_in_transaction_session_timeout: '300ms',
  transaction_timeout: '600ms',
  statement_timeout: '600ms',
  lock_timeout: '300ms',
  quote_all_identifiers: 'on',
  standard_conforming_strings: 'off',
  bytea_output: 'escape',
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  row_security: 'off',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  synchronous_commit: 'off',
  client_min_messages: 'error',
  extra_float_digits: '-15',
  check_function_bodies: 'off',
}

const SLOW = 'SELECT pg_sleep(1);'
/** Behind a pooler no limit can be set for a statement outside a transaction, so it is not slow there. */
const stepsWith = (outside: string) => ({
  ...pair('0001_one', `CREATE TABLE one (a text DEFAULT 'back\\slash');\n${SLOW}`, 'DROP TABLE one;'),
  ...outsidePair('0002_two', `CREATE TABLE two (id int);\n${outside}`, `${outside}\nDROP TABLE IF EXISTS two;`),
  ...module('0003_three', {
    up: "await db.execute('CREATE TABLE three (id int)'); await db.execute('SELECT pg_sleep(1)')",
    down: "await db.execute('DROP TABLE three')",
  }),
})

async function setAll({ db }: Scene): Promise<void> {
  for (const [name, value] of Object.entries(SETTINGS))
    await db.sql.unsafe(`ALTER DATABASE ${db.name} SET ${name} = '${value}'`)
}

let pooler: Pooler | undefined
beforeAll(async () => {
  pooler = await startPooler(inject('serverUrl'))
})
afterAll(() => pooler?.stop())

describe.each(['directly', 'through a pooler'] as const)('the settings of a database disturb no run, %s', (way) => {
  const reachedBy = (url: string) => (way === 'directly' ? url : (pooler?.through(url) ?? url))

  test('up, status, and all the way down', async () => {
    const made = await scene(stepsWith(way === 'directly' ? SLOW : ''), { reachedBy })
    await setAll(made)
    const { db, project } = made
    const up = await project.run(['migrate'])
    expect(up.code, saidBy(up)).toBe(0)
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_three'])
    const status = await project.run(['status', '--check', '--json'])
    expect(status.code, saidBy(status)).toBe(0)
    const down = await project.run(['rollback', '--all', '--force', '--accept-loss'])
    expect(down.code, saidBy(down)).toBe(0)
    expect(await historyOf(db)).toEqual([])
    expect(await tablesOf(db)).toEqual([])
  })
})

const ready = { ...pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;') }

test('a database that is read-only by default is named so, before anything is written', async () => {
  const { db, project } = await scene(ready)
  await db.sql.unsafe(`ALTER DATABASE ${db.name} SET default_transaction_read_only = on`)
  const refused = await project.run(['migrate', '--json'])
  expect(refused.code, saidBy(refused)).toBe(1)
  expect(refused.json().error).toMatchObject({ code: 'DATABASE_READ_ONLY' })
  expect(refused.stderr).not.toContain('migration_logs')
  const status = await project.run(['status', '--json'])
  expect(status.code, saidBy(status)).toBe(0)
})

describe('a role that may have few connections', () => {
  afterAll(() => onServer((sql) => sql.unsafe('DROP ROLE IF EXISTS few_2, few_3, few_4, few_5')))

  test.each([2, 3, 4, 5])(
    '%i of them: it runs, or reports that the server is busy, and is never dirty',
    async (limit) => {
      const made = await scene(
        {
          ...stepsWith(SLOW),
          ...outsidePair('0004_four', 'CREATE TABLE four (id int);', 'DROP TABLE IF EXISTS four;'),
        },
        { reachedBy: (url) => Object.assign(new URL(url), { username: `few_${limit}`, password: 'few' }).href },
      )
      await onServer((sql) => sql.unsafe(`DROP ROLE IF EXISTS few_${limit}`))
      await onServer((sql) => sql.unsafe(`CREATE ROLE few_${limit} LOGIN PASSWORD 'few' CONNECTION LIMIT ${limit}`))
      await made.db.sql.unsafe(
        `GRANT ALL ON SCHEMA public TO few_${limit}; ALTER SCHEMA public OWNER TO few_${limit}; GRANT SELECT ON pace TO few_${limit}`,
      )
      const ended = await made.project.run(['migrate', '--json', '--lock-wait', '1s'])
      const history = await historyOf(made.db)
      if (ended.code !== 0) {
        expect(ended.json().error, saidBy(ended)).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'busy' })
        expect(ended.json().error.message).toContain('is busy')
      }
      expect(
        history.filter((each) => each.endsWith('dirty')),
        saidBy(ended),
      ).toEqual([])
      expect(ended.code === 0).toBe(history.length === 4)
    },
  )
})

test('a database whose connections are all taken is busy: waited for within --lock-wait, and then migrated', async () => {
  const { db, project } = await scene(ready, {
    reachedBy: (url) => Object.assign(new URL(url), { username: 'patient', password: 'patient' }).href,
  })
  await onServer((sql) => sql.unsafe('DROP ROLE IF EXISTS patient'))
  await onServer((sql) => sql.unsafe("CREATE ROLE patient LOGIN PASSWORD 'patient'"))
  await db.sql.unsafe('GRANT ALL ON SCHEMA public TO patient')
  await onServer((sql) => sql.unsafe(`ALTER DATABASE ${db.name} CONNECTION LIMIT 0`))
  const refused = await project.run(['migrate', '--json', '--lock-wait', '1s'])
  expect(refused.json().error, saidBy(refused)).toMatchObject({ code: 'CONNECTION_FAILED', reason: 'busy' })
  const waiting = project.start(['migrate', '--lock-wait', '60s'])
  await onServer((sql) => sql.unsafe(`ALTER DATABASE ${db.name} CONNECTION LIMIT 10`))
  const done = await waiting.finished
  expect(done.code, saidBy(done)).toBe(0)
  expect(await historyOf(db)).toEqual(['0001_one'])
  await db.sql.unsafe('DROP OWNED BY patient CASCADE')
  await onServer((sql) => sql.unsafe('DROP ROLE patient'))
})
