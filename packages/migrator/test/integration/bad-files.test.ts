import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Project, pair } from '../support/cli.ts'
import { createDatabase, emptied, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal } from '../support/refusal.ts'

let db: TestDatabase
const projects: Project[] = []

beforeAll(async () => {
  db = await createDatabase()
})
beforeEach(() => emptied(db))
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove()
})
afterAll(() => db.drop())

async function projectWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<Project> {
  const project = await createProject(db.url, { ...GOOD, ...files })
  projects.push(project)
  return project
}

const GOOD = pair('0001_good', 'CREATE TABLE good (id int);\n', 'DROP TABLE good;\n')
const UP = 'CREATE TABLE bad (id int);\n'
const DOWN = 'DROP TABLE bad;\n'
const STRICT = { 'migrator.config.mjs': "export default { migrations: 'migrations', strict: true }\n" }

interface Case {
  readonly name: string
  readonly files: Readonly<Record<string, string | Uint8Array>>
  readonly says: readonly (string | RegExp)[]
}

const moduleText = `export const id = '0002_bad'
export async function up(db) { await db.execute('CREATE TABLE bad (id int)') }
export async function down(db) { await db.execute('DROP TABLE bad') }
`

const refused: readonly Case[] = [
  {
    name: 'two pairs with one number',
    files: { ...pair('0002_bad', UP, DOWN), ...pair('0002_other', UP, DOWN) },
    says: ['0002_bad.up.sql', '0002_other.up.sql', 'the same number, 2'],
  },
  {
    name: 'one number written with and without zeros',
    files: { ...pair('0002_bad', UP, DOWN), ...pair('2-other', UP, DOWN) },
    says: ['0002_bad.up.sql', '2-other.up.sql', 'the same number, 2'],
  },
  {
    name: 'a pair and a module with one number',
    files: { ...pair('0002_also', UP, DOWN), 'migrations/0002_bad.ts': moduleText },
    says: ['0002_also.up.sql', '0002_bad.ts', 'the same number, 2'],
  },
  {
    name: 'one id as a module and as a pair',
    files: { ...pair('0002_bad', UP, DOWN), 'migrations/0002_bad.ts': moduleText },
    says: ['0002_bad.ts', '0002_bad.up.sql', 'the same id, 0002_bad'],
  },
  {
    name: 'one id in two kinds of module',
    files: { 'migrations/0002_bad.ts': moduleText, 'migrations/0002_bad.mjs': moduleText },
    says: ['0002_bad.mjs and 0002_bad.ts', 'the same id, 0002_bad'],
  },
  {
    name: 'an up file without its down file',
    files: { 'migrations/0002_bad.up.sql': UP },
    says: ['0002_bad.up.sql has no 0002_bad.down.sql', 'irreversible='],
  },
  {
    name: 'a down file without its up file',
    files: { 'migrations/0002_bad.down.sql': DOWN },
    says: ['0002_bad.down.sql has no 0002_bad.up.sql'],
  },
  {
    name: 'a single file 0002_bad.sql',
    files: { 'migrations/0002_bad.sql': UP },
    says: ['0002_bad.sql', '.up.sql', '.down.sql'],
  },
  { name: 'an empty up file', files: pair('0002_bad', '', DOWN), says: ['Migration 0002_bad is empty', '.up.sql'] },
  {
    name: 'an empty down file, where the configuration is strict',
    files: { ...pair('0002_bad', UP, ''), ...STRICT },
    says: ['Migration 0002_bad is empty', '.down.sql'],
  },
  {
    name: 'an up file of white space and semicolons',
    files: pair('0002_bad', ' \r\n\t;\n;', DOWN),
    says: ['Migration 0002_bad is empty', '.up.sql'],
  },
  {
    name: 'an up file of line comments only',
    files: pair('0002_bad', '-- CREATE TABLE bad ();\n-- migrator: transaction=false', DOWN),
    says: ['Migration 0002_bad is empty', '.up.sql'],
  },
  {
    name: 'a down file of nested block comments only, where the configuration is strict',
    files: { ...pair('0002_bad', UP, '/* DROP TABLE bad; /* inner */ DROP TABLE good; */ -- end'), ...STRICT },
    says: ['Migration 0002_bad is empty', '.down.sql'],
  },
  {
    name: 'a file that is not UTF-8',
    files: { ...pair('0002_bad', UP, DOWN), 'migrations/0002_bad.up.sql': Buffer.from("SELECT 'caf\xe9';", 'latin1') },
    says: ['0002_bad.up.sql is not valid UTF-8'],
  },
  {
    name: 'a file with a NUL character',
    files: pair('0002_bad', 'CREATE TABLE bad (id int);\0DROP TABLE good;', DOWN),
    says: ['0002_bad.up.sql contains a NUL character'],
  },
  {
    name: 'an unknown option',
    files: pair('0002_bad', `-- migrator: transactional=false\n${UP}`, DOWN),
    says: ['0002_bad.up.sql', '"transactional" is not an option', 'transaction'],
  },
  {
    name: 'an option with a value that it does not take',
    files: pair('0002_bad', `-- migrator: transaction=off\n${UP}`, DOWN),
    says: ['0002_bad.up.sql', 'transaction=off', 'true or false'],
  },
  {
    name: 'an option without a value',
    files: pair('0002_bad', `-- migrator: no-transaction\n${UP}`, DOWN),
    says: ['0002_bad.up.sql', 'no-transaction', 'key=value'],
  },
  {
    name: 'an invalid option in the down file',
    files: pair('0002_bad', UP, `-- migrator: transaction=maybe\n${DOWN}`),
    says: ['0002_bad.down.sql', 'transaction=maybe', 'true or false'],
  },
  {
    name: 'an irreversible option that gives no reason',
    files: { 'migrations/0002_bad.up.sql': `-- migrator: irreversible=""\n${UP}` },
    says: ['0002_bad.up.sql', 'irreversible'],
  },
  {
    name: 'a name that is only a number',
    files: { 'migrations/0002.up.sql': UP, 'migrations/0002.down.sql': DOWN },
    says: ['0002.up.sql', 'digits', '0007_add_plans'],
  },
  {
    name: 'a pair whose name has no number',
    files: pair('add_bad', UP, DOWN),
    says: ['add_bad.up.sql', '0007_add_plans'],
  },
  {
    name: 'a pair whose endings are in capitals',
    files: { 'migrations/0002_bad.UP.SQL': UP, 'migrations/0002_bad.DOWN.SQL': DOWN },
    says: ['0002_bad.UP.SQL', '.up.sql'],
  },
  {
    name: 'several things at once, and names them all',
    files: {
      'migrations/0002_bad.down.sql': DOWN,
      ...pair('0003_empty', '', DOWN),
      'migrations/0004_lone.sql': UP,
    },
    says: ['3 problems', '0002_bad.down.sql has no', 'Migration 0003_empty is empty', '0004_lone.sql'],
  },
]

