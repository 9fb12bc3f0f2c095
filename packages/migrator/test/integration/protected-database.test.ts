import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { applied } from '../support/applied.ts'
import { createProject, type Project, pair, threeTables } from '../support/cli.ts'
import { createDatabase, emptied, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal } from '../support/refusal.ts'

/** NODE_ENV=production makes the local database of the suite a protected one. */
const env = { NODE_ENV: 'production' }
/** What these tests are not about: backup-required.test.ts. */
const unbacked = ['--no-backup', '--reason', 'planned']
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

const required = { exit: 3, code: 'CONFIRMATION_REQUIRED', env }

describe('a rollback', () => {
  beforeEach(() => applied(db.url, project.migrations))

  test.each(['', '--force --steps 2', '--steps 2'])('is refused without --confirm NAME: rollback %s', async (flags) => {
    const words = ['rollback', ...unbacked, ...flags.split(' ').filter(Boolean)]
    const says = [`"${db.name}"`, 'protected', '0003_three']
    await expectRefusal(project, { words, ...required, says, hint: `--confirm ${db.name}` }, db)
  })

  test.each(['postgres', 'yes', "''"])('is refused with a wrong name: --confirm %s', async (name) => {
    const words = ['rollback', ...unbacked, '--confirm', name === "''" ? '' : name]
    await expectRefusal(project, { words, ...required, says: `"${db.name}"`, hint: `"${db.name}"` }, db)
  })

  test('of everything needs both --force and the name', async () => {
    const words = ['rollback', '--all', ...unbacked, '--confirm', db.name]
    await expectRefusal(project, { words, ...required, says: 'all 3 applied', hint: '--force' }, db)
    const forced = ['rollback', '--all', '--force', ...unbacked]
    await expectRefusal(project, { words: forced, ...required, says: 'protected', hint: `--confirm ${db.name}` }, db)
    expect((await project.run([...forced, '--confirm', db.name], env)).code).toBe(0)
  })

  test('runs with the right name, and --dry-run needs none', async () => {
    expect((await project.run(['rollback', '--dry-run'], env)).code).toBe(0)
    const words = ['safe', 'down', '--steps=1', ...unbacked, '--confirm', db.name]
    expect((await project.run(words, env)).code).toBe(0)
    expect(await stateOf(db)).not.toContain('three')
  })
})

describe('a migrate', () => {
  const destructive = [
    ['DROP TABLE', 'DROP TABLE one;'],
    ['DROP COLUMN', 'ALTER TABLE one DROP COLUMN id;'],
    ['DROP without COLUMN', 'ALTER TABLE one DROP id;'],
    ['TRUNCATE', 'TRUNCATE one;'],
    ['DELETE', 'DELETE FROM one;'],
  ] as const
  const disguised = [
    ['a comment in between', 'DROP /* now */ TABLE one;'],
    ['a block of code', 'DO $$ BEGIN DROP TABLE one; END $$;'],
    ['a query around it', 'WITH gone AS (DELETE FROM one RETURNING id) SELECT count(*) FROM gone;'],
  ] as const

  test.each(destructive)('that takes something away needs the name: %s', async (_, sql) => {
    await applied(db.url, project.migrations)
    await project.write(pair('0004_four', sql, 'SELECT 1;'))
    const says = [`"${db.name}"`, 'protected', '0004_four']
    for (const words of [
      ['migrate', ...unbacked],
      ['migrate', ...unbacked],
    ]) {
      await expectRefusal(project, { words, ...required, says, hint: `--confirm ${db.name}` }, db)
    }
    expect((await project.run(['migrate', '--dry-run'], env)).code).toBe(0)
    expect((await project.run(['migrate', ...unbacked, '--confirm', db.name], env)).code).toBe(0)
  })

  test.each(disguised)('is not deceived by %s', async (_, sql) => {
    await applied(db.url, project.migrations)
    await project.write(pair('0004_four', sql, 'SELECT 1;'))
    const words = ['migrate', ...unbacked]
    await expectRefusal(project, { words, ...required, says: '0004_four', hint: '--confirm' }, db)
  })

  test('of a module that drops a table needs the name', async () => {
    await project.write({
      'migrations/0004_four.ts': `export async function up(db) { await db.execute('DROP TABLE one') }
export async function down(db) { await db.execute('CREATE TABLE one (id int)') }\n`,
    })
    const says = ['protected', '0004_four']
    const words = ['migrate', ...unbacked]
    await expectRefusal(project, { words, ...required, says, hint: `--confirm ${db.name}` }, db)
  })

  test('that only adds needs no name, and a refused one leaves no history table behind', async () => {
    await project.write(pair('0004_four', 'DROP TABLE one;', 'SELECT 1;'))
    const words = ['migrate', ...unbacked]
    await expectRefusal(project, { words, ...required, says: '0004_four', hint: '--confirm' }, db)
    expect((await project.run(['migrate', '--target', '0003_three'], env)).code).toBe(0)
  })
})

test.each(['baseline 0001_one', 'repair accept-checksum 0001_one'])(
  '%s writes the history only with the name',
  async (command) => {
    if (command.startsWith('repair')) {
      await applied(db.url, project.migrations)
      await project.write({ 'migrations/0001_one.up.sql': 'CREATE TABLE one (id int PRIMARY KEY); -- reviewed\n' })
    }
    const words = command.split(' ')
    await expectRefusal(
      project,
      { words, ...required, says: ['protected', `"${db.name}"`], hint: `--confirm ${db.name}` },
      db,
    )
    expect((await project.run([...words, '--confirm', db.name], env)).code).toBe(0)
  },
)

test('reset is for local databases only, whatever is confirmed', async () => {
  await applied(db.url, project.migrations)
  for (const flags of [[], ['--yes'], ['--force']]) {
    const expected = { code: 'PROTECTED_DATABASE', says: [`"${db.name}"`, 'protected'], hint: 'local databases only' }
    await expectRefusal(project, { words: ['reset', ...flags], exit: 3, env, ...expected }, db)
  }
})

test('a database on another host is protected without NODE_ENV', async () => {
  await applied(db.url, project.migrations)
  const url = new URL(db.url)
  if (url.hostname !== '127.0.0.1') return expect(url.hostname).not.toBe('') // A server that TEST_DATABASE_URL names.
  url.hostname = '0.0.0.0' // Reaches the same server, but is no name of this machine.
  const expected = { exit: 3, code: 'CONFIRMATION_REQUIRED', says: 'protected', hint: `--confirm ${db.name}` }
  const words = ['rollback', ...unbacked]
  await expectRefusal(project, { words, env: { DATABASE_URL: url.href }, ...expected }, db)
})
