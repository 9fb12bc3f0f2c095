import { describe, expect, test } from 'vitest'
import { pair, threeTables } from '../support/cli.ts'
import { historyOf, sleeping, tablesOf } from '../support/observe.ts'
import { hurry, module, outsidePair, type Scene, SLEEP, saidBy, scene } from '../support/scene.ts'

const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const USERS = 'CREATE TABLE users (id int); INSERT INTO users VALUES (1), (2);'

async function kill({ db, project }: Scene, words: readonly string[] = ['migrate']): Promise<void> {
  const running = project.start(words)
  await sleeping(db)
  running.process.kill('SIGKILL')
  await running.finished
  await hurry(db)
}

async function usersOf({ db }: Scene): Promise<number | 'gone'> {
  if (!(await tablesOf(db)).includes('users')) return 'gone'
  const [row] = await db.sql`SELECT count(*)::int AS count FROM users`
  return row?.count
}

describe('what stood there before a failed up is not touched by its down', () => {
  test('an up that fails because the table exists already', async () => {
    const files = outsidePair('0001_users', 'CREATE TABLE users (id int);', 'DROP TABLE users;')
    const made = await scene(files, { standing: USERS })
    const failed = await made.project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'MIGRATION_FAILED', sqlstate: '42P07' })
    expect(await usersOf(made)).toBe(2)
    expect(await historyOf(made.db)).toEqual([])
  })

  test('an up that made one table of its own before it met one that exists: only its own goes', async () => {
    const files = outsidePair(
      '0001_users',
      'CREATE TABLE own (id int);\nCREATE TABLE users (id int);',
      'DROP TABLE users;\nDROP TABLE own;',
    )
    const made = await scene(files, { standing: USERS })
    const failed = await made.project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(await tablesOf(made.db)).toEqual(['users'])
    expect(await usersOf(made)).toBe(2)
    expect(await historyOf(made.db)).toEqual([])
  })

  const downs = [
    { what: 'in one statement with its own', down: 'DROP TABLE own, users;' },
    { what: 'in one statement with its own, under a reserved name', down: 'DROP TABLE own, "user";' },
    { what: 'by dynamic SQL', down: "DO $$ BEGIN EXECUTE 'DROP TABLE IF EXISTS users'; END $$;\nDROP TABLE own;" },
    { what: 'by TRUNCATE', down: 'TRUNCATE users;\nDROP TABLE own;' },
    { what: 'by DELETE', down: 'DELETE FROM users;\nDROP TABLE own;' },
  ]
  for (const { what, down } of downs) {
    test(`a down that would take both ${what} stops the recovery: nothing of others is lost, the entry stays`, async () => {
      const standing = `${USERS} CREATE TABLE "user" (id int); INSERT INTO "user" VALUES (1);`
      const files = outsidePair('0001_users', 'CREATE TABLE own (id int);\nCREATE TABLE users (id int);', down)
      const made = await scene(files, { standing })
      const failed = await made.project.run(['migrate', '--json'])
      expect(failed.code, saidBy(failed)).toBe(1)
      expect(await usersOf(made)).toBe(2)
      expect(await made.db.sql`SELECT to_regclass('"user"') IS NOT NULL AS stands`).toEqual([{ stands: true }])
      expect(await historyOf(made.db)).toEqual(['0001_users dirty'])
      expect(failed.json().error.dirty).toBe(true)
    })
  }

  test('a killed up that had not come to it yet', async () => {
    const files = outsidePair('0001_users', `${SLEEP};\nCREATE TABLE users (id int);`, 'DROP TABLE users;')
    const made = await scene(files, { standing: USERS })
    await kill(made)
    const next = await made.project.run(['migrate', '--json'])
    expect(next.code, saidBy(next)).toBe(1)
    expect(next.json().error).toMatchObject({ sqlstate: '42P07' })
    expect(await usersOf(made)).toBe(2)
    expect(await historyOf(made.db)).toEqual([])
  })

  test('a killed module that had added one column of two', async () => {
    const more = 'export const transaction = false'
    const up = `await db.execute('ALTER TABLE users ADD COLUMN a int'); await db.execute('${SLEEP}'); await db.execute('ALTER TABLE users ADD COLUMN b int')`
    const down =
      "await db.execute('ALTER TABLE users DROP COLUMN b'); await db.execute('ALTER TABLE users DROP COLUMN a')"
    const made = await scene(module('0001_columns', { up, down, more }), { standing: USERS })
    await kill(made)
    const next = await made.project.run(['migrate', '--json'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(next.json().recovered).toEqual(['0001_columns'])
    expect(await usersOf(made)).toBe(2)
  })
})