describe('before anything runs, migrate refuses', () => {
  test.each(refused)('$name', async ({ files, says }) => {
    const project = await projectWith(files)
    const expected = { exit: 2, code: 'MIGRATION_FILES_INVALID', says, hint: ['Correct the files', 'nothing was run'] }
    await expectRefusal(project, { words: ['migrate'], ...expected }, db)
  })
})

test.each(['validate', 'status', 'baseline 0001_good', 'migrate --dry-run', 'safe'])(
  'migrator %s exits 2 for an invalid file too',
  async (command) => {
    const project = await projectWith({ 'migrations/0002_bad.up.sql': UP })
    const expected = {
      code: 'MIGRATION_FILES_INVALID',
      says: '0002_bad.up.sql has no 0002_bad.down.sql',
      hint: 'Correct',
    }
    await expectRefusal(project, { words: command.split(' '), exit: 2, ...expected }, db)
  },
)

test('--verbose shows the stack', async () => {
  const project = await projectWith({ 'migrations/0002_bad.up.sql': UP })
  expect((await project.run(['migrate', '--verbose'])).stderr).toMatch(/^\s+at .+:\d+/m)
})

test('a problem is data in the document: kind, path, id', async () => {
  const project = await projectWith({ 'migrations/0002_bad.up.sql': UP })
  const { error } = (await project.run(['migrate', '--json'])).json()
  expect(error.problems).toEqual([
    expect.objectContaining({ kind: 'missing-down', path: '0002_bad.up.sql', id: '0002_bad' }),
  ])
})

