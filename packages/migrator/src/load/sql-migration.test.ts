import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { folderOf } from '../../test/support/folder.ts'
import type { Migration } from '../core/migration.ts'
import { postgresScript } from '../dialects/postgres/script/language.ts'
import { sqlMigration } from './sql-migration.ts'

/** Loads the pair `1_a` of these texts. */
async function load(up: string, down?: string): Promise<Migration> {
  const folder = folderOf({ '1_a.up.sql': up, ...(down === undefined ? {} : { '1_a.down.sql': down }) })
  const parts = { up: { path: '1_a.up.sql' }, down: down === undefined ? undefined : { path: '1_a.down.sql' } }
  const { file } = sqlMigration(folder, postgresScript, { id: '1_a', ...parts }, { strict: true })
  if (!file) throw new Error('it was not read')
  return file.load()
}

async function check(up: string, down: string | undefined, expected: Partial<Migration>): Promise<void> {
  expect(await load(up, down)).toMatchObject(expected)
}

test('is a migration with both texts as they stand in the files', async () => {
  await check("SELECT 'é😀';\r\n", 'SELECT 2', {
    id: '1_a',
    format: 'sql',
    path: '1_a.up.sql',
    transactional: true,
    up: { kind: 'sql', sql: "SELECT 'é😀';\r\n", file: '1_a.up.sql' },
    down: { kind: 'sql', sql: 'SELECT 2', file: '1_a.down.sql' },
    sources: [
      { path: '1_a.up.sql', content: "SELECT 'é😀';\r\n" },
      { path: '1_a.down.sql', content: 'SELECT 2' },
    ],
  })
})

test('keeps a byte order mark in the archived source, so that its checksum stays true', async () => {
  const { sources } = await load('\uFEFFSELECT 1', 'SELECT 2')
  expect(sources[0]?.content).toBe('\uFEFFSELECT 1')
})

test('runs without a byte order mark, which the server takes for a letter', async () => {
  await check('\uFEFFSELECT 1', '\uFEFFSELECT 2', {
    up: { kind: 'sql', sql: 'SELECT 1', file: '1_a.up.sql' },
    down: { kind: 'sql', sql: 'SELECT 2', file: '1_a.down.sql' },
  })
})

test('takes its options from the header of the up file', async () => {
  await check('-- migrator: transaction=false\n-- Description: Faster\nSELECT 1', 'SELECT 2', {
    transactional: false,
    description: 'Faster',
  })
})

test('is outside of a transaction when either file says so', async () => {
  await check('SELECT 1', '-- migrator: transaction=false\nSELECT 2', { transactional: false })
})

test('without a down carries the reason', async () => {
  const migration = await load('-- migrator: irreversible="rows are gone"\nSELECT 1')
  expect(migration).toMatchObject({ irreversible: 'rows are gone', down: undefined, downChecksum: undefined })
  expect(migration.sources).toHaveLength(1)
})

test('is read whole at once: what happens to the file afterwards does not matter', async () => {
  const folder = folderOf({ '1_a.up.sql': 'SELECT 1', '1_a.down.sql': 'SELECT 2' })
  const { file } = sqlMigration(
    folder,
    postgresScript,
    { id: '1_a', up: { path: '1_a.up.sql' }, down: { path: '1_a.down.sql' } },
    { strict: true },
  )
  writeFileSync(`${folder}/1_a.up.sql`, 'DROP TABLE a')
  expect(await file?.load()).toMatchObject({ up: { sql: 'SELECT 1' } })
})
