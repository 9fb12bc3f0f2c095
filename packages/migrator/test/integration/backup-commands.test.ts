import postgres from 'postgres'
import { describe, expect, onTestFinished, test } from 'vitest'
import { applied } from '../support/applied.ts'
import { type Finished, pair } from '../support/cli.ts'
import { onServer, type TestDatabase } from '../support/database.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { type Scene, saidBy, scene, statusesOf } from '../support/scene.ts'

/** The second takes away what its down cannot give back; the rows are what the backups are for. */
const files = {
  ...pair('0001_items', 'CREATE TABLE items (id int PRIMARY KEY, name text, price int);', 'DROP TABLE items;'),
  ...pair('0002_discount', 'CREATE TABLE discount (id int PRIMARY KEY, rate int);', 'DROP TABLE discount;'),
}
const FILL = `INSERT INTO items SELECT n, 'item ' || n, n FROM generate_series(1, 300) n;
  INSERT INTO discount SELECT n, n % 10 FROM generate_series(1, 50) n`
const doubled = pair('0003_double', 'UPDATE items SET price = price * 2;', 'SELECT 1;')
const broken = pair('0004_broken', 'CREATE TABLE more (id int); SELECT 1/0;', 'DROP TABLE more;')

async function shop(): Promise<Scene & { rows(): Promise<unknown> }> {
  const made = await scene(files)
  await applied(made.db.url, made.project.migrations)
  await made.db.sql.unsafe(FILL)
  const rows = () => made.db.sql`SELECT count(*)::int, md5(string_agg(i::text, ',' ORDER BY id)) AS sum FROM items i`
  return { ...made, rows }
}

function done(ended: Finished): Finished {
  expect(ended.code, saidBy(ended)).toBe(0)
  return ended
}

async function backupOf(ended: Finished): Promise<string> {
  return (ended.json() as unknown as { backup: { id: string } }).backup.id
}

async function states({ sql }: TestDatabase): Promise<readonly string[]> {
  const rows = await sql`SELECT provider, state FROM migration_backups ORDER BY created_at`
  return rows.map(({ provider, state }) => `${provider} ${state}`)
}

/** Copies and replaced databases of the template provider are beside their original. */
async function dropCopiesOf({ name }: TestDatabase): Promise<void> {
  const rows = await onServer((sql) => sql`SELECT datname FROM pg_database WHERE datname LIKE ${`${name}\\_%`}`)
  for (const { datname } of rows) await onServer((sql) => sql`DROP DATABASE ${sql(datname as string)} WITH (FORCE)`)
}

test('tables: rows that an applied migration changed are as before when a later one fails', async () => {
  const { db, project, rows } = await shop()
  const before = await rows()
  await project.write({ ...doubled, ...broken })
  const ended = await project.run(['migrate', '--backup', 'tables', '--transaction', 'each', '--json'])
  expect(ended.code, saidBy(ended)).toBe(1)
  expect(ended.json().error.code).toBe('MIGRATION_FAILED')
  expect(statusesOf(ended.json())).toEqual({ '0003_double': 'reverted', '0004_broken': 'failed' })
  expect(await rows()).toEqual(before)
  expect(await historyOf(db)).toEqual(['0001_items', '0002_discount'])
  expect(await states(db)).toEqual(['tables restored'])
})

test('tables: with --on-failure stop what was applied stays, rows and history alike', async () => {
  const { db, project, rows } = await shop()
  const before = await rows()
  await project.write({ ...doubled, ...broken })
  const flags = ['--backup', 'tables', '--transaction', 'each', '--on-failure', 'stop']
  const ended = await project.run(['migrate', ...flags])
  expect(ended.code, saidBy(ended)).toBe(1)
  expect(ended.stderr).toMatch(/To restore it: \S.*restore pre-migrate-/)
  expect(await historyOf(db)).toEqual(['0001_items', '0002_discount', '0003_double'])
  expect(await rows()).not.toEqual(before)
  expect(await states(db)).toEqual(['tables available'])
})

test('tables: what a rollback dropped is restored beside, and then in place', async () => {
  const { db, project } = await shop()
  const id = await backupOf(done(await project.run(['rollback', '--backup', 'tables', '--json'])))
  expect(await tablesOf(db)).not.toContain('discount')
  done(await project.run(['restore', id, '--to', 'rescued']))
  expect(await db.sql`SELECT count(*)::int FROM rescued.discount`).toEqual([{ count: 50 }])
  expect(await tablesOf(db)).not.toContain('discount')

  const unasked = await project.run(['restore', id, '--in-place', '--json'])
  expect({ code: unasked.code, error: unasked.json().error.code }).toEqual({ code: 3, error: 'CONFIRMATION_REQUIRED' })
  const protectedOne = await project.run(['restore', id, '--in-place', '--yes', '--json'], { NODE_ENV: 'production' })
  expect(protectedOne.json().error).toMatchObject({ code: 'CONFIRMATION_REQUIRED' })
  expect(protectedOne.json().error.hint).toContain(`--confirm ${db.name}`)
  expect(await tablesOf(db)).not.toContain('discount')

  done(await project.run(['restore', id, '--in-place', '--yes']))
  expect(await db.sql`SELECT count(*)::int, sum(rate)::int FROM discount`).toEqual([{ count: 50, sum: 225 }])
  expect(await states(db)).toEqual(['tables restored'])
})

