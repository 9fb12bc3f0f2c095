import { afterAll, beforeAll, expect, test } from 'vitest'
import { createProject, type Project } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
let project: Project
afterAll(async () => {
  await project.remove()
  await db.drop()
})

/** As an editor on Windows writes it. */
const windows = (text: string) => `\uFEFF${text.replaceAll('\n', '\r\n')}`

const FILES = {
  'migrations/0001_function.up.sql': windows(
    '-- description: A function\nBEGIN;\nCREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $body$\nBEGIN\n  RETURN 1; -- one\nEND\n$body$;\nCOMMIT;\n',
  ),
  'migrations/0001_function.down.sql': windows('DROP FUNCTION f;\n'),
  'migrations/0002_outside.up.sql': windows(
    '-- migrator: transaction=false\n/* a\n */\nCREATE TABLE t (a text);\nCREATE INDEX CONCURRENTLY t_a ON t (a);\n',
  ),
  'migrations/0002_outside.down.sql': windows('-- migrator: transaction=false\nDROP TABLE t;\n'),
  'migrations/0003_module.ts': windows(
    [
      "import { NAME } from './lib/name.ts'",
      "export const id = '0003_module'",
      'type Db = { execute(sql: string): unknown }',
      "export const up = (db: Db) => db.execute('CREATE TABLE ' + NAME + ' (a int)')",
      "export const down = (db: Db) => db.execute('DROP TABLE ' + NAME)\n",
    ].join('\n'),
  ),
  'migrations/lib/name.ts': windows("export const NAME = 'named'\n"),
}

beforeAll(async () => {
  db = await createDatabase()
  project = await createProject(db.url, FILES)
})

test('files with CRLF and a byte order mark load, run, come back, and are noted, not refused', async () => {
  const validated = await project.run(['validate', '--json'])
  expect(validated.code, validated.stdout).toBe(0)
  const notes = (validated.json() as unknown as { notes: { kind: string; path: string }[] }).notes
  const expected = Object.keys(FILES).flatMap((path) => [
    `byte-order-mark ${path.slice('migrations/'.length)}`,
    `crlf ${path.slice('migrations/'.length)}`,
  ])
  expect(notes.map(({ kind, path }) => `${kind} ${path}`).toSorted()).toEqual(expected.toSorted())
  const text = await project.run(['validate'])
  expect(text.stdout).toContain('Note: 0001_function.up.sql has CRLF line ends')
  expect(text.stdout).toContain('.gitattributes')

  const applied = await project.run(['migrate'])
  expect(applied.code, applied.stderr).toBe(0)
  const [body] = await db.sql`SELECT prosrc FROM pg_proc WHERE proname = 'f'`
  expect(body?.prosrc).toBe('\r\nBEGIN\r\n  RETURN 1; -- one\r\nEND\r\n')
  const [outside] = await db.sql`SELECT transactional FROM schema_migrations WHERE version = '0002_outside'`
  expect(outside?.transactional).toBe(false)
  const tables = await db.sql`SELECT to_regclass('t_a') AS index, to_regclass('named') AS named`
  expect(tables).toEqual([{ index: 't_a', named: 'named' }])

  const reverted = await project.run(['rollback', '--all', '--force'])
  expect(reverted.code, reverted.stderr).toBe(0)
  expect(await db.sql`SELECT to_regclass('t') AS t, to_regclass('named') AS named`).toEqual([{ t: null, named: null }])
})
