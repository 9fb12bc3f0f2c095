import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Project } from '../support/cli.ts'
import { createDatabase, emptied, type TestDatabase } from '../support/database.ts'
import { toolFolders } from '../support/folders.ts'

let db: TestDatabase
let project: Project

beforeAll(async () => {
  db = await createDatabase()
})
beforeEach(async () => {
  await emptied(db)
  project = await createProject(db.url)
})
afterEach(() => project.remove())
afterAll(() => db.drop())

async function write(files: Readonly<Record<string, string>>, folder = 'theirs'): Promise<void> {
  await project.write(Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text])))
}

const migrator = (...words: readonly string[]) => project.run([...words, '--migrations', 'theirs'])
const tables = async () =>
  (await db.sql`SELECT tablename FROM pg_tables WHERE tablename IN ('a', 'b') ORDER BY 1`).map(
    ({ tablename }) => tablename,
  )

describe.each(Object.entries(toolFolders))('the folder of %s', (_, { files, ids: [first, second], reversible }) => {
  test('goes up; and down, also once its files are gone, or says what is missing for it', async () => {
    await write(files)
    const applied = await migrator('migrate')
    expect(applied.stderr + applied.stdout).toContain(second)
    expect({ code: applied.code, tables: await tables() }).toEqual({ code: 0, tables: ['a', 'b'] })
    expect((await migrator('status', '--json')).json().migrations.map(({ id }) => id)).toEqual([first, second])
    if (!reversible) {
      const refused = await migrator('rollback', '--json')
      expect(refused.json().error).toMatchObject({ code: 'MIGRATION_IRREVERSIBLE', exitCode: 3 })
      expect(refused.json().error.message).toContain('write one as')
      return
    }
    expect((await migrator('rollback', '--steps', '1')).code).toBe(0)
    expect(await tables()).toEqual(['a'])
    await rm(join(project.directory, 'theirs'), { recursive: true })
    await write({ '0001_x.up.sql': 'SELECT 1;', '0001_x.down.sql': 'SELECT 1;' })
    const archived = await migrator('rollback', '--steps', '1', '--force')
    expect({ code: archived.code, tables: await tables(), told: archived.stderr }).toMatchObject({
      code: 0,
      tables: [],
    })
  })
})

test.each([
  ['drizzle-kit 0.x', '0001_calm_thor.down.sql'],
  ['drizzle-kit 1', '20240102000000_calm_thor/down.sql'],
  ['Prisma', '20240102000000_b/down.sql'],
  ['sqlx without downs', '20240102000000_b.down.sql'],
])('a migration of %s is reversible once %s is written, also when it is applied already', async (name, path) => {
  await write(toolFolders[name]?.files ?? {})
  expect((await migrator('migrate')).code).toBe(0)
  await write({ [path]: 'DROP TABLE b;\n' })
  expect((await migrator('rollback', '--steps', '1')).code).toBe(0)
  expect(await tables()).toEqual(['a'])
})

test('an up that does nothing is applied with a warning, as its tool applies it', async () => {
  await write(toolFolders.Prisma?.files ?? {})
  await write({ '20240103000000_c/migration.sql': '-- This is an empty migration.' })
  const applied = await migrator('migrate')
  expect({ code: applied.code, told: applied.stderr }).toMatchObject({ code: 0 })
  expect(applied.stderr).toContain('20240103000000_c is empty')
})

test('a line of a section keeps its number in an error', async () => {
  await write({ '20240101000000_a.sql': '-- migrate:up\nSELECT 1;\n\n-- migrate:down\nSELECT 2;\nSELECT absent;\n' })
  expect((await migrator('migrate')).code).toBe(0)
  const failed = await migrator('rollback', '--force', '--steps', '1')
  expect(failed.code).toBe(1)
  expect(failed.stderr + failed.stdout).toContain('20240101000000_a.sql:6:')
})

test("drizzle-kit's journal decides on the order, whatever the timestamps are", async () => {
  const ids = ['20240101000000_a', '20240301000000_b', '20240201000000_merged_later', '20240401000000_c']
  const entries = ids.map((tag, idx) => ({ idx, version: '7', when: 1_700_000_000_000 + idx, tag, breakpoints: true }))
  await write({
    'meta/_journal.json': JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
    '20240101000000_a.sql': 'CREATE TABLE a (id int);\n',
    '20240301000000_b.sql': 'ALTER TABLE a RENAME TO b;\n',
    '20240201000000_merged_later.sql': 'ALTER TABLE b ADD COLUMN name text;\n',
    '20240201000000_merged_later.down.sql': 'ALTER TABLE b DROP COLUMN name;\n',
  })
  await write({ '20240401000000_c.sql': 'CREATE TABLE c (id int);\n', '20240401000000_c.down.sql': 'DROP TABLE c;\n' })
  const steps = async (...words: readonly string[]) =>
    (await migrator(...words, '--json')).json().steps.map(({ id }) => id)
  expect(await steps('migrate', '--target', ids[2] ?? '')).toEqual(ids.slice(0, 3))
  expect((await migrator('status', '--json')).json().migrations.map(({ id, state }) => `${state} ${id}`)).toEqual([
    ...['irreversible 20240101000000_a', 'irreversible 20240301000000_b'],
    ...['applied 20240201000000_merged_later', 'pending 20240401000000_c'],
  ])
  expect(await steps('migrate')).toEqual(ids.slice(3))
  expect(await steps('rollback', '--steps', '2')).toEqual(ids.slice(2).toReversed())
})