test('a migrations directory that is not there is refused with its path', async () => {
  const project = await projectWith({})
  await rename(project.migrations, join(project.directory, 'elsewhere'))
  const expected = { code: 'MIGRATIONS_DIRECTORY_MISSING', says: project.migrations, hint: '--migrations DIR' }
  for (const words of [['migrate'], ['status'], ['validate']]) {
    await expectRefusal(project, { words, exit: 2, ...expected }, db)
  }
})

describe('what only looks odd is accepted', () => {
  const accepted: readonly Case[] = [
    {
      name: 'an irreversible up file without a down file',
      files: { 'migrations/0002_bad.up.sql': `-- migrator: irreversible="the rows are gone"\n${UP}` },
      says: [],
    },
    {
      name: 'a byte order mark and Windows line ends in front of an option',
      files: pair(
        '0002_bad',
        '\uFEFF-- migrator: transaction=false\r\nCREATE TABLE bad (id int);\r\n',
        `\uFEFF${DOWN}`,
      ),
      says: [],
    },
    {
      name: 'code behind comments, and comment signs in texts',
      files: pair('0002_bad', `/* a /* b */ c */ -- d\n${UP}COMMENT ON TABLE bad IS '-- /* no comment';`, DOWN),
      says: [],
    },
    {
      name: 'helpers, notes and other files without a number',
      files: { ...pair('0002_bad', UP, DOWN), 'migrations/README.md': '# x', 'migrations/helper.ts': 'syntax error (' },
      says: [],
    },
  ]

  test.each(accepted)('$name', async ({ files }) => {
    const project = await projectWith(files)
    const { code, stderr } = await project.run(['migrate'])
    expect(stderr).not.toContain('✗')
    expect(code).toBe(0)
    expect(await stateOf(db)).toContain('0002_bad')
    expect((await project.run(['status', '--check'])).code).toBe(0)
  })
})

