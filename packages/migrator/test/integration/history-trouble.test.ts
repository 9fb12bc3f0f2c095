import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Project, pair, threeTables } from '../support/cli.ts'
import { createDatabase, emptied, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal } from '../support/refusal.ts'

/** Files and history that no longer agree. What is archived and how it serves: archived-source.test.ts. */
let db: TestDatabase
let project: Project

beforeAll(async () => {
  db = await createDatabase()
})
beforeEach(async () => {
  await emptied(db)
  project = await createProject(db.url, { ...threeTables(), ...MODULE })
  expect((await project.run(['migrate'])).code).toBe(0)
})
afterEach(() => project.remove())
afterAll(() => db.drop())

const MODULE = {
  'migrations/0004_four.ts': `import { table } from './names.ts'
export const id = '0004_four'
export async function up(db) { await db.execute('CREATE TABLE ' + table + ' (id int)') }
export async function down(db) { await db.execute('DROP TABLE ' + table) }
`,
  'migrations/names.ts': "export const table = 'four'\n",
}

function remove(...names: readonly string[]): Promise<unknown> {
  return Promise.all(names.map((name) => rm(join(project.migrations, name))))
}

async function stateIn(id: string): Promise<string | undefined> {
  return (await project.run(['status', '--json'])).json().migrations.find((migration) => migration.id === id)?.state
}

async function reverted(...words: readonly string[]): Promise<readonly string[]> {
  const finished = await project.run(['rollback', ...words, '--json'])
  expect({ code: finished.code, stdout: finished.stdout }).toMatchObject({ code: 0 })
  return finished.json().steps.map(({ id, by, status }) => `${status} ${id} by ${by}`)
}

describe('an applied file that was edited', () => {
  const edits = [
    ['0002_two', 'the up file of a pair', { 'migrations/0002_two.up.sql': 'CREATE TABLE two (id bigint);\n' }],
    [
      '0002_two',
      'a white space at its end',
      { 'migrations/0002_two.up.sql': 'CREATE TABLE two (id int PRIMARY KEY);\n\n' },
    ],
    ['0004_four', 'a module', { 'migrations/0004_four.ts': `${MODULE['migrations/0004_four.ts']}// reviewed\n` }],
    ['0004_four', 'what a module imports from its folder', { 'migrations/names.ts': "export const table = 'one'\n" }],
  ] as const

  test.each(edits)('stops migrate: of %s, %s', async (id, _, files) => {
    await project.write({ ...files, ...pair('0005_five', 'CREATE TABLE five ();', 'DROP TABLE five;') })
    const hint = ['edited after it was applied', 'new migration', `repair accept-checksum ${id}`]
    const expected = { code: 'CHECKSUM_MISMATCH', says: `Migration ${id} checksum mismatch`, hint }
    await expectRefusal(project, { words: ['migrate'], exit: 3, ...expected }, db)
    await expectRefusal(project, { words: ['migrate', '--dry-run'], exit: 3, ...expected }, db)
    expect(await stateIn(id)).toBe('changed')
  })

  test('stops its rollback, but not the rollback of a newer one; --force runs the edited down, and says so', async () => {
    await project.write({ 'migrations/0003_three.up.sql': 'CREATE TABLE three (id bigint);\n' })
    expect(await reverted()).toEqual(['reverted 0004_four by file'])
    const expected = { code: 'CHECKSUM_MISMATCH', says: 'Migration 0003_three checksum mismatch', hint: 'edited after' }
    await expectRefusal(project, { words: ['rollback'], exit: 3, ...expected }, db)
    const { code, stdout, stderr } = await project.run(['rollback', '--force'])
    expect(code).toBe(0)
    expect(`${stdout}${stderr}`).toContain('0003_three: the file was edited after it was applied')
    expect(await stateOf(db)).not.toContain('three')
  })

  test('of whose pair only the down was edited, is no change of what was applied: it runs, with a notice', async () => {
    await remove('0004_four.ts')
    await project.write({ ...MODULE, 'migrations/0003_three.down.sql': 'DROP TABLE IF EXISTS three;\n' })
    expect((await project.run(['migrate'])).code).toBe(0)
    const { code, stdout, stderr } = await project.run(['rollback', '--steps', '2'])
    expect(code).toBe(0)
    expect(`${stdout}${stderr}`).toContain('0003_three: its down file was edited')
    expect(await stateOf(db)).not.toContain('three')
  })
})