describe('distinguishes its own object from others with a similar name', () => {
  const names = [
    { what: 'a table called as a column of another', up: 'CREATE TABLE email (id int);', down: 'DROP TABLE email;' },
    { what: 'a table with a reserved name', up: 'CREATE TABLE "order" (id int);', down: 'DROP TABLE "order";' },
    { what: 'a table with capitals', up: 'CREATE TABLE "Orders" (id int);', down: 'DROP TABLE "Orders";' },
    { what: 'a type called as a column', up: "CREATE TYPE email AS ENUM ('a');", down: 'DROP TYPE email;' },
    { what: 'an index', up: 'CREATE INDEX by_email ON people (email);', down: 'DROP INDEX by_email;' },
    { what: 'a function', up: 'CREATE FUNCTION f(int) RETURNS int RETURN 1;', down: 'DROP FUNCTION f(int);' },
    { what: 'a schema', up: 'CREATE SCHEMA app; CREATE TABLE app.people ();', down: 'DROP SCHEMA app CASCADE;' },
  ]
  for (const { what, up, down } of names) {
    test(`${what} is rolled back`, async () => {
      const files = outsidePair('0001_named', `${up}\nINSERT INTO nowhere VALUES (1);`, down)
      const { db, project } = await scene(files, { standing: 'CREATE TABLE people (id int, email text);' })
      const failed = await project.run(['migrate', '--json'])
      expect(failed.json().error.message).toContain('nowhere')
      expect(failed.json().error.dirty, saidBy(failed)).toBeUndefined()
      expect(await historyOf(db)).toEqual([])
      expect(await tablesOf(db)).toEqual(['people'])
    })
  }
})

test('what others made meanwhile does not stand in the way of a recovery', async () => {
  const files = { ...one, ...outsidePair('0002_two', `CREATE TABLE two (id int);\n${SLEEP};`, 'DROP TABLE two;') }
  const made = await scene(files)
  await kill(made)
  await made.db.sql`CREATE TABLE of_others (id int)`
  const next = await made.project.run(['migrate', '--json'])
  expect(next.code, saidBy(next)).toBe(0)
  expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two'])
  expect(await tablesOf(made.db)).toEqual(['of_others', 'one', 'two'])
})

