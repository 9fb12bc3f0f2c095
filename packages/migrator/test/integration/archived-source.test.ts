import { execFileSync } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Project, threeTables } from '../support/cli.ts'
import { createDatabase, emptied, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal } from '../support/refusal.ts'

/** The newest applied migration has no file: what its archived source is good for, and that nothing is reverted past it. */
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

const HELPER = { 'migrations/names.ts': "export const table = 'four'\n" }
const MODULE = {
  'migrations/0004_four.ts': `import { table } from './names.ts'
export async function up(db) { await db.execute('CREATE TABLE ' + table + ' (id int)') }
export async function down(db) { await db.execute('DROP TABLE ' + table) }
`,
  ...HELPER,
}

async function migrateAndLose(files: Readonly<Record<string, string>>): Promise<void> {
  await project.write(files)
  expect((await project.run(['migrate'])).code).toBe(0)
  for (const path of Object.keys(files)) await rm(join(project.directory, path))
}

const PAIR = {
  'migrations/0004_four.up.sql': 'CREATE TABLE four (id int);\n',
  'migrations/0004_four.down.sql': 'DROP TABLE four;\n',
}

describe('an archived SQL pair', () => {
  beforeEach(() => migrateAndLose(PAIR))

  test('takes the newest migration back, and the output says where it came from', async () => {
    const { code, stdout, stderr } = await project.run(['rollback'])
    expect(code).toBe(0)
    expect(`${stdout}${stderr}`).toMatch(/0004_four: its file is gone; .*archived/)
    expect(await stateOf(db)).not.toContain('four')
  })

  test('is shown by --dry-run with its SQL, and nothing is changed', async () => {
    const before = await stateOf(db)
    const { code, stdout } = await project.run(['rollback', '--dry-run'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('DROP TABLE four;') })
    expect(stdout).toContain('archived source')
    expect(await stateOf(db)).toBe(before)
  })
})

describe('an archived module', () => {
  test('outside git is refused and shown, and runs with --accept-archived', async () => {
    await migrateAndLose(MODULE)
    const says = ['0004_four', 'git does not know', "export const table = 'four'", "'DROP TABLE ' + table"]
    const expected = { code: 'ARCHIVE_UNTRUSTED', says, hint: ['--accept-archived', 'git'] }
    await expectRefusal(project, { words: ['rollback'], exit: 3, ...expected }, db)
    await expectRefusal(project, { words: ['rollback', '--dry-run'], exit: 3, ...expected }, db)
    await expectRefusal(project, { words: ['rollback', '--steps', '2'], exit: 3, ...expected }, db)
    expect((await project.run(['rollback', '--accept-archived'])).code).toBe(0)
    expect(await stateOf(db)).not.toContain('four')
  })

  test('that nobody vouches for is not run by --force: its record is dropped, and that is shouted', async () => {
    await migrateAndLose(MODULE)
    const { code, stderr } = await project.run(['rollback', '--force'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/0004_four.*NOTHING WAS RUN/) })
    const { relations, rows } = JSON.parse(await stateOf(db))
    expect(rows).toHaveLength(3)
    expect(JSON.stringify(relations)).toContain('four')
  })

  test('runs when git knows every file of it', async () => {
    await project.write(MODULE)
    commitAll()
    await migrateAndLose(MODULE)
    const { code, stderr } = await project.run(['rollback'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('✗') })
    expect(await stateOf(db)).not.toContain('four')
  })

  test('is refused when git knows the module but not its helper', async () => {
    await project.write(MODULE)
    commitAll()
    await migrateAndLose({ ...MODULE, 'migrations/names.ts': "export const table = 'four' // never committed\n" })
    const expected = { code: 'ARCHIVE_UNTRUSTED', says: ['0004_four', 'names.ts', 'never committed'], hint: '--accept' }
    await expectRefusal(project, { words: ['rollback'], exit: 3, ...expected }, db)
  })

  test('that was edited in the database is damaged, and does not run even with --accept-archived', async () => {
    await migrateAndLose(MODULE)
    await db.sql`UPDATE schema_migrations SET sources = replace(sources::text, 'DROP TABLE', 'DROP  TABLE')::jsonb`
    const expected = { code: 'ARCHIVE_DAMAGED', says: ['0004_four', 'does not match'], hint: ['git', '--force'] }
    await expectRefusal(project, { words: ['rollback'], exit: 3, ...expected }, db)
    await expectRefusal(project, { words: ['rollback', '--accept-archived'], exit: 3, ...expected }, db)
  })
})

