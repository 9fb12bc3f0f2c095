import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Document, type Project, pair, threeTables } from '../support/cli.ts'
import { createDatabase, emptied, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal } from '../support/refusal.ts'
import { until } from '../support/until.ts'

let db: TestDatabase
let project: Project

beforeAll(async () => {
  db = await createDatabase()
})
beforeEach(async () => {
  await emptied(db)
  project = await createProject(db.url, threeTables())
})
afterEach(() => project.remove())
afterAll(() => db.drop())

async function done(command: string): Promise<Document> {
  const finished = await project.run([...command.split(' '), '--json'])
  expect({ code: finished.code, stdout: finished.stdout }).toMatchObject({ code: 0 })
  return finished.json()
}

describe('status', () => {
  test('creates nothing in an empty database, and --check finds the pending ones', async () => {
    const before = await stateOf(db)
    expect((await done('status')).summary).toMatchObject({ applied: 0, pending: 3, total: 3 })
    expect(await stateOf(db)).toBe(before)
    const says = ['0001_one is pending', '0003_three is pending']
    await expectRefusal(
      project,
      { words: ['status', '--check'], exit: 5, code: 'CHECK_FAILED', says, hint: 'status' },
      db,
    )
  })

  test('--check is content when all is applied, and when there is nothing at all', async () => {
    await done('migrate')
    expect((await project.run(['status', '--check'])).code).toBe(0)
    await emptied(db)
    for (const name of await readdir(project.migrations)) await rm(join(project.migrations, name))
    expect((await project.run(['status', '--check'])).code).toBe(0)
  })
})

describe('status of a database that others migrate', () => {
  const statesOf = async () => (await done('status')).migrations.map(({ id, state }) => `${id} ${state}`)

  test('shows what a later release applied as ahead, and --check is content; migrate still refuses', async () => {
    await done('migrate')
    for (const part of ['up', 'down']) await rm(join(project.migrations, `0003_three.${part}.sql`))
    expect(await statesOf()).toEqual(['0001_one applied', '0002_two applied', '0003_three ahead'])
    expect((await project.run(['status', '--check'])).code).toBe(0)
    expect((await project.run(['migrate'])).code).toBe(3)
  })

  test('shows a step that a live run holds as running, and --check finds it', async () => {
    await done('migrate')
    await project.write(pair('0004_index', INDEX, 'DROP INDEX one_id;'))
    await db.sql.begin(async (sql) => {
      await sql`LOCK TABLE one IN ROW EXCLUSIVE MODE`
      const running = project.start(['migrate', '--lock-timeout', '0'])
      await until('it is running', async () => (await statesOf()).at(-1) === '0004_index running' || undefined)
      const says = '0004_index is running'
      await expectRefusal(project, { words: ['status', '--check'], exit: 5, code: 'CHECK_FAILED', says, hint: '' })
      await sql`COMMIT`
      expect((await running.finished).code).toBe(0)
    })
    expect((await statesOf()).at(-1)).toBe('0004_index applied')
  })

  const INDEX = '-- migrator: transaction=false\nCREATE INDEX CONCURRENTLY one_id ON one (id);\n'
})

describe('new', () => {
  test('writes the next id as a module or a pair, and what it wrote is valid', async () => {
    expect(await done('new add_plans')).toMatchObject({ id: '0004_add_plans' })
    expect(await done('new Add-more --sql')).toMatchObject({ id: '0005_add_more' })
    expect(await readdir(project.migrations)).toEqual(
      expect.arrayContaining(['0004_add_plans.ts', '0005_add_more.down.sql', '0005_add_more.up.sql']),
    )
    await rm(join(project.migrations, '0004_add_plans.ts')) // It imports drizzle-orm, which this folder has not.
    expect((await project.run(['validate'])).code).toBe(0)
    await done('migrate')
    await done('rollback')
  })

  const names = ['', '../escape', 'a/b', '1st', 'ümlaut', 'a.b', ';', '__']
  test.each([...names.map((name) => [name, name]), ['of 300 letters', 'x'.repeat(300)]])(
    'refuses the name %s',
    async (_, name = '') => {
      const before = await readdir(project.migrations)
      await expectRefusal(project, {
        words: ['new', name],
        exit: 2,
        code: 'USAGE_INVALID',
        says: name.slice(0, 50),
        hint: 'add_plans',
      })
      expect(await readdir(project.migrations)).toEqual(before)
    },
  )

  test('counts broken files too, so that no number is given twice', async () => {
    await project.write({ 'migrations/0004_lone.down.sql': 'SELECT 1;', 'migrations/0005_bare.sql': 'SELECT 1;' })
    expect(await done('new add_plans')).toMatchObject({ id: '0006_add_plans' })
  })
})