describe('a recovery that fails', () => {
  const broken = outsidePair(
    '0002_two',
    `CREATE TABLE two (id int);\n${SLEEP};`,
    'DROP TABLE two;\nSELECT no_such_function();',
  )
  const three = pair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE three;')

  test('stops everything with exit 3, keeps the dirty row and names the runbook', async () => {
    const made = await scene({ ...one, ...broken, ...three })
    await kill(made)
    for (const _ of ['first', 'again']) {
      const stopped = await made.project.run(['migrate', '--json'])
      expect(stopped.code, saidBy(stopped)).toBe(3)
      expect(stopped.json().error).toMatchObject({ code: 'RECOVERY_FAILED', id: '0002_two' })
      expect(stopped.json().error.message).toContain('no_such_function')
      expect(stopped.json().error.hint).toContain('docs/runbooks/rollback.md')
      expect(stopped.json().error.hint).toContain('clear-dirty')
      expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two dirty'])
      expect(await tablesOf(made.db)).not.toContain('three')
    }
    const [row] = await made.db.sql`SELECT progress FROM schema_migrations WHERE dirty`
    expect(row?.progress).toMatchObject({ direction: 'up', finished: 1 })
  })

  test('ends where a person says what was found: db:repair clear-dirty', async () => {
    const made = await scene({ ...one, ...broken, ...three })
    await kill(made)
    await made.project.run(['migrate'])
    await made.db.sql`DROP TABLE two`
    const cleared = await made.project.run(['repair', 'clear-dirty', '0002_two', '--as', 'pending'])
    expect(cleared.code, saidBy(cleared)).toBe(0)
    const next = await made.project.run(['migrate'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(await historyOf(made.db)).toEqual(['0001_one', '0002_two', '0003_three'])
  })

  test('an irreversible up that was killed is not recovered, and says why', async () => {
    const files = {
      'migrations/0001_one.up.sql': `-- migrator: transaction=false irreversible="one way"\nCREATE TABLE one (id int);\n${SLEEP};`,
    }
    const made = await scene(files)
    await kill(made)
    const stopped = await made.project.run(['migrate', '--json'])
    expect(stopped.code, saidBy(stopped)).toBe(3)
    expect(stopped.json().error).toMatchObject({ code: 'RECOVERY_FAILED' })
    expect(stopped.json().error.message).toContain('No down migration found for dirty migration')
    expect(await historyOf(made.db)).toEqual(['0001_one dirty'])
    expect(await tablesOf(made.db)).toEqual(['one'])
  })
})

describe('a dirty flag that somebody set by hand', () => {
  test('on the newest one: its down runs, and it is applied anew', async () => {
    const { db, project } = await scene(threeTables())
    await project.run(['migrate'])
    await db.sql`UPDATE schema_migrations SET dirty = true WHERE version = '0003_three'`
    const next = await project.run(['migrate', '--json'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(next.json().recovered).toEqual(['0003_three'])
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_three'])
  })

  test('where its down would drop rows, and nothing tells whose they are: exit 3, the rows stay', async () => {
    const { db, project } = await scene(threeTables())
    await project.run(['migrate'])
    await db.sql`INSERT INTO three VALUES (1)`
    await db.sql`UPDATE schema_migrations SET dirty = true WHERE version = '0003_three'`
    const next = await project.run(['migrate', '--json'])
    expect(next.code, saidBy(next)).toBe(3)
    expect(next.json().error).toMatchObject({ code: 'RECOVERY_FAILED', id: '0003_three' })
    expect(next.json().error.hint).toContain('clear-dirty')
    expect(await historyOf(db)).toEqual(['0001_one', '0002_two', '0003_three dirty'])
    expect(await db.sql`SELECT * FROM three`).toEqual([{ id: 1 }])
  })

  test('on one in the middle: it is recovered and applied anew, the later ones stay', async () => {
    const { db, project } = await scene(threeTables())
    await project.run(['migrate'])
    await db.sql`INSERT INTO three VALUES (1)`
    await db.sql`UPDATE schema_migrations SET dirty = true WHERE version = '0002_two'`
    const next = await project.run(['migrate', '--json'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(next.json().recovered).toEqual(['0002_two'])
    expect(await historyOf(db)).toEqual(['0001_one', '0003_three', '0002_two'])
    expect(await db.sql`SELECT * FROM three`).toEqual([{ id: 1 }])
  })

  test('on one that an older tool wrote, with the four fixed columns only', async () => {
    const { db, project } = await scene(threeTables())
    await project.run(['migrate'])
    await db.sql`CREATE TABLE fixed AS SELECT version, applied_at, checksum, version = '0003_three' AS dirty FROM schema_migrations`
    await db.sql.unsafe(`DROP TABLE schema_migrations; ALTER TABLE fixed RENAME TO schema_migrations;
      ALTER TABLE schema_migrations ADD PRIMARY KEY (version)`)
    const next = await project.run(['migrate', '--json'])
    expect(next.code, saidBy(next)).toBe(0)
    expect(next.json().recovered).toEqual(['0003_three'])
    expect((await historyOf(db)).toSorted()).toEqual(['0001_one', '0002_two', '0003_three'])
  })
})
