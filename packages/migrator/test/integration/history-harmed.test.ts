import { describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { historyOf, sleeping, tablesOf } from '../support/observe.ts'
import { hurry, module, outsidePair, SLEEP, saidBy, scene } from '../support/scene.ts'

const one = pair('0001_one', 'CREATE TABLE one (id int);', 'DROP TABLE one;')
const three = pair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE three;')

/** What a migration may do to the history, on purpose or along with everything else. */
const HARMS = [
  'DROP TABLE schema_migrations',
  'ALTER TABLE schema_migrations RENAME TO old',
  'ALTER TABLE schema_migrations DROP COLUMN checksum',
  'ALTER TABLE schema_migrations DROP CONSTRAINT schema_migrations_pkey, ALTER sequence DROP IDENTITY',
  'TRUNCATE schema_migrations',
  'DELETE FROM schema_migrations',
  'DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE pace AS SELECT false AS hurried',
  "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP EXECUTE format('TRUNCATE %I', t); END LOOP; END $$",
] as const

/** The history with one migration, and a second one with a third to come. */
async function withOne(second: Record<string, string>) {
  const made = await scene(one)
  const first = await made.project.run(['migrate'])
  expect(first.code, saidBy(first)).toBe(0)
  await made.project.write({ ...second, ...three })
  return made
}

describe.each(['batch', 'each'])('a migration that harms the history, --transaction %s,', (transaction) => {
  test.each(HARMS)('is not committed: %s', async (harm) => {
    const { db, project } = await withOne(pair('0002_harm', `CREATE TABLE two (id int); ${harm};`, 'SELECT 1;'))
    const failed = await project.run(['migrate', '--transaction', transaction, '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    const { code, message, hint } = failed.json().error
    expect(code, saidBy(failed)).toBe('HISTORY_CHANGED')
    expect(message).toContain('history table public.schema_migrations')
    expect(hint).toContain('Take out of the migration')
    expect(saidBy(failed)).not.toContain('Correct the migration')
    expect(await historyOf(db)).toEqual(['0001_one'])
    expect(await tablesOf(db)).toEqual(['one'])
  })
})

test.each([
  ['a pair', outsidePair('0002_harm', 'TRUNCATE schema_migrations;', 'SELECT 1;')],
  [
    'a pair, in its own transaction',
    outsidePair('0002_harm', 'BEGIN; DELETE FROM schema_migrations; COMMIT;', 'SELECT 1;'),
  ],
  ['a pair that drops the schema', outsidePair('0002_harm', 'DROP SCHEMA public CASCADE;', 'SELECT 1;')],
  [
    'a module',
    module('0002_harm', {
      up: "await db.execute('DROP TABLE schema_migrations')",
      down: '',
      more: 'export const transaction = false',
    }),
  ],
])('outside a transaction the statement is never sent: %s', async (_, second) => {
  const { db, project } = await withOne(second)
  const failed = await project.run(['migrate', '--json'])
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(failed.json().error).toMatchObject({ code: 'HISTORY_CHANGED', id: '0002_harm' })
  expect(failed.json().error.message).toContain('It was not sent')
  expect(await historyOf(db)).toEqual(['0001_one'])
})

test('outside a transaction, history removed by a function is reported at the next statement', async () => {
  const code = "DO $$ BEGIN EXECUTE 'TRUNCATE \"schema_' || 'migrations\"'; END $$;"
  const { project } = await withOne(outsidePair('0002_harm', `${code}\nCREATE TABLE two (id int);`, 'SELECT 1;'))
  const failed = await project.run(['migrate', '--json'])
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(failed.json().error).toMatchObject({ code: 'HISTORY_CHANGED', id: '0002_harm' })
})

test('history removed by another session is reported as such, and the step is not committed', async () => {
  const { db, project } = await withOne(pair('0002_two', `CREATE TABLE two (id int); ${SLEEP};`, 'DROP TABLE two;'))
  const running = project.start(['migrate', '--json', '--transaction', 'each'])
  await sleeping(db)
  await db.sql.unsafe('ALTER TABLE schema_migrations RENAME TO elsewhere')
  await hurry(db)
  const failed = await running.finished
  expect(failed.code, saidBy(failed)).toBe(1)
  expect(failed.json().error).toMatchObject({ code: 'HISTORY_CHANGED', id: '0002_two' })
  await db.sql.unsafe('ALTER TABLE elsewhere RENAME TO schema_migrations')
  const done = await project.run(['migrate'])
  expect(done.code, saidBy(done)).toBe(0)
})
