import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Finished, type Project, pair } from '../support/cli.ts'
import { createDatabase, emptied, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
let project: Project
beforeAll(async () => {
  db = await createDatabase()
  project = await createProject(
    db.url,
    pair('0001_people', 'CREATE TABLE people (email text, age text)', 'DROP TABLE people'),
  )
})
beforeEach(async () => {
  await emptied(db)
  await project.run(['migrate', '--target', '0001_people'])
  await db.sql`INSERT INTO people VALUES ('ada@row.example', 'ada@row.example'), ('ada@row.example', '7')`
})
afterAll(async () => {
  await project.remove()
  await db.drop()
})

const ROW = 'ada@row.example'

/** Everything that a run leaves: what it says, what it writes to the log file, and what to the log table. */
async function left(finished: Finished): Promise<string> {
  const file = await readFile(join(project.directory, 'logs/migrations.jsonl'), 'utf8')
  const table = await db.sql`SELECT to_jsonb(l)::text AS entry FROM migration_logs l`
  return [finished.stdout, finished.stderr, file, ...table.map(({ entry }) => String(entry))].join('\n')
}

const FAILING = {
  'a duplicate key': ['ALTER TABLE people ADD UNIQUE (email)', '23505'],
  'a duplicate key of a new row': [
    `CREATE TABLE mails (email text UNIQUE); INSERT INTO mails SELECT email FROM people`,
    '23505',
  ],
  'a failing row': ['ALTER TABLE people ADD CHECK (length(email) < 3); ', '23514'],
  'a row without a value': [
    'CREATE TABLE more (a text, b int NOT NULL); INSERT INTO more SELECT email FROM people',
    '23502',
  ],
  'a value of another type': ['ALTER TABLE people ALTER age TYPE int USING age::int', '22P02'],
  'a value of a row in PL/pgSQL': [
    'DO $$ DECLARE n int; BEGIN FOR n IN SELECT age FROM people LOOP NULL; END LOOP; END $$',
    '22P02',
  ],
} as const

describe.each(Object.entries(FAILING))('%s', (_, [up, state]) => {
  beforeEach(() => project.write(pair('0002_bad', up, 'SELECT 1')))

  test('is reported without the row, in text, in JSON and in the logs', async () => {
    const text = await project.run(['migrate'])
    expect(text.code).toBe(1)
    const json = await project.run(['migrate', '--json'])
    expect(json.json().error).toMatchObject({ sqlstate: state })
    expect(await left(text)).not.toContain(ROW)
    expect(await left(json)).not.toContain(ROW)
  })

  test('is shown to who sits at the terminal and asks for it', async () => {
    const verbose = await project.run(['migrate', '--verbose'])
    if (state !== '23514') expect(verbose.stderr).toContain(ROW)
    expect(await left({ ...verbose, stderr: '' })).not.toContain(ROW)
  })
})

const GIVEN = 'bob@given.example'
const INSERTS = `INSERT INTO people VALUES ('ada@row.example', '8'), (\n  '${GIVEN}', '4111111111111111')`

describe.each([
  ['a constraint refuses', `ALTER TABLE people ADD CHECK (email <> '${GIVEN}') NOT VALID; ${INSERTS}`],
  ['a type refuses', `CREATE TABLE ages (age int); INSERT INTO ages VALUES ('${GIVEN}')`],
  ['come before a missing table', `INSERT INTO nowhere VALUES ('${GIVEN}')`],
] as const)('values of a statement that %s', (_, up) => {
  const own = `-- migrator: transaction=false\n${up}`
  const module = `export const id = '0002_bad'
export async function up(db) { for (const sql of ${JSON.stringify(up.split(';'))}) await db.execute(sql) }
export async function down() {}`

  test.each([
    ['a pair', pair('0002_bad', up, 'SELECT 1')],
    ['a pair outside a transaction', pair('0002_bad', own, 'DROP TABLE nowhere')],
    ['a module', { 'migrations/0002_bad.ts': module }],
  ])('appear nowhere: %s', async (_, files) => {
    const folder = await createProject(db.url, files)
    try {
      await folder.write(pair('0001_people', 'CREATE TABLE people (email text, age text)', 'DROP TABLE people'))
      for (const words of [[], ['--json'], ['--verbose', '--json']]) {
        const failed = await folder.run(['migrate', ...words])
        expect(failed.code).not.toBe(0)
        const file = await readFile(join(folder.directory, 'logs/migrations.jsonl'), 'utf8')
        const table = await db.sql`SELECT to_jsonb(l)::text AS entry FROM migration_logs l`
        const told = [failed.stdout, file, ...table.map(({ entry }) => String(entry))].join('\n')
        expect(told).not.toContain(GIVEN)
        expect(told).not.toContain('4111111111111111')
      }
    } finally {
      await folder.remove()
    }
  })
})

test('what an error says of objects stays in it', async () => {
  await project.write(pair('0002_bad', 'CREATE VIEW v AS SELECT email FROM people; DROP TABLE people', 'SELECT 1'))
  const { stderr } = await project.run(['migrate'])
  expect(stderr).toContain('view v depends on table people')
})

test('a password in a statement that fails appears nowhere', async () => {
  const bad = "ALTER ROLE nobody_there\n  PASSWORD\n  $pw$hunter2\nhunter2$pw$ VALID UNTIL 'x'"
  await project.write(pair('0002_bad', bad, 'SELECT 1'))
  const finished = await project.run(['migrate', '--verbose'])
  expect(finished.code).toBe(1)
  expect(await left(finished)).not.toContain('hunter2')
  const planned = await project.run(['migrate', '--dry-run', '--json'])
  expect(planned.stdout).toContain('nobody_there')
  expect(planned.stdout).not.toContain('hunter2')
})