test('own pairs may follow the migrations of another tool', async () => {
  await write(toolFolders['drizzle-kit 0.x']?.files ?? {})
  await write({ '0002_c.up.sql': 'CREATE TABLE c (id int);\n', '0002_c.down.sql': 'DROP TABLE c;\n' })
  expect((await migrator('migrate', '--json')).json().steps.map(({ id }) => id)).toHaveLength(3)
  expect((await migrator('rollback', '--steps', '1', '--json')).json().steps).toMatchObject([{ id: '0002_c' }])
})

test('validate names the tool of a folder, and how many of its migrations cannot be reverted', async () => {
  await write(toolFolders.Prisma?.files ?? {})
  const said = await project.run(['validate', '--migrations', 'theirs'], { DATABASE_URL: '' })
  expect(said.stdout).toContain('2 migrations are valid. Format: Prisma.')
  expect(said.stdout).toContain('2 of them have no down and count as irreversible until you write one')
})

test('an empty down is a warning and the migration irreversible; with strict it is refused', async () => {
  await write({ '0001_a.up.sql': 'CREATE TABLE a (id int);\n', '0001_a.down.sql': '-- cannot be undone\n' })
  const applied = await migrator('migrate')
  expect({ code: applied.code, tables: await tables() }).toEqual({ code: 0, tables: ['a'] })
  expect(applied.stderr).toContain('1 migration has an empty down and counts as irreversible: 0001_a.')
  expect((await migrator('rollback', '--json')).json().error.message).toContain('its down is empty')
  await project.write({ 'migrator.config.mjs': "export default { migrations: 'theirs', strict: true }\n" })
  expect((await project.run(['validate', '--json'])).json().error).toMatchObject({
    code: 'MIGRATION_FILES_INVALID',
    exitCode: 2,
  })
})

describe('a folder in which nothing is recognised is an error, never "Nothing to apply":', () => {
  const check = async (words: readonly string[], code: string, said: string) => {
    for (const command of ['migrate', 'status', 'validate', 'rehearse']) {
      const finished = await project.run([command, ...words, '--json'])
      expect(finished.json().error, command).toMatchObject({ code, exitCode: 2 })
      expect(finished.json().error.message + finished.json().error.hint, command).toContain(said)
    }
  }

  test('an empty folder that a flag names', async () => {
    await check(['--migrations', 'migrations'], 'MIGRATIONS_NOT_RECOGNISED', 'No migrations were recognised')
  })
  test('the folder above the right one, which is suggested', async () => {
    await write(toolFolders.Prisma?.files ?? {}, 'prisma/migrations')
    await check(['--migrations', 'prisma'], 'MIGRATIONS_NOT_RECOGNISED', 'Did you mean --migrations')
  })
  test('a folder of the configuration that holds something else', async () => {
    await project.write({ 'migrations/schema.sql': 'CREATE TABLE a (id int);\n' })
    await check([], 'MIGRATIONS_NOT_RECOGNISED', 'docs/guides/adopting.md')
  })
  test('a folder that does not exist', async () => {
    await check(['--migrations', 'absent'], 'MIGRATIONS_DIRECTORY_MISSING', 'does not exist')
  })
  test('a flag without a folder', async () => {
    await check(['--migrations', ''], 'USAGE_INVALID', '--migrations')
  })
})

const OTHERS = {
  Knex: ['20240101000000_a.js', 'exports.up = function (knex) { return knex.schema.createTable("a", () => {}) }'],
  Kysely: ['2024-01-01_a.ts', "import type { Kysely } from 'kysely'\nexport async function up(db: Kysely<unknown>) {}"],
  Sequelize: ['20240101-a.js', 'module.exports = { up: (queryInterface, Sequelize) => {} }'],
  TypeORM: [
    '1700000000000-A.ts',
    'export class A1 implements MigrationInterface { async up(queryRunner: QueryRunner) {} }',
  ],
  sqitch: ['add_a.sql', '-- Deploy app:add_a to pg\n\nBEGIN;\nCOMMIT;\n'],
  Rails: ['20240101000000_a.rb', 'class A < ActiveRecord::Migration[7.1]\nend\n'],
  'node-pg-migrate (modules)': ['1700000000000_a.js', 'exports.up = (pgm) => { pgm.createTable("a", {}) }'],
} as const

test.each(Object.entries(OTHERS))(
  'a folder of %s is named and refused, with the way over',
  async (tool, [name, text]) => {
    await write({ [name]: text })
    for (const command of ['validate', 'migrate']) {
      const { error } = (await migrator(command, '--json')).json()
      expect(error).toMatchObject({ code: 'MIGRATION_FILES_INVALID', exitCode: 2 })
      expect(error.message).toContain(`${name}: this folder belongs to ${tool}`)
      expect(error.message).toMatch(/down\.sql|db:import|migrator import/)
    }
  },
)
