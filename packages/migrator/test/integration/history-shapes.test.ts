import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Project, pair, threeTables } from '../support/cli.ts'
import { createDatabase, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal } from '../support/refusal.ts'

let db: TestDatabase
let project: Project

beforeEach(async () => {
  db = await createDatabase()
  project = await createProject(db.url, threeTables())
})
afterEach(async () => {
  await project.remove()
  await db.drop()
})

describe.each([
  [
    "Rails'",
    'CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY)',
    ['version character varying', 'checksum'],
  ],
  [
    "golang-migrate's",
    'CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (20260101, false)',
    ['version bigint, dirty boolean', 'applied_at, checksum'],
  ],
  ['a view', 'CREATE VIEW schema_migrations AS SELECT 1 AS version', ['version integer']],
  [
    'a timestamp without time zone',
    'CREATE TABLE schema_migrations (version text, applied_at timestamp, checksum text, dirty boolean)',
    ['applied_at'],
  ],
] as const)('a schema_migrations of another shape (%s)', (_, ddl, says) => {
  test('is refused, and left alone', async () => {
    await db.sql.unsafe(ddl)
    const hint = ['Another tool owns this table', 'historyTable', 'nothing was changed']
    const expected = { code: 'HISTORY_TABLE_INCOMPATIBLE', says: ['public.schema_migrations', ...says], hint }
    for (const command of ['status', 'migrate', 'rollback --force']) {
      await expectRefusal(project, { words: command.split(' '), exit: 2, ...expected }, db)
    }
  })

  test('does not matter when the configuration names another table', async () => {
    await db.sql.unsafe(ddl)
    await project.write({
      'migrator.config.mjs': "export default { migrations: 'migrations', historyTable: 'ours.history' }\n",
    })
    expect((await project.run(['migrate'])).code).toBe(0)
    expect(await db.sql`SELECT version FROM ours.history`).toHaveLength(3)
    expect((await project.run(['rollback'])).code).toBe(0)
  })
})

test.each([
  ['DROP COLUMN checksum', 'checksum is missing'],
  [
    'ALTER COLUMN applied_at DROP DEFAULT, ALTER COLUMN applied_at TYPE date',
    'applied_at is date, not timestamp with time zone',
  ],
])('our own history, damaged by %s, is named as that', async (change, fault) => {
  expect((await project.run(['migrate'])).code).toBe(0)
  await db.sql.unsafe(`ALTER TABLE schema_migrations ${change}`)
  const hint = ['Put its columns back', 'history-tables.md']
  const says = `The migration history public.schema_migrations is damaged: ${fault}.`
  for (const words of [['status'], ['migrate'], ['rollback']])
    await expectRefusal(project, { words, exit: 2, code: 'HISTORY_TABLE_INCOMPATIBLE', says, hint }, db)
})

test.each(['migrate --dry-run', 'validate', 'baseline 0001_one', 'reset --yes', 'repair accept-checksum 0001_one'])(
  'another shape is refused by %s too',
  async (command) => {
    await db.sql.unsafe('CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY)')
    const expected = { code: 'HISTORY_TABLE_INCOMPATIBLE', says: 'public.schema_migrations', hint: 'historyTable' }
    await expectRefusal(project, { words: command.split(' '), exit: 2, ...expected }, db)
  },
)

const ADOPTED = `CREATE TABLE schema_migrations (version text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now(),
  checksum text NOT NULL, dirty boolean NOT NULL DEFAULT false)`

test.each([
  ['an empty database', ''],
  ['a database whose history was adopted', ADOPTED],
])('where there is no log table yet, a refusal warns of nothing: %s', async (_, ddl) => {
  await db.sql.unsafe(ddl)
  await project.write(pair('0004_broken', 'SELECT 1; COMMIT;\n', 'SELECT 1;\n'))
  const { plain } = await expectRefusal(
    project,
    { words: ['migrate'], exit: 2, code: 'MIGRATION_FILES_INVALID', says: '0004_broken', hint: '' },
    db,
  )
  expect(plain.stderr).not.toContain('Warning')
})

