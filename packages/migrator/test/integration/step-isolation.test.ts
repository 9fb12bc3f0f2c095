import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { onServer } from '../support/database.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { module, outsidePair, saidBy, scene } from '../support/scene.ts'

const one = pair('0001_one', 'CREATE TABLE one (id int PRIMARY KEY);', 'DROP TABLE one;')
const two = pair('0002_two', 'CREATE TABLE two (id int);', 'DROP TABLE two;')

describe('what a migration leaves behind does not reach the next one, nor the history', () => {
  const role = `t_nobody_${process.pid}`
  beforeAll(() => onServer((sql) => sql.unsafe(`CREATE ROLE ${role}`)))
  afterAll(() => onServer((sql) => sql.unsafe(`DROP ROLE ${role}`)))

  const leftovers = {
    search_path: 'SET search_path = pg_temp;',
    empty_path: "SELECT pg_catalog.set_config('search_path', '', false);",
    role: `SET ROLE ${role};`,
    session_role: `SET SESSION AUTHORIZATION ${role};`,
    limits: "SET lock_timeout = 0; SET statement_timeout = '5ms';",
    replication: "SET session_replication_role = replica; SET DateStyle = 'German';",
  }

  /** Notes in a table what it finds set. */
  function noting(id: string, table: string): Record<string, string> {
    const up = `CREATE TABLE ${table} AS SELECT current_schema()::text AS schema, session_user = current_user AS own_role,
      current_setting('is_superuser') AS superuser, current_setting('lock_timeout') AS lock_timeout,
      current_setting('statement_timeout') AS statement_timeout, current_setting('DateStyle') AS dates,
      current_setting('session_replication_role') AS replication FROM pg_sleep(0.02);`
    return pair(id, up, `DROP TABLE ${table};`)
  }
  const untouched = {
    ...{ schema: 'public', own_role: true, superuser: 'on', lock_timeout: '7s', statement_timeout: '0' },
    ...{ dates: 'ISO, MDY', replication: 'origin' },
  }

  for (const transaction of ['batch', 'each'] as const) {
    test(`settings and roles, --transaction ${transaction}`, async () => {
      const files = Object.entries(leftovers).flatMap(([name, text], index) => [
        pair(`1${index}0_${name}`, text, 'SELECT 1;'),
        noting(`1${index}1_after_${name}`, name),
      ])
      const { db, project } = await scene(Object.assign({}, ...files))
      const done = await project.run(['migrate', '--transaction', transaction, '--lock-timeout', '7s'])
      expect(done.code, saidBy(done)).toBe(0)
      for (const name of Object.keys(leftovers)) {
        expect(await db.sql`SELECT * FROM public.${db.sql(name)}`, name).toEqual([untouched])
      }
      expect(await historyOf(db)).toHaveLength(files.length)
    })

    test(`RESET ALL, --transaction ${transaction}`, async () => {
      const { db, project } = await scene({
        ...pair('0001_one', 'RESET ALL;', 'SELECT 1;'),
        ...noting('0002_two', 'two'),
      })
      const done = await project.run(['migrate', '--transaction', transaction, '--lock-timeout', '7s'])
      expect(done.code, saidBy(done)).toBe(0)
      expect(await db.sql`SELECT * FROM two`).toEqual([untouched])
    })
  }

  test('nor from one outside a transaction', async () => {
    const text = `SET ROLE ${role};\nSET search_path = pg_temp;\nSET lock_timeout = 0;`
    const { db, project } = await scene({ ...outsidePair('0001_one', text, 'SELECT 1;'), ...noting('0002_two', 'two') })
    const done = await project.run(['migrate', '--lock-timeout', '7s'])
    expect(done.code, saidBy(done)).toBe(0)
    expect(await db.sql`SELECT schema, lock_timeout FROM public.two`).toEqual([
      { schema: 'public', lock_timeout: '7s' },
    ])
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
  })
})