describe('validate parses SQL, and names file, line and column', () => {
  const none = '-- migrator: transaction=false\n'
  test.each([
    [
      'a syntax error',
      'SELECT 1;\n\nCREATE TABEL bad (id int);',
      ['0002_bad.up.sql:3:8: syntax error', '"TABEL"', '> 3 | CREATE'],
    ],
    [
      'CREATE INDEX CONCURRENTLY',
      'SELECT 1;\n  CREATE INDEX CONCURRENTLY i ON good (id);',
      ['0002_bad.up.sql:2:3: CREATE INDEX CONCURRENTLY cannot run in a transaction', 'transaction=false'],
    ],
    ['DROP INDEX CONCURRENTLY', 'DROP INDEX CONCURRENTLY i;', ['1:1: DROP INDEX CONCURRENTLY cannot run']],
    ['REINDEX … CONCURRENTLY', 'REINDEX TABLE CONCURRENTLY good;', ['1:1: REINDEX CONCURRENTLY cannot run']],
    ['VACUUM', 'ANALYZE good; VACUUM good;', ['1:15: VACUUM cannot run in a transaction']],
    ['CREATE DATABASE', 'CREATE DATABASE bad;', ['1:1: CREATE DATABASE cannot run']],
    ['ALTER SYSTEM', "ALTER SYSTEM SET work_mem = '1MB';", ['1:1: ALTER SYSTEM cannot run']],
    [
      'a partition detached concurrently',
      'ALTER TABLE good DETACH PARTITION p CONCURRENTLY;',
      ['DETACH PARTITION CONCURRENTLY cannot run'],
    ],
    [
      'an enum value used where it is added',
      "ALTER TYPE mood ADD VALUE 'glad';\nSELECT 'glad'::mood;",
      ["2:1: the enum value 'glad' is added in this transaction", 'next migration'],
    ],
  ])('%s', async (_, up, texts) => {
    const project = await projectWith(pair('0002_bad', up, DOWN))
    const { code, stderr } = await project.run(['validate'], { DATABASE_URL: '' })
    expect(code).toBe(2)
    for (const text of texts) expect(stderr).toContain(text)
    const [problem] = (await project.run(['validate', '--json'], { DATABASE_URL: '' })).json().problems
    expect(problem).toMatchObject({ path: '0002_bad.up.sql', line: expect.any(Number), column: expect.any(Number) })
  })

  test('in the down too, and everything at once', async () => {
    const files = {
      ...pair('0002_bad', 'CREATE TABEL a ();', 'DORP TABLE a;'),
      ...pair('0003_bad', 'VACUUM;', 'SELECT 1;'),
    }
    const { stderr } = await (await projectWith(files)).run(['validate'], { DATABASE_URL: '' })
    for (const text of ['3 problems', '0002_bad.up.sql:1:8', '0002_bad.down.sql:1:1', '0003_bad.up.sql:1:1'])
      expect(stderr).toContain(text)
  })

  test.each([
    ['outside a transaction', `${none}CREATE INDEX CONCURRENTLY i ON good (id);\nVACUUM good;`],
    [
      'an enum that is created there',
      "CREATE TYPE mood AS ENUM ('sad'); ALTER TYPE mood ADD VALUE 'glad'; SELECT 'glad'::mood;",
    ],
    [
      'what only looks like it',
      "REFRESH MATERIALIZED VIEW CONCURRENTLY v; REINDEX TABLE good; SELECT 'VACUUM', E'\\\\restrict'; -- \\connect",
    ],
  ])('lets pass %s', async (_, up) => {
    const project = await projectWith(pair('0002_good', up, 'SELECT 1;'))
    expect(await project.run(['validate'], { DATABASE_URL: '' })).toMatchObject({ code: 0, stderr: '' })
  })
})

describe("psql's commands are named, by validate and migrate", () => {
  test.each([
    ['\\restrict', '-- PostgreSQL database dump\n\n\\restrict abc\n\nSELECT 1;\n', '3:1', 'remove the line'],
    ['\\connect', 'SELECT 1;\n\\connect other\nSELECT 2;', '2:1', 'one database that the URL names'],
    ['\\copy', "\\copy good FROM 'good.csv'\n", '1:1', 'INSERT … VALUES'],
    ['\\i', `${'-- migrator: transaction=false'}\n\\i other.sql\n`, '2:1', 'put the text of that file here'],
  ])('%s', async (name, up, place, advice) => {
    const project = await projectWith(pair('0002_bad', up, DOWN))
    const says = [`0002_bad.up.sql:${place}: ${name} is a psql command`, advice]
    for (const words of [['validate'], ['migrate'], ['migrate', '--dry-run']])
      await expectRefusal(project, { words, exit: 2, code: 'MIGRATION_FILES_INVALID', says, hint: 'Correct' }, db)
  })
})

test('what editors and operating systems leave behind is no migration', async () => {
  const litter = [
    '._0001_good.up.sql',
    '.#0002_x.up.sql',
    '.DS_Store',
    '0001_good.up.sql~',
    '#0001_good.up.sql#',
    '.0002_x.up.sql.swp',
    '0002_x.up.sql.swp',
  ]
  const project = await projectWith(Object.fromEntries(litter.map((name) => [`migrations/${name}`, '\0'])))
  expect((await project.run(['validate'])).stdout).toContain('1 migration is valid')
  await project.write({
    'folders/20240101000000_a/migration.sql': UP,
    'folders/20240101000000_a/._migration.sql': '\0',
  })
  const { stdout } = await project.run(['validate', '--migrations', 'folders'], { DATABASE_URL: '' })
  expect(stdout).toContain('1 migration is valid')
})