describe('template', () => {
  /** Nobody but the command may be connected to a database that is copied: each look comes and goes. */
  async function look<T>(url: string, query: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
    const sql = postgres(url, { max: 1 })
    try {
      return await query(sql)
    } finally {
      await sql.end({ timeout: 1 })
    }
  }
  const contents = (url: string) =>
    look(
      url,
      (sql) => sql`
        SELECT (SELECT string_agg(version, ' ' ORDER BY sequence) FROM schema_migrations) AS history,
               (SELECT md5(string_agg(i::text, ',' ORDER BY id)) FROM items i) AS items,
               (SELECT md5(string_agg(d::text, ',' ORDER BY id)) FROM discount d) AS discount`,
    )

  async function lonelyShop(): Promise<Scene> {
    const made = await shop()
    onTestFinished(() => dropCopiesOf(made.db))
    await made.db.sql.end({ timeout: 1 })
    return made
  }

  test('a rollback is undone by putting the copy back in place, history and rows', async () => {
    const { db, project } = await lonelyShop()
    const before = await contents(db.url)
    const down = ['rollback', '--steps', '2', '--force', '--backup', 'template', '--json']
    const id = await backupOf(done(await project.run(down)))
    const [gone] = await look(db.url, (sql) => sql`SELECT to_regclass('items') AS items`)
    expect(gone?.items).toBeNull()
    done(await project.run(['restore', id, '--in-place', '--yes']))
    expect(await contents(db.url)).toEqual(before)
  })

  test('what an applied migration changed is as before when a later one fails', async () => {
    const { db, project } = await lonelyShop()
    const before = await contents(db.url)
    await project.write({ ...doubled, ...broken })
    const ended = await project.run(['migrate', '--backup', 'template', '--transaction', 'each', '--json'])
    expect(ended.json().error).toMatchObject({ code: 'MIGRATION_FAILED' })
    expect(ended.json().error).not.toHaveProperty('restoreError')
    expect(await contents(db.url)).toEqual(before)
  })

  test('is not taken while somebody else is connected, who is named, and nothing changes', async () => {
    const { db, project } = await shop()
    onTestFinished(() => dropCopiesOf(db))
    const ended = await project.run(['rollback', '--backup', 'template', '--json'])
    expect({ code: ended.code, error: ended.json().error.code }).toEqual({ code: 1, error: 'BACKUP_FAILED' })
    expect(ended.json().error.message).toMatch(/while others are connected to it: \d+ \(postgres\.js\)/)
    expect(await historyOf(db)).toEqual(['0001_items', '0002_discount'])
  })
})

test('a provider of the configuration is used by its name, and has no list', async () => {
  const { db, project } = await shop()
  await project.write({
    'migrator.config.mjs': `export default { migrations: 'migrations', backups: { providers: { nightly: {
      name: 'nightly',
      async before(scope, watch) {
        await watch.began({ id: 'n-1', details: { tape: 7 } })
        watch.progress({ message: 'copying', percent: 50, elapsedMs: 1 })
        return { id: 'n-1', provider: 'nightly', createdAt: new Date(0).toISOString(), restore() { throw new Error('never') } }
      },
    } } } }\n`,
  })
  const ended = done(await project.run(['rollback', '--backup', 'nightly', '--json']))
  expect(await backupOf(ended)).toBe('n-1')
  expect(await states(db)).toEqual(['nightly available'])
  const [record] = await db.sql`SELECT details FROM migration_backups`
  expect(record?.details).toMatchObject({ tape: 7, migrations: ['0002_discount'] })
  const listed = await project.run(['snapshot', 'list', '--backup', 'nightly', '--json'])
  expect({ code: listed.code, error: listed.json().error.code }).toEqual({ code: 2, error: 'BACKUP_UNAVAILABLE' })
})

test('snapshot: a standalone backup is on record with its reason, listed, and pruned only with --yes', async () => {
  const { db, project } = await shop()
  const created = done(
    await project.run(['snapshot', 'create', '--backup', 'tables', '--reason', 'before lunch', '--json']),
  )
  const id = await backupOf(created)
  const [record] = await db.sql`SELECT operation, reason, state FROM migration_backups`
  expect(record).toEqual({ operation: 'manual', reason: 'before lunch', state: 'available' })
  const list = async () => done(await project.run(['snapshot', 'list', '--backup', 'tables'])).stdout
  expect(await list()).toContain(id)
  const prune = ['snapshot', 'prune', '--backup', 'tables', '--keep', '0']
  expect(done(await project.run(prune)).stdout).toContain('nothing was changed')
  expect(await list()).toContain(id)
  done(await project.run([...prune, '--yes']))
  expect(await list()).not.toContain(id)
  expect(await states(db)).toEqual(['tables removed'])
  const gone = await project.run(['restore', id, '--to', 'x', '--json'])
  expect({ code: gone.code, error: gone.json().error.code }).toEqual({ code: 2, error: 'BACKUP_NOT_FOUND' })
})