describe.each([
  [
    'that is damaged',
    () =>
      db.sql`UPDATE schema_migrations SET sources = jsonb_set(sources, '{1,content}', '"DROP TABLE one"') WHERE version = '0004_four'`,
    'ARCHIVE_DAMAGED',
  ],
  [
    'that was not kept',
    () => db.sql`UPDATE schema_migrations SET sources = NULL WHERE version = '0004_four'`,
    'MIGRATION_MISSING',
  ],
  [
    'of which only the up file is left',
    () => db.sql`UPDATE schema_migrations SET sources = sources - 1 WHERE version = '0004_four'`,
    'ARCHIVE_DAMAGED',
  ],
] as const)('an archived source %s', (_, discard, code) => {
  beforeEach(async () => {
    await migrateAndLose(PAIR)
    await discard()
  })

  test('stops the rollback; nothing older is reverted instead', async () => {
    const expected = { code, says: ['0004_four', 'gone'], hint: ['git', '--force'] }
    for (const flags of [[], ['--steps', '2'], ['--target', '0001_one'], ['--dry-run']]) {
      await expectRefusal(project, { words: ['rollback', ...flags], exit: 3, ...expected }, db)
    }
  })

  test('is passed over with --force: the record is dropped, nothing is run, and that is shouted', async () => {
    const dry = await project.run(['rollback', '--dry-run', '--force'])
    expect({ code: dry.code, stdout: dry.stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('NOTHING IS RUN'),
    })
    const { code, stdout, stderr } = await project.run(['rollback', '--force', '--reason', 'file lost for good'])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stderr).toMatch(/0004_four.*NOTHING WAS RUN/)
    expect(`${stdout}${stderr}`).toContain('0004_four: NOTHING IS RUN')
    const { relations, rows } = JSON.parse(await stateOf(db))
    expect(rows.map(({ version }: { version: string }) => version)).toEqual(['0001_one', '0002_two', '0003_three'])
    expect(JSON.stringify(relations)).toContain('four')
    const logged =
      await db.sql`SELECT level, reason FROM migration_logs WHERE version = '0004_four' AND message LIKE '%NOTHING WAS RUN%'`
    expect(logged).toEqual([{ level: 'warn', reason: 'file lost for good' }])
    expect(await readFile(join(project.directory, 'logs/migrations.jsonl'), 'utf8')).toContain('NOTHING WAS RUN')
  })
})

test('a damaged source is not restored to a file either, and nothing is written outside the folder', async () => {
  await migrateAndLose(MODULE)
  await db.sql`UPDATE schema_migrations SET sources = jsonb_set(sources, '{1,path}', '"../escaped.ts"') WHERE version = '0004_four'`
  const before = await readdir(project.directory, { recursive: true })
  const expected = { code: 'ARCHIVE_DAMAGED', says: /0004_four|escaped/, hint: 'git' }
  await expectRefusal(project, { words: ['rollback', '--accept-archived'], exit: 3, ...expected }, db)
  await expectRefusal(project, { words: ['repair', 'restore-file', '0004_four'], exit: 3, ...expected }, db)
  expect(await readdir(project.directory, { recursive: true })).toEqual(before)
})

test('the down of a pair that was edited in the database is not restored, for it would run', async () => {
  await migrateAndLose(PAIR)
  await db.sql`UPDATE schema_migrations SET sources = jsonb_set(sources, '{1,content}', '"DROP TABLE one"') WHERE version = '0004_four'`
  const expected = { code: 'ARCHIVE_DAMAGED', says: ['0004_four', 'does not match'], hint: 'git' }
  await expectRefusal(project, { words: ['repair', 'restore-file', '0004_four'], exit: 3, ...expected }, db)
})

function commitAll(): void {
  const git = (...words: readonly string[]) => execFileSync('git', words, { cwd: project.directory, stdio: 'pipe' })
  git('init', '-q')
  git('add', '-A')
  git('-c', 'user.name=a', '-c', 'user.email=a@b.c', 'commit', '-q', '-m', 'x')
}