describe('baseline', () => {
  test('records up to the id without running anything; --dry-run records nothing', async () => {
    const before = await stateOf(db)
    expect(await done('baseline 0002_two --dry-run')).toMatchObject({
      recorded: ['0001_one', '0002_two'],
      dryRun: true,
    })
    expect(await stateOf(db)).toBe(before)
    expect(await done('baseline 0002_two')).toMatchObject({ recorded: ['0001_one', '0002_two'] })
    expect(await stateOf(db)).not.toContain('"two"')
    expect(await done('baseline 0002_two')).toMatchObject({ recorded: [] })
    expect((await done('migrate')).steps).toMatchObject([{ id: '0003_three', status: 'applied' }])
  })

  test('refuses a history that disagrees with the files', async () => {
    await done('migrate --steps 1')
    await project.write({ 'migrations/0001_one.up.sql': 'SELECT 1;\n' })
    const expected = { code: 'CHECKSUM_MISMATCH', says: '0001_one checksum mismatch', hint: 'accept-checksum' }
    await expectRefusal(project, { words: ['baseline', '0002_two'], exit: 3, ...expected }, db)
  })
})

describe('repair', () => {
  beforeEach(async () => void (await done('migrate')))

  test('accept-checksum makes a reviewed edit the recorded one', async () => {
    await project.write({ 'migrations/0002_two.up.sql': 'CREATE TABLE two (id bigint PRIMARY KEY);\n' })
    await done('repair accept-checksum 0002_two --reason reviewed')
    expect((await project.run(['status', '--check'])).code).toBe(0)
    expect((await done('history')).entries[0]).toMatchObject({ version: '0002_two', reason: 'reviewed' })
  })

  test('accept-checksum covers a reviewed edit of the down file alone', async () => {
    await project.write({ 'migrations/0002_two.down.sql': 'DROP TABLE IF EXISTS two;\n' })
    await done('repair accept-checksum 0002_two')
    expect((await done('rollback --dry-run --steps 2')).notices).toEqual([])
  })

  test('accept-checksum takes over what the edited file says of itself', async () => {
    const header = '-- Description: now plain\n-- migrator: transaction=false\n'
    await project.write({ 'migrations/0002_two.up.sql': `${header}CREATE TABLE two (id int PRIMARY KEY);\n` })
    await done('repair accept-checksum 0002_two')
    const [entry] = await db.sql`
      SELECT description, transactional, irreversible, sources::text AS sources
        FROM schema_migrations WHERE version = '0002_two'`
    expect(entry).toMatchObject({ description: 'now plain', transactional: false, irreversible: null })
    expect(entry?.sources).toContain('now plain')
  })

  test('a migration whose accepted edit made it irreversible is never reported as rolled back', async () => {
    await loseTheDown()
    await done('repair accept-checksum 0003_three')
    expect((await done('status')).migrations.at(-1)).toMatchObject({ state: 'irreversible' })
    for (const words of [['rollback'], ['rollback', '--force'], ['rollback', '--dry-run']])
      await expectRefusal(project, { words, ...IRREVERSIBLE }, db)
  })

  test.each([
    ['was recorded as reversible', []],
    ['was edited since, and --force runs edited files', ['--force']],
  ])('a step without a down is refused, though it %s', async (_, force) => {
    await loseTheDown()
    if (force.length === 0) {
      await done('repair accept-checksum 0003_three')
      await db.sql`UPDATE schema_migrations SET irreversible = NULL`
    }
    for (const mode of [[], ['--dry-run'], ['--transaction', 'each'], ['--steps', '2']])
      await expectRefusal(project, { words: ['rollback', ...force, ...mode], ...IRREVERSIBLE }, db)
  })

  const IRREVERSIBLE = { exit: 3, code: 'MIGRATION_IRREVERSIBLE', says: ['0003_three', 'kept for audits'], hint: '' }

  async function loseTheDown(): Promise<void> {
    const up = '-- migrator: irreversible="kept for audits"\nCREATE TABLE three (id int PRIMARY KEY);\n'
    await project.write({ 'migrations/0003_three.up.sql': up })
    await rm(join(project.migrations, '0003_three.down.sql'))
  }

  test.each(['applied', 'pending'] as const)('clear-dirty --as %s settles a dirty record', async (as) => {
    await db.sql`UPDATE schema_migrations SET dirty = true WHERE version = '0003_three'`
    await done(`repair clear-dirty 0003_three --as ${as}`)
    const states = (await done('status')).migrations.map(({ state }) => state)
    expect(states).toEqual(['applied', 'applied', as])
  })

  test('restore-file writes both files of a pair again, byte for byte', async () => {
    const path = join(project.migrations, '0002_two.up.sql')
    const before = await readFile(path)
    await rm(path)
    await rm(join(project.migrations, '0002_two.down.sql'))
    await done('repair restore-file 0002_two')
    expect(await readFile(path)).toEqual(before)
    expect((await project.run(['status', '--check'])).code).toBe(0)
  })

  test.each([
    ['accept-checksum 0002_two', ['accept-checksum', '0002_two is applied']],
    ['clear-dirty 0002_two --as applied', ['clear-dirty', '0002_two is applied']],
    ['restore-file 0002_two', ['restore-file', '0002_two has its file']],
  ])('refuses what needs no repair: %s', async (words, says) => {
    const expected = { exit: 2, code: 'USAGE_INVALID', says, hint: 'migrator status' }
    await expectRefusal(project, { words: ['repair', ...words.split(' ')], ...expected }, db)
  })

  test('restore-file says so when the history keeps no source', async () => {
    await db.sql`UPDATE schema_migrations SET sources = NULL WHERE version = '0003_three'`
    for (const part of ['up', 'down']) await rm(join(project.migrations, `0003_three.${part}.sql`))
    const expected = { exit: 3, code: 'ARCHIVE_DAMAGED', says: ['has no source', '0003_three'], hint: 'git' }
    await expectRefusal(project, { words: ['repair', 'restore-file', '0003_three'], ...expected }, db)
  })
})

