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
    says: ['0002_bad.up.sql', '0002_other.up.sql', 'one number, 2'],
  },
  {
    name: 'one number written with and without zeros',
    files: { ...pair('0002_bad', UP, DOWN), ...pair('2-other', UP, DOWN) },
    says: ['0002_bad.up.sql', '2-other.up.sql', 'one number, 2'],
  },
  {
    name: 'a pair and a module with one number',
    files: { ...pair('0002_also', UP, DOWN), 'migrations/0002_bad.ts': moduleText },
    says: ['0002_also.up.sql', '0002_bad.ts', 'one number, 2'],
  },
  {
    name: 'one id as a module and as a pair',
    files: { ...pair('0002_bad', UP, DOWN), 'migrations/0002_bad.ts': moduleText },
    says: ['0002_bad.ts', '0002_bad.up.sql', 'one id, 0002_bad'],
  },
  {
    name: 'one id in two kinds of module',
    files: { 'migrations/0002_bad.ts': moduleText, 'migrations/0002_bad.mjs': moduleText },
    says: ['0002_bad.mjs and 0002_bad.ts', 'one id, 0002_bad'],
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
    name: 'an option that there is not',
    files: pair('0002_bad', `-- migrator: transactional=false\n${UP}`, DOWN),
    says: ['0002_bad.up.sql', '"transactional" is no option', 'transaction'],
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
