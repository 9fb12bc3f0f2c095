import { describe, expect, test } from 'vitest'
import { toolFolders } from '../../../test/support/folders.ts'
import { compareIds } from '../../core/migration.ts'
import { readJournal } from './drizzle-journal.ts'
import { formatOf, looksLikeMigrations, otherToolOf, sectionsOf } from './index.ts'
import { listingOf } from './listing.ts'

const read = (files: Readonly<Record<string, string>>, path?: string) => {
  const listing = listingOf(files, path)
  const format = formatOf(listing)
  return { tool: format?.name, ...format?.read(listing) }
}
const messagesOf = (problems: readonly { message: string }[] = []) => problems.map(({ message }) => message).join('\n')

test.each(Object.entries(toolFolders))(
  '%s is recognised by its content, and ordered as its tool orders it',
  (_, folder) => {
    const { tool, drafts = [] } = read(folder.files)
    expect(tool).toBe(folder.tool)
    if (tool !== undefined) expect(drafts.map(({ id }) => id).sort(compareIds)).toEqual(folder.ids)
    expect(otherToolOf(listingOf(folder.files))).toBeUndefined()
  },
)

test('Supabase is recognised by its place', () => {
  const files = { '20240101000000_a.sql': 'SELECT 1' }
  expect(read(files, '/repo/supabase/migrations').tool).toBe('Supabase')
  expect(read(files, '/repo/migrations').tool).toBe('numbered SQL files')
})

describe("drizzle-kit's journal", () => {
  const journal = (tags: readonly string[], dialect = 'postgresql') =>
    JSON.stringify({ dialect, entries: tags.map((tag, idx) => ({ idx, when: 1_000 + idx, tag })) })
  const folder = (tags: readonly string[], files: readonly string[] = tags) => ({
    'meta/_journal.json': journal(tags),
    ...Object.fromEntries(files.map((tag) => [`${tag}.sql`, 'SELECT 1'])),
  })

  test('says which of two files with one number is a migration', () => {
    const { drafts, warnings, problems } = read(folder(['0000_a', '0001_b'], ['0000_a', '0001_b', '0001_stray']))
    expect(drafts?.map(({ id }) => id)).toEqual(['0000_a', '0001_b'])
    expect(problems).toEqual([])
    expect(messagesOf(warnings)).toContain('0001_stray.sql is not in meta/_journal.json')
  })

  test('may hold two migrations with one number', () => {
    expect(read(folder(['0000_a', '0000_b'])).duplicateNumbers).toBe('allowed')
  })

  test('decides on the order, whatever the numbers are', () => {
    const { drafts, problems, isOrdered } = read(folder(['0001_b', '0000_a']))
    expect(drafts?.map(({ id }) => id)).toEqual(['0001_b', '0000_a'])
    expect(problems).toEqual([])
    expect(isOrdered).toBe(true)
  })

  test('is refused where a file is gone, or it is of another database', () => {
    expect(messagesOf(read(folder(['0000_a', '0001_b'], ['0000_a'])).problems)).toContain('0001_b.sql is in meta')
    expect(messagesOf(read({ 'meta/_journal.json': journal([], 'mysql') }).problems)).toContain('is for mysql')
    expect(messagesOf(read({ 'meta/_journal.json': '{' }).problems)).toContain('is not a drizzle-kit journal')
  })

  test('keeps the time that the history of drizzle-kit records', () => {
    expect(readJournal(listingOf(folder(['0000_a'])))?.entries).toEqual([{ tag: '0000_a', when: 1_000 }])
  })
})

