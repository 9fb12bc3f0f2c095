import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Project, pair, threeTables } from '../support/cli.ts'
import { createDatabase, onServer, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal } from '../support/refusal.ts'

const SECRET = 'hunter2Sesame'
let db: TestDatabase
let project: Project
let role: string

beforeEach(async () => {
  db = await createDatabase()
  role = `r_${db.name}`
  await onServer((sql) => sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD '${SECRET}'`))
  await db.sql.unsafe('REVOKE CREATE ON SCHEMA public FROM PUBLIC')
  project = await createProject(db.as(role, SECRET), threeTables())
})
afterEach(async () => {
  await project.remove()
  await db.drop()
  await onServer((sql) => sql.unsafe(`DROP ROLE ${role}`))
})

const asOwner = () => ({ DATABASE_URL: db.url })

describe('a role without the privilege to create tables', () => {
  test.each(['migrate', 'baseline 0001_one'])('is refused by %s, naming the history table', async (command) => {
    const says = ['public.schema_migrations', 'permission denied for schema public']
    const expected = { code: 'PERMISSION_DENIED', says, hint: ['owns the schema', 'CREATE'], never: [SECRET] }
    await expectRefusal(project, { words: command.split(' '), exit: 1, ...expected }, db)
  })

  test('may look: nothing is applied', async () => {
    const finished = await project.run(['status', '--json'])
    expect(finished.code).toBe(0)
    expect(finished.json().summary).toMatchObject({ applied: 0, pending: 3 })
    expect((await project.run(['migrate', '--dry-run'])).code).toBe(0)
  })
})

describe('a role that may not read the history of another', () => {
  test.each(['status', 'migrate', 'rollback', 'migrate --dry-run', 'validate'])('is refused by %s', async (command) => {
    expect((await project.run(['migrate', '--steps', '2'], asOwner())).code).toBe(0)
    const says = [/permission denied for table schema_migrations/, 'schema_migrations']
    const expected = { code: 'PERMISSION_DENIED', says, hint: /grant/i, never: [SECRET, 'Correct the migration'] }
    await expectRefusal(project, { words: command.split(' '), exit: 1, ...expected }, db)
  })

  test('is refused by history, which reads the log', async () => {
    expect((await project.run(['migrate', '--steps', '2'], asOwner())).code).toBe(0)
    const expected = { code: 'PERMISSION_DENIED', says: 'migration_logs', hint: /grant/i }
    await expectRefusal(project, { words: ['history'], exit: 1, ...expected }, db)
  })
})

describe('a role that may only read the history, or not change all of it,', () => {
  test.each([
    ['SELECT', 'INSERT, UPDATE, DELETE'],
    ['SELECT, INSERT', 'UPDATE, DELETE'],
    ['SELECT, UPDATE, DELETE', 'INSERT'],
    ['INSERT, UPDATE, DELETE', 'SELECT'],
  ])('%s: is refused before anything runs, with what is missing', async (granted, missing) => {
    expect((await project.run(['migrate', '--steps', '2'], asOwner())).code).toBe(0)
    await db.sql.unsafe(
      `GRANT ${granted} ON schema_migrations TO ${role}; GRANT SELECT ON migration_backups TO ${role}; GRANT ALL ON SCHEMA public TO ${role}`,
    )
    const says = [`"${role}"`, 'public.schema_migrations', `(${missing})`]
    const hint = `GRANT ${missing} ON "public"."schema_migrations" TO "${role}"`
    await expectRefusal(project, { words: ['migrate'], exit: 1, code: 'PERMISSION_DENIED', says, hint }, db)
  })

  test('with all of that on a table of another it migrates, up and down', async () => {
    expect((await project.run(['migrate', '--steps', '2'], asOwner())).code).toBe(0)
    await db.sql.unsafe(
      `GRANT SELECT, INSERT, UPDATE, DELETE ON schema_migrations, migration_logs, migration_backups TO ${role}; GRANT ALL ON SCHEMA public TO ${role}`,
    )
    const up = await project.run(['migrate'])
    expect({ code: up.code, said: up.stderr }).toMatchObject({ code: 0 })
    const down = await project.run(['rollback'])
    expect({ code: down.code, said: down.stderr }).toMatchObject({ code: 0 })
  })
})

test('a migration that touches what belongs to another fails with file, line and reason, and leaves nothing', async () => {
  await db.sql.unsafe(`CREATE TABLE theirs (id int); GRANT CREATE ON SCHEMA public TO ${role}`)
  await project.write(pair('0004_theirs', '\nALTER TABLE theirs\n  ADD COLUMN ours int;\n', 'SELECT 1;'))
  const { code, stderr, stdout } = await project.run(['migrate'])
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('must be owner of table theirs') })
  expect(`${stdout}${stderr}`).toContain('0004_theirs')
  expect(JSON.parse(await stateOf(db)).rows).toEqual([])
})

describe('a log file that cannot be written is a warning, and the migration goes on', () => {
  test.each([
    [
      'a folder in its place',
      async () => void (await mkdir(join(project.directory, 'logs/migrations.jsonl'), { recursive: true })),
    ],
    ['a file in place of its folder', () => project.write({ logs: 'in the way' })],
  ])('%s', async (_, discard) => {
    await discard()
    const { code, stderr } = await project.run(['migrate', '--steps', '1'], asOwner())
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('Warning: ') })
    expect(stderr.match(/Failed to write to migration log file .*migrations\.jsonl/g)).toHaveLength(1)
    const json = await project.run(['migrate', '--json'], asOwner())
    expect({ code: json.code, steps: json.json().steps.length }).toEqual({ code: 0, steps: 2 })
    expect(await stateOf(db)).toContain('0003_three')
  })
})

describe('a secret in what fails is written down nowhere', () => {
  const secrets = {
    'an URL in the error of a module': {
      'migrations/0004_leak.ts': `export async function up() { throw new Error('cannot reach postgresql://me:${SECRET}@there/app') }
export async function down() {}\n`,
    },
    'a password in a statement that fails': pair(
      '0004_leak',
      `ALTER ROLE nobody_here PASSWORD '${SECRET}';`,
      'SELECT 1;',
    ),
    'a password in a statement with a syntax error': pair(
      '0004_leak',
      `CREATE ROLE a PASSWORD '${SECRET}' WRONG;`,
      'SELECT 1;',
    ),
  }
  test.each(Object.entries(secrets))('%s', async (_, files) => {
    await project.write(files)
    for (const words of [['migrate'], ['migrate', '--json'], ['migrate', '--verbose'], ['history', '--json']]) {
      const { code, stdout, stderr } = await project.run(words, asOwner())
      expect(code).toBe(words[0] === 'history' ? 0 : 1)
      expect(`${stdout}${stderr}`).not.toContain(SECRET)
    }
    expect(await readFile(join(project.directory, 'logs/migrations.jsonl'), 'utf8')).not.toContain(SECRET)
    const rows = await db.sql`SELECT to_jsonb(l)::text AS line FROM migration_logs l`
    expect(JSON.stringify(rows)).not.toContain(SECRET)
  })
})