describe("the reference's table of four columns", () => {
  const checksum = 'ec36a6c1fb21'
  beforeEach(async () => {
    const [row] = await db.sql`SELECT encode(sha256('CREATE TABLE one (id int PRIMARY KEY);\n'::bytea), 'hex') AS sha`
    expect(row?.sha).toContain(checksum)
    await db.sql.unsafe(`
      CREATE TABLE one (id int PRIMARY KEY);
      CREATE TABLE schema_migrations (version text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now(),
        checksum text NOT NULL, dirty boolean NOT NULL DEFAULT false);
      INSERT INTO schema_migrations VALUES ('0001_one', '2025-01-02T03:04:05Z', '${row?.sha}', false)`)
  })

  test('is read as it stands: its row counts as applied, and status adds no column', async () => {
    const { code, ...finished } = await project.run(['status', '--json'])
    expect(code).toBe(0)
    const [one] = finished.json().migrations
    expect(one).toMatchObject({ id: '0001_one', state: 'applied', appliedAt: '2025-01-02T03:04:05.000Z' })
    expect(await columns()).toEqual(['applied_at', 'checksum', 'dirty', 'version'])
  })

  test('is adopted by migrate, which keeps the row and its four columns', async () => {
    expect((await project.run(['migrate'])).code).toBe(0)
    const rows = await db.sql`SELECT version, applied_at, dirty FROM schema_migrations ORDER BY version`
    expect(rows.map(({ version }) => version)).toEqual(['0001_one', '0002_two', '0003_three'])
    expect(rows[0]?.applied_at).toEqual(new Date('2025-01-02T03:04:05Z'))
    expect(await columns()).toEqual(expect.arrayContaining(['applied_at', 'batch', 'checksum', 'dirty', 'sequence']))
  })

  test('takes part in rollbacks in the order of application: its rows are the oldest', async () => {
    await project.run(['migrate'])
    const { code, ...finished } = await project.run(['rollback', '--steps', '3', '--force', '--json'])
    expect(code).toBe(0)
    expect(finished.json().steps.map(({ id }) => id)).toEqual(['0003_three', '0002_two', '0001_one'])
    expect(JSON.parse(await stateOf(db)).rows).toEqual([])
  })

  test('with several rows keeps their order of application, which was not the order of ids', async () => {
    await db.sql`INSERT INTO schema_migrations VALUES
      ('0003_three', '2025-01-01T00:00:00Z', encode(sha256('CREATE TABLE three (id int PRIMARY KEY);\n'::bytea), 'hex'), false)`
    await db.sql`CREATE TABLE three (id int PRIMARY KEY)`
    expect((await project.run(['migrate', '--allow-out-of-order'])).code).toBe(0)
    const finished = await project.run(['rollback', '--all', '--force', '--json'])
    expect(finished.json().steps.map(({ id }) => id)).toEqual(['0002_two', '0001_one', '0003_three'])
  })

  test('whose checksum differs is reported, and a row without a file stops the rollback: nothing was archived', async () => {
    await db.sql`UPDATE schema_migrations SET checksum = 'abc'`
    const changed = { code: 'CHECKSUM_MISMATCH', says: '0001_one checksum mismatch', hint: 'accept-checksum' }
    await expectRefusal(project, { words: ['migrate'], exit: 3, ...changed }, db)
    await db.sql`UPDATE schema_migrations SET version = '0000_gone'`
    const missing = { code: 'MIGRATION_MISSING', says: ['0000_gone', 'gone'], hint: ['git', '--force'] }
    await expectRefusal(project, { words: ['rollback'], exit: 3, ...missing }, db)
  })
})

async function columns(): Promise<readonly string[]> {
  const rows = await db.sql<{ name: string }[]>`
    SELECT attname AS name FROM pg_attribute WHERE attrelid = 'schema_migrations'::regclass AND attnum > 0 ORDER BY 1`
  return rows.map(({ name }) => name)
}
