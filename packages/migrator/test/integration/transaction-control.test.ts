import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Project, pair } from '../support/cli.ts'
import { createDatabase, emptied, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal, expectSaid } from '../support/refusal.ts'

let db: TestDatabase
let project: Project

beforeAll(async () => {
  db = await createDatabase()
})
beforeEach(async () => {
  await emptied(db)
  project = await createProject(db.url, pair('0001_good', 'CREATE TABLE good (id int);\n', 'DROP TABLE good;\n'))
})
afterEach(() => project.remove())
afterAll(() => db.drop())

const DOWN = 'DROP TABLE bad;\n'

describe('transaction control in a transactional SQL pair is refused with its place, before anything runs', () => {
  test.each([
    ['COMMIT', 'CREATE TABLE bad (id int);\n  COMMIT;\n', '2:3'],
    ['lower case, behind a comment', '/* ü🦊 */ commit', '1:10'],
    ['a second transaction', 'BEGIN;\nCREATE TABLE bad (id int);\nCOMMIT;\nBEGIN;\nSELECT 1;\nCOMMIT;\n', '3:1'],
    ['a BEGIN that asks for more', 'BEGIN ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE bad (id int);\nCOMMIT;\n', '1:1'],
    ['START TRANSACTION', "SELECT 'a;b';\nSTART TRANSACTION;", '2:1'],
    ['ROLLBACK', 'SELECT 1; ROLLBACK;', '1:11'],
    ['END', 'CREATE TABLE bad ();\nEND;', '2:1'],
    ['ABORT', 'CREATE TABLE bad ();\nABORT;', '2:1'],
    ['COMMIT AND CHAIN', 'CREATE TABLE bad ();\nCOMMIT AND CHAIN;', '2:1'],
    ['PREPARE TRANSACTION', "CREATE TABLE bad ();\nPREPARE TRANSACTION 'x';", '2:1'],
  ])('%s', async (_, up, place) => {
    await project.write(pair('0002_bad', up, DOWN))
    const says = [`0002_bad.up.sql:${place}`, 'transaction control', 'transaction=false']
    const expected = { code: 'MIGRATION_FILES_INVALID', says, hint: 'Correct' }
    await expectRefusal(project, { words: ['migrate'], exit: 2, ...expected }, db)
  })

  test.each(['migrate --transaction each', 'migrate --dry-run', 'validate'])('by %s too', async (command) => {
    await project.write(pair('0002_bad', 'CREATE TABLE bad (id int);\nCOMMIT;\n', DOWN))
    const expected = { code: 'MIGRATION_FILES_INVALID', says: '0002_bad.up.sql:2:1', hint: 'Correct' }
    await expectRefusal(project, { words: command.split(' '), exit: 2, ...expected }, db)
  })

  test('in a down file it stops the rollback', async () => {
    await project.write(pair('0002_bad', 'CREATE TABLE bad (id int);', 'DROP TABLE bad;\nCOMMIT;\n'))
    expect((await project.run(['migrate'])).code).toBe(0)
    const expected = { code: 'MIGRATION_FILES_INVALID', says: '0002_bad.down.sql:2:1', hint: 'Correct' }
    await expectRefusal(project, { words: ['rollback'], exit: 2, ...expected }, db)
  })
})

test.each([
  [
    'a text, a comment, a quoted name and a function body',
    `-- COMMIT;
CREATE TABLE bad ("commit" text DEFAULT 'COMMIT; ROLLBACK;');
CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'COMMIT'; END $$;\n`,
  ],
  ['savepoints', 'SAVEPOINT a; CREATE TABLE bad (id int); ROLLBACK TO a; RELEASE a; CREATE TABLE bad (id int);\n'],
  ['BEGIN and COMMIT around everything', '-- of another tool\nBEGIN;\nCREATE TABLE bad (id int);\nCOMMIT;\n'],
])('what only looks like transaction control runs: %s', async (_, up) => {
  await project.write(pair('0002_bad', up, `${DOWN}DROP FUNCTION IF EXISTS f();`))
  const { code, stderr } = await project.run(['migrate'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('✗') })
  expect((await project.run(['rollback'])).code).toBe(0)
})