describe('a missing file', () => {
  test.each([
    ['of the newest migration', '0004_four', ['0004_four.ts', 'names.ts']],
    ['of an older one', '0002_two', ['0002_two.up.sql', '0002_two.down.sql']],
  ])('%s stops migrate', async (_, id, files) => {
    await remove(...files)
    await project.write(pair('0005_five', 'CREATE TABLE five ();', 'DROP TABLE five;'))
    const expected = {
      code: 'MIGRATION_MISSING',
      says: [id, 'its file is gone'],
      hint: ['git', `repair restore-file ${id}`],
    }
    await expectRefusal(project, { words: ['migrate'], exit: 3, ...expected }, db)
    await expectRefusal(project, { words: ['migrate', '--allow-out-of-order'], exit: 3, ...expected }, db)
    expect(await stateIn(id)).toBe('missing')
  })

  test('of an older migration does not stop the rollback of the newer ones, and is then reverted itself', async () => {
    await remove('0002_two.up.sql', '0002_two.down.sql')
    expect(await reverted('--steps', '2')).toEqual(['reverted 0004_four by file', 'reverted 0003_three by file'])
    expect(await reverted()).toEqual(['reverted 0002_two by archive'])
    expect(JSON.parse(await stateOf(db)).rows).toMatchObject([{ version: '0001_one' }])
  })

  test('whose name was changed makes the old one missing and the new one pending', async () => {
    await remove('0003_three.up.sql', '0003_three.down.sql')
    await project.write(pair('0003_renamed', 'CREATE TABLE three ();', 'DROP TABLE three;'))
    const says = ['0003_three', 'its file is gone']
    const expected = { code: 'MIGRATION_MISSING', says, hint: ['repair restore-file 0003_three'] }
    await expectRefusal(project, { words: ['migrate'], exit: 3, ...expected }, db)
  })
})

test('reports several disagreements at once; the first one decides the exit code', async () => {
  await remove('0001_one.up.sql', '0001_one.down.sql')
  await project.write({ 'migrations/0002_two.up.sql': 'SELECT 1;\n' })
  const says = ['0001_one is applied, but its file is gone', 'Migration 0002_two checksum mismatch']
  await expectRefusal(project, { words: ['migrate'], exit: 3, code: 'MIGRATION_MISSING', says, hint: 'git' }, db)
  const check = { code: 'CHECK_FAILED', says: ['0001_one is missing', '0002_two is changed'], hint: 'status' }
  await expectRefusal(project, { words: ['status', '--check'], exit: 5, ...check }, db)
})

describe('an out-of-order file', () => {
  beforeEach(() => project.write(pair('0002-late', 'CREATE TABLE late ();', 'DROP TABLE late;')))
  beforeEach(() => remove('0002_two.up.sql', '0002_two.down.sql'))
  beforeEach(() => db.sql`DELETE FROM schema_migrations WHERE version = '0002_two'`)

  test('is refused', async () => {
    const says = ['0002-late is pending', 'later one is already applied']
    const expected = { code: 'OUT_OF_ORDER', says, hint: ['Renumber', '--allow-out-of-order'] }
    await expectRefusal(project, { words: ['migrate'], exit: 3, ...expected }, db)
    await expectRefusal(project, { words: ['migrate', '--dry-run'], exit: 3, ...expected }, db)
    expect(await stateIn('0002-late')).toBe('out-of-order')
  })

  test('is applied with --allow-out-of-order, and is then the first to be reverted', async () => {
    expect((await project.run(['migrate', '--allow-out-of-order'])).code).toBe(0)
    expect(await stateIn('0002-late')).toBe('applied')
    expect(await reverted()).toEqual(['reverted 0002-late by file'])
  })
})

test('an irreversible migration is not reverted, nor anything before it, with or without --force', async () => {
  await project.write({ 'migrations/0005_final.up.sql': '-- migrator: irreversible="rows are gone"\nSELECT 1;\n' })
  expect((await project.run(['migrate'])).code).toBe(0)
  const expected = { code: 'MIGRATION_IRREVERSIBLE', says: ['0005_final', 'rows are gone'], hint: 'backup' }
  for (const flags of ['', '--force', '--steps 2', '--batch', '--target 0002_two']) {
    await expectRefusal(project, { words: ['rollback', ...flags.split(' ').filter(Boolean)], exit: 3, ...expected }, db)
  }
})