test('a step outside a transaction is applied when it ends', async () => {
  const slow =
    '-- migrator: transaction=false\nSELECT pg_sleep(0.3);\nCREATE TABLE ended AS SELECT clock_timestamp() AS at;\n'
  await project.write(pair('0004_slow', slow, 'DROP TABLE ended;\n'))
  await done('migrate')
  const [row] = await db.sql`SELECT applied_at >= at AS ended FROM schema_migrations, ended WHERE version = '0004_slow'`
  expect(row).toEqual({ ended: true })
})

test('history tells what ran, the newest first, with who and why, and creates nothing', async () => {
  const before = await stateOf(db)
  expect((await done('history')).entries).toEqual([])
  expect(await stateOf(db)).toBe(before)
  await done('migrate')
  await done('rollback --reason tried')
  const { entries } = await done('history')
  expect(entries.find(({ version }) => version)).toMatchObject({ version: '0003_three', reason: 'tried' })
  expect((await done('history --limit 1')).entries).toHaveLength(1)
})

describe('validate', () => {
  test('needs no database, and reads the history where one is named', async () => {
    expect((await project.run(['validate'], { DATABASE_URL: '' })).stdout).toContain('3 migrations are valid')
    await done('migrate')
    expect((await project.run(['validate'])).stdout).toContain('match the history')
  })

  test('finds an edited, a missing and an out-of-order one, and exits with 3', async () => {
    await done('migrate')
    await project.write({ 'migrations/0002_two.up.sql': 'SELECT 1;\n', ...pair('0002-late', 'SELECT 1;', 'SELECT 1;') })
    await rm(join(project.migrations, '0003_three.up.sql'))
    await rm(join(project.migrations, '0003_three.down.sql'))
    await project.write({ 'migrations/0002-late.up.sql': 'SELECT 1;\n' })
    await rm(join(project.migrations, '0002-late.up.sql'))
    await rm(join(project.migrations, '0002-late.down.sql'))
    const says = ['0002_two is changed', '0003_three is missing']
    await expectRefusal(
      project,
      { words: ['validate'], exit: 3, code: 'CHECKSUM_MISMATCH', says, hint: 'accept-checksum' },
      db,
    )
  })
})