test('BEGIN and COMMIT around everything do not part a migration from its batch', async () => {
  await project.write(pair('0002_bad', 'BEGIN;\nCREATE TABLE bad (id int);\nCOMMIT;\n', `BEGIN;\n${DOWN}COMMIT;\n`))
  await project.write(pair('0003_fails', 'SELECT 1/0;', 'SELECT 1;'))
  const failed = await project.run(['migrate'])
  expect({ code: failed.code, stderr: failed.stderr }).toMatchObject({ code: 1 })
  expect(JSON.parse(await stateOf(db)).rows).toEqual([])
  expect(await stateOf(db)).not.toMatch(/"(bad|good)"/)
})

describe('transaction control in a module fails its step, and all is undone', () => {
  const module = (statement: string) => ({
    'migrations/0002_bad.ts': `export async function up(db) {
  await db.execute('CREATE TABLE bad (id int)')
  ${statement}
}
export async function down(db) { await db.execute('DROP TABLE bad') }
`,
  })

  test.each([
    ['COMMIT', "await db.execute('COMMIT')"],
    ['COMMIT behind another statement', "await db.execute('SELECT 1; COMMIT')"],
    ['ROLLBACK, then BEGIN', "await db.execute('ROLLBACK'); await db.execute('BEGIN')"],
    ['COMMIT in a nested transaction', "await db.transaction(async (tx) => { await tx.execute('COMMIT') })"],
  ])('%s', async (_, statement) => {
    await project.write(module(statement))
    const plain = await project.run(['migrate'])
    const json = await project.run(['migrate', '--json'])
    const says = ['0002_bad.ts:3:', /COMMIT|ROLLBACK/, 'not allowed in a transactional migration']
    expectSaid(plain, json, { words: [], exit: 1, code: 'TRANSACTION_CONTROL', says, hint: 'BEGIN/COMMIT/ROLLBACK' })
    expect(JSON.parse(await stateOf(db)).rows).toEqual([])
    expect(await stateOf(db)).not.toMatch(/"(bad|good)"/)
  })

  test('a refusal that the module swallows was not sent: the transaction is whole', async () => {
    await project.write(module("try { await db.execute('COMMIT') } catch {}\n  throw new Error('after all')"))
    const { code, stderr } = await project.run(['migrate'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('after all') })
    expect(await stateOf(db)).not.toMatch(/"(bad|good)"/)
  })
})

describe('COPY FROM STDIN is refused with its place', () => {
  test.each([
    ['in a pair', 'CREATE TABLE bad (id int);\nCOPY bad FROM STDIN;\n'],
    ['outside a transaction', '-- migrator: transaction=false\nCOPY bad FROM STDIN;\n'],
  ])('%s', async (_, up) => {
    await project.write(pair('0002_bad', up, DOWN))
    const says = ['0002_bad.up.sql:2:1', 'COPY … FROM STDIN', 'INSERT']
    const expected = { code: 'MIGRATION_FILES_INVALID', says, hint: 'Correct' }
    await expectRefusal(project, { words: ['migrate'], exit: 2, ...expected }, db)
  })

  test('with the rows of pg_dump behind it', async () => {
    await project.write(pair('0002_bad', 'CREATE TABLE bad (id int);\nCOPY bad (id) FROM stdin;\n1\n2\n\\.\n', DOWN))
    const expected = { code: 'MIGRATION_FILES_INVALID', says: ['0002_bad.up.sql:2:1', 'COPY'], hint: 'Correct' }
    await expectRefusal(project, { words: ['migrate'], exit: 2, ...expected }, db)
  })
})

test('an SQL pair with a syntax error fails with file, line and column, and leaves nothing', async () => {
  await project.write(pair('0002_bad', "-- ü🦊\nCREATE TABLE bad (id int);\nSELECT 'ü🦊', FROM bad WHERE;\n", DOWN))
  const { code, stderr } = await project.run(['migrate'])
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('0002_bad.up.sql:3:14: syntax error') })
  expect(await stateOf(db)).not.toMatch(/"(bad|good)"/)
})