describe('a module', () => {
  const swallowing = module('0002_two', {
    up: `await db.execute('CREATE TABLE two (id int)')
      try { await db.execute('INSERT INTO nowhere VALUES (1)') } catch {}`,
    down: "await db.execute('DROP TABLE two')",
  })

  for (const transaction of ['batch', 'each'] as const) {
    test(`that swallows an error is undone, and the error is reported, --transaction ${transaction}`, async () => {
      const { db, project } = await scene({ ...one, ...swallowing })
      const failed = await project.run(['migrate', '--transaction', transaction, '--json'])
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(failed.json().error).toMatchObject({ code: 'SWALLOWED_ERROR', id: '0002_two' })
      expect(failed.json().error.message).toContain('nowhere')
      expect(failed.json().error.hint).toContain('db.transaction()')
      expect(await tablesOf(db)).toEqual([])
      expect(await historyOf(db)).toEqual([])
    })
  }

  test('that swallows an error in its last word, before a step that would be applied, is undone as well', async () => {
    const { db, project } = await scene({ ...swallowing, ...pair('0003_three', 'CREATE TABLE three ();', 'SELECT 1;') })
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'SWALLOWED_ERROR', id: '0002_two' })
    expect(await tablesOf(db)).toEqual([])
  })

  for (const transaction of ['batch', 'each'] as const) {
    test(`may try something in a nested transaction and go on without it, --transaction ${transaction}`, async () => {
      const trying = module('0002_two', {
        up: `await db.execute('CREATE TABLE two (id int PRIMARY KEY)')
          await db.transaction(async (tx) => { await tx.execute('INSERT INTO two VALUES (1)') })
          try {
            await db.transaction(async (tx) => {
              await tx.execute('INSERT INTO two VALUES (2)')
              await tx.execute('INSERT INTO two VALUES (1)')
            })
          } catch {}
          await db.execute('INSERT INTO two VALUES (3)')`,
        down: "await db.execute('DROP TABLE two')",
      })
      const { db, project } = await scene({ ...one, ...trying })
      const done = await project.run(['migrate', '--transaction', transaction])
      expect(done.code, saidBy(done)).toBe(0)
      expect(await db.sql`SELECT id FROM two ORDER BY id`).toEqual([{ id: 1 }, { id: 3 }])
      expect(await historyOf(db)).toEqual(['0001_one', '0002_two'])
    })
  }

  for (const statement of ['COMMIT', 'ROLLBACK', 'BEGIN; COMMIT']) {
    test(`that says ${statement} is refused, and all of it is undone`, async () => {
      const committing = module('0002_two', {
        up: `await db.execute('CREATE TABLE two (id int)'); await db.execute('${statement}')`,
        down: "await db.execute('DROP TABLE two')",
      })
      const { db, project } = await scene({ ...one, ...committing })
      const failed = await project.run(['migrate', '--json'])
      expect(failed.json().error).toMatchObject({ code: 'TRANSACTION_CONTROL', id: '0002_two' })
      expect(failed.json().error.message).toContain('0002_two.ts')
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(await tablesOf(db)).toEqual([])
      expect(await historyOf(db)).toEqual([])
    })
  }
})

describe('a deferred constraint', () => {
  const child = pair(
    '0002_two',
    `CREATE TABLE two (one_id int REFERENCES one DEFERRABLE INITIALLY DEFERRED);
     INSERT INTO two VALUES (42);`,
    'DROP TABLE two;',
  )

  test('that fails at COMMIT undoes the whole batch and is named', async () => {
    const { db, project } = await scene({ ...one, ...child })
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'MIGRATION_FAILED', id: '0002_two', sqlstate: '23503' })
    expect(failed.json().error.message).toContain('two_one_id_fkey')
    expect(await tablesOf(db)).toEqual([])
    expect(await historyOf(db)).toEqual([])
  })

  test('is laid at the door of the migration that broke it, not of the last one', async () => {
    const { db, project } = await scene({
      ...one,
      ...child,
      ...pair('0003_three', 'CREATE TABLE three ();', 'SELECT 1;'),
    })
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ id: '0002_two', sqlstate: '23503' })
    expect(await tablesOf(db)).toEqual([])
  })

  test('that fails at COMMIT of one transaction each has the earlier ones reverted', async () => {
    const { db, project } = await scene({ ...one, ...child })
    const failed = await project.run(['migrate', '--transaction', 'each', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'MIGRATION_FAILED', id: '0002_two', sqlstate: '23503' })
    expect(await tablesOf(db)).toEqual([])
    expect(await historyOf(db)).toEqual([])
  })
})

describe('a check of its own', () => {
  const checked = (more: string) =>
    module('0002_two', {
      up: "await db.execute('CREATE TABLE two (id int)')",
      down: "await db.execute('DROP TABLE two')",
      more,
    })
  const checks = [
    { name: 'validate', code: 'VALIDATION_FAILED' },
    { name: 'verify', code: 'VERIFICATION_FAILED' },
  ] as const

  for (const { name, code } of checks) {
    const throwing = `export async function ${name}(db) { await db.execute('SELECT 1'); throw new Error('rows are odd') }`

    test(`${name}() that throws undoes everything in one transaction`, async () => {
      const { db, project } = await scene({ ...one, ...checked(throwing) })
      const failed = await project.run(['migrate', '--json'])
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(failed.json().error).toMatchObject({ code, id: '0002_two' })
      expect(failed.json().error.message).toContain('rows are odd')
      expect(await tablesOf(db)).toEqual([])
      expect(await historyOf(db)).toEqual([])
    })

    test(`${name}() that throws undoes a step outside a transaction`, async () => {
      const { db, project } = await scene({ ...one, ...checked(`export const transaction = false\n${throwing}`) })
      const failed = await project.run(['migrate', '--on-failure', 'stop', '--json'])
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(failed.json().error).toMatchObject({ code, id: '0002_two' })
      expect(await tablesOf(db)).toEqual(['one'])
      expect(await historyOf(db)).toEqual(['0001_one'])
    })
  }
})

test('the run lock is free again after a failure', async () => {
  const { db, project } = await scene({ ...one, ...pair('0002_two', 'SELECT 1/0;', 'SELECT 1;') })
  expect((await project.run(['migrate'])).code).toBe(1)
  expect(
    await db.sql`SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND d.datname = ${db.name}`,
  ).toEqual([])
  await project.write(two)
  expect((await project.run(['migrate', '--lock-wait', '0s'])).code).toBe(0)
})
