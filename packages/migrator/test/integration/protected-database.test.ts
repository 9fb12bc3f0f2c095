import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { loadMigrations, MigrationRunner, PostgresAdapter } from '../../src/index.ts'
import { RollbackTester } from '../../src/testing/index.ts'
import { applied } from '../support/applied.ts'
import { createProject, type Project, pair, threeTables } from '../support/cli.ts'
import { createDatabase, emptied, onServer, stateOf, type TestDatabase } from '../support/database.ts'
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

describe('a mark in the database', () => {
  const marks = () =>
    db.sql`SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = ${db.name}`
  const rollback = () => ({
    words: ['rollback', ...unbacked],
    exit: 3,
    code: 'CONFIRMATION_REQUIRED',
    says: 'protected',
  })

  afterEach(() => db.sql.unsafe(`COMMENT ON DATABASE ${db.name} IS NULL`))

  test('protects a local database, over the configuration, and status shows it', async () => {
    await applied(db.url, project.migrations)
    expect((await project.run(['status', '--json'])).json()).toMatchObject({
      protection: { protected: false, by: 'host' },
    })
    expect((await project.run(['protect'])).code).toBe(0)
    await project.write({ 'migrator.config.mjs': `export default { migrations: 'migrations', protected: false }\n` })
    expect((await project.run(['status'])).stdout).toContain('Protected: marked in the database')
    expect((await project.run(['status', '--json'])).json()).toMatchObject({
      protection: { protected: true, by: 'mark' },
    })
    await expectRefusal(project, { ...rollback(), hint: `--confirm ${db.name}` }, db)
    await expectRefusal(
      project,
      { words: ['reset', '--yes'], exit: 3, code: 'PROTECTED_DATABASE', says: 'protected', hint: '' },
      db,
    )
  })

  test('is removed with the name only, and leaves what people wrote in the comment', async () => {
    await db.sql.unsafe(`COMMENT ON DATABASE ${db.name} IS 'The shop''s'`)
    expect((await project.run(['protect'])).code).toBe(0)
    expect((await project.run(['protect'])).code).toBe(0) // Twice is once.
    expect((await marks())[0]?.comment.match(/migrator:protected/g)).toHaveLength(1)
    for (const confirm of [[], ['--confirm', 'other']]) {
      const words = ['protect', '--remove', ...confirm]
      const refusal = { exit: 3, code: 'CONFIRMATION_REQUIRED', says: `"${db.name}"`, hint: `--confirm ${db.name}` }
      await expectRefusal(project, { words, ...refusal }, db)
    }
    expect((await project.run(['protect', '--remove', '--confirm', db.name])).code).toBe(0)
    expect((await marks())[0]?.comment).toBe("The shop's")
    expect((await project.run(['status'])).stdout).not.toContain('Protected')
  })

  test('of another database, which a copy brought along, protects nothing and is named', async () => {
    await applied(db.url, project.migrations)
    await project.run(['protect'])
    const [{ comment }] = (await marks()) as unknown as [{ comment: string }]
    await db.sql.unsafe(`COMMENT ON DATABASE ${db.name} IS '${comment.replace(db.name, 'production')}'`)
    const { code, stderr } = await project.run(['rollback'])
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`names the database "production", not "${db.name}"`),
    })
  })

  test('does not come along with a copy by TEMPLATE', async () => {
    await project.run(['protect'])
    const copy = `${db.name}_copy`
    await db.sql.end()
    await onServer((sql) => sql.unsafe(`CREATE DATABASE ${copy} TEMPLATE ${db.name}`))
    try {
      const url = db.url.replace(`/${db.name}`, `/${copy}`)
      expect((await project.run(['status', '--json'], { DATABASE_URL: url })).json()).toMatchObject({
        protection: { protected: false },
      })
    } finally {
      await onServer((sql) => sql.unsafe(`DROP DATABASE ${copy} WITH (FORCE)`))
      await db.drop()
      db = await createDatabase()
    }
  })

  test('is not for a role that does not own the database', async () => {
    const role = `guest_${process.pid}_${Date.now()}`
    await onServer((sql) => sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD 'guest'`))
    try {
      const env = { DATABASE_URL: db.as(role, 'guest') }
      await expectRefusal(
        project,
        { words: ['protect'], env, exit: 1, code: 'PERMISSION_DENIED', says: 'owner', hint: '' },
        db,
      )
      expect((await project.run(['status'], env)).code).toBe(0)
    } finally {
      await onServer((sql) => sql.unsafe(`DROP ROLE ${role}`))
    }
  })

  test('is read and kept by the library, and stops RollbackTester', async () => {
    await applied(db.url, project.migrations)
    const adapter = new PostgresAdapter({ connectionString: db.url })
    const runner = new MigrationRunner({ adapter, protected: false })
    onTestFinished(() => adapter.close())
    expect(await runner.protection()).toMatchObject({ protected: false, by: 'configuration' })
    await runner.protect()
    expect(await runner.protection()).toMatchObject({ protected: true, by: 'mark', mark: { database: db.name } })
    await db.sql`INSERT INTO three VALUES (1)`
    await expect(runner.rollback(project.migrations)).rejects.toMatchObject({ code: 'LOSS_NOT_ACCEPTED' })
    const tried = RollbackTester.verify(runner, await loadMigrations(project.migrations), {
      failAt: '0003_three',
      failure: 'middle',
      disposable: true,
    })
    await expect(tried).rejects.toMatchObject({ code: 'PROTECTED_DATABASE' })
    await expect(runner.unprotect('other')).rejects.toMatchObject({ code: 'CONFIRMATION_REQUIRED' })
    await runner.unprotect(db.name)
    expect(await runner.protection()).toMatchObject({ protected: false })
  })
})

test.each([
  ['true', 3],
  ['() => true', 3],
  ['async ({ host, local }) => local && host !== "127.0.0.2"', 3],
  ['({ database }) => database === "production"', 0],
  ['false', 0],
])('the configuration says what is protected: %s', async (setting, code) => {
  await applied(db.url, project.migrations)
  await project.write({ 'migrator.config.mjs': `export default { migrations: 'migrations', protected: ${setting} }\n` })
  const words = ['rollback', ...(code === 0 ? [] : unbacked)]
  expect((await project.run(words, code === 0 ? env : {})).code).toBe(code)
})