describe('one file with both directions', () => {
  const check = (text: string, expected: ReturnType<typeof sectionsOf>) => expect(sectionsOf(text)).toEqual(expected)

  test('is cut so that every line keeps its number', () => {
    check('-- migrate:up\nSELECT 1;\n\n-- migrate:down\nSELECT 2;\n', {
      up: '-- migrate:up\nSELECT 1;',
      down: '\n\n\n-- migrate:down\nSELECT 2;',
    })
    check('-- about\n-- +goose Up\nSELECT 1;', { up: '\n-- +goose Up\nSELECT 1;' })
  })

  test('is outside a transaction where its tool says so', () => {
    expect(sectionsOf('-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;')).toMatchObject({ transactional: false })
    expect(sectionsOf('-- migrate:up transaction:false\nSELECT 1;')).toMatchObject({ transactional: false })
    const changeset = '--liquibase formatted sql\n--changeset a:1 runInTransaction:false\nSELECT 1;'
    expect(sectionsOf(changeset)).toMatchObject({ transactional: false })
  })

  test('of Liquibase goes down from the last changeset to the first, where each has a rollback', () => {
    const changelog = (second: string) =>
      `--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n--rollback SELECT -1;\n--changeset a:2\nSELECT 2;\n${second}`
    expect(sectionsOf(changelog('--rollback SELECT -2;\n--rollback SELECT -3;'))?.down).toBe(
      'SELECT -2;\nSELECT -3;\nSELECT -1;',
    )
    expect(sectionsOf(changelog('--rollback empty'))?.down).toBe('SELECT -1;')
    expect(sectionsOf(changelog(''))?.down).toBeUndefined()
  })

  test('is none where the marks are missing, or only mentioned', () => {
    check("SELECT '-- migrate:up'; -- +goose Up", undefined)
    check('SELECT 1;', undefined)
  })
})

test.each([
  ['a Flyway script with a configuration', { 'V1__a.sql': '', 'V1__a.sql.conf': 'executeInTransaction=false\n' }],
  ['a diesel folder with metadata.toml', { '1_a/up.sql': '', '1_a/metadata.toml': 'run_in_transaction = false\n' }],
  ['an Atlas file with its mark', { 'atlas.sum': '', '1_a.sql': '-- atlas:txmode none\n' }],
])('%s runs outside a transaction', (_, files) => {
  expect(read(files as unknown as Record<string, string>).drafts).toMatchObject([{ transactional: false }])
})

test('what a tool runs and this one cannot is named', () => {
  const goose = { '1_a.sql': '-- +goose Up\n-- +goose ENVSUB ON\nSELECT 1;', '2_b.go': 'package migrations' }
  expect(messagesOf(read(goose).problems)).toMatch(/1_a\.sql uses "\+goose ENVSUB"[\s\S]*2_b\.go is written in Go/)
  expect(messagesOf(read({ 'V1__a.sql': '', 'R__v.sql': '' }).warnings)).toContain('R__v.sql is a repeatable migration')
  const prisma = { 'migration_lock.toml': 'provider = "mysql"', '1_a/migration.sql': '' }
  expect(messagesOf(read(prisma).problems)).toContain('is for mysql')
})

test('a single file above a pair is no format, but a mistake', () => {
  expect(read({ '0001_a.up.sql': '', '0001_a.down.sql': '', '0002_b.sql': '' }).tool).toBeUndefined()
  expect(read({ '0001_a.sql': '', '0002_b.up.sql': '', '0002_b.down.sql': '' }).tool).toBe('numbered SQL files')
})

test('own modules belong to no other tool, and a folder of helpers was not meant to hold migrations', () => {
  const own = "import { sql } from 'drizzle-orm'\nexport async function up(db: PostgresJsDatabase) {}"
  expect(otherToolOf(listingOf({ '0001_a.ts': own }))).toBeUndefined()
  expect(looksLikeMigrations(listingOf({ 'README.md': '', 'helper.ts': '' }))).toBe(false)
  expect(looksLikeMigrations(listingOf({ 'x/up.sql': '' }))).toBe(true)
})

test.each([
  ['node-pg-migrate (modules)', 'exports.up = pgm => {\n  pgm.createTable("a", {})\n}\nexports.down = pgm => {}'],
  ['node-pg-migrate (modules)', 'exports.shorthands = undefined;\nexports.up = (builder) => {};'],
  ['node-pg-migrate (modules)', 'export const shorthands = undefined\nexport const up = (builder) => {}'],
  ['Kysely', 'exports.up = up;\nasync function up(db) {\n  await db.schema\n    .createTable("p").execute();\n}'],
  ['Kysely', 'export async function down(db) { await db.schema.dropTable("p").execute() }'],
])('%s is recognised in compiled code, too', (tool, text) => {
  for (const ending of ['js', 'cjs', 'mjs'])
    expect(otherToolOf(listingOf({ [`1_a.${ending}`]: text }))?.tool.name).toBe(tool)
})

test("Flyway's files in subfolders are refused by name, at any depth", () => {
  const { problems } = read({ 'V2__b.sql': '', 'sub/V1__a.sql': '', 'sub/deep/R__v.sql': '', 'sub/notes.sql': '' })
  expect(problems?.map(({ path }) => path)).toEqual(['sub/V1__a.sql', 'sub/deep/R__v.sql'])
})