describe('a file that is another only by its name, or its bytes', () => {
  beforeEach(async () => void (await done('migrate')))

  test('status, validate and migrate report it as renamed, with the next step', async () => {
    for (const part of ['up', 'down'])
      await rename(
        join(project.migrations, `0003_three.${part}.sql`),
        join(project.migrations, `0004_drei.${part}.sql`),
      )
    const { stdout } = await project.run(['status'])
    expect(stdout).toMatch(/0003_three .*renamed to 0004_drei[\s\S]*0004_drei .*renamed from 0003_three/)
    const missing = { exit: 3, code: 'MIGRATION_MISSING', says: ['0003_three', 'renamed to 0004_drei'] }
    await expectRefusal(project, { words: ['validate'], ...missing, hint: 'back to 0003_three' }, db)
    await expectRefusal(project, { words: ['migrate'], ...missing, hint: 'back to 0003_three' }, db)
  })

  test('once, also where a later migration is applied', async () => {
    for (const part of ['up', 'down'])
      await rename(
        join(project.migrations, `0001_one.${part}.sql`),
        join(project.migrations, `0001_renamed.${part}.sql`),
      )
    const { stdout } = await project.run(['status'])
    expect(stdout).toMatch(/0001_renamed +pending \(renamed from 0001_one\)/)
    const hint = 'Rename 0001_renamed back to 0001_one'
    const refused = { exit: 3, code: 'MIGRATION_MISSING', says: 'renamed to 0001_renamed', hint }
    const never = ['out-of-order', 'pending', '0001_renamed is', 'restore-file', 'from git']
    await expectRefusal(project, { words: ['validate'], ...refused, never }, db)
    await expectRefusal(project, { words: ['migrate'], ...refused, never }, db)
    const check = { exit: 5, code: 'CHECK_FAILED', says: '0001_one was renamed to 0001_renamed', hint: 'status' }
    await expectRefusal(project, { words: ['status', '--check'], ...check }, db)
  })

  test.each([
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n'), 'LF became CRLF'],
    ['a byte order mark', (text: string) => `\uFEFF${text}`, 'byte order mark added'],
  ])('%s that changed the checksum is named', async (_, rewrite, says) => {
    const path = join(project.migrations, '0002_two.up.sql')
    await writeFile(path, rewrite(await readFile(path, 'utf8')))
    const changed = { exit: 3, code: 'CHECKSUM_MISMATCH', says: ['0002_two', says] }
    await expectRefusal(project, { words: ['validate'], ...changed, hint: 'accept-checksum' }, db)
    await expectRefusal(project, { words: ['migrate'], ...changed, hint: '.gitattributes' }, db)
  })
})

describe('reset', () => {
  test('reverts all and applies all again, with --yes', async () => {
    await done('migrate')
    await db.sql`INSERT INTO one VALUES (1)`
    const { steps } = await done('reset --yes')
    expect(steps.map(({ status }) => status)).toEqual([...Array(3).fill('reverted'), ...Array(3).fill('applied')])
    expect(await db.sql`SELECT * FROM one`).toEqual([])
  })

  test('is refused without being agreed to, and before it reverts anything when a file is broken', async () => {
    await done('migrate')
    const expected = { exit: 3, code: 'CONFIRMATION_REQUIRED', says: 'data is lost', hint: '--yes' }
    await expectRefusal(project, { words: ['reset'], ...expected }, db)
    await project.write({ 'migrations/0004_bad.up.sql': 'SELECT 1;' })
    const broken = { exit: 2, code: 'MIGRATION_FILES_INVALID', says: '0004_bad.up.sql', hint: 'Correct' }
    await expectRefusal(project, { words: ['reset', '--yes'], ...broken }, db)
  })
})
