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

async function projectWith(files: Readonly<Record<string, string>>): Promise<Project> {
  const good = pair('0001_good', 'CREATE TABLE good (id int);\n', 'DROP TABLE good;\n')
  const project = await createProject(db.url, { ...good, ...files })
  projects.push(project)
  return project
}

const ID = "export const id = '0002_bad'"
const UP = "export async function up(db) { await db.execute('CREATE TABLE bad (id int)') }"
const DOWN = "export async function down(db) { await db.execute('DROP TABLE bad') }"

function file(...lines: readonly string[]): Record<string, string> {
  return { 'migrations/0002_bad.ts': `${lines.join('\n')}\n` }
}

interface Case {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly says: readonly (string | RegExp)[]
}

const refused: readonly Case[] = [
  {
    name: 'an id export unlike the file name',
    files: file("export const id = '0002_other'", UP, DOWN),
    says: ['0002_bad.ts', '"0002_other"', '"0002_bad"'],
  },
  {
    name: 'an id that shows only when the module is imported',
    files: file("const name = 'other'", 'export const id = ["0002", name].join("_")', UP, DOWN),
    says: ['0002_bad.ts', '"0002_other"', '"0002_bad"'],
  },
  {
    name: 'a module without down',
    files: file(ID, UP),
    says: ['0002_bad', 'does not have a down() function', 'irreversible'],
  },
  {
    name: 'a module whose down is only spoken of',
    files: file(ID, '// down: see the runbook', UP),
    says: ['0002_bad', 'does not have a down() function', '0002_bad.ts'],
  },
  {
    name: 'a module whose down is no function',
    files: file(ID, UP, "export const down = 'DROP TABLE bad'"),
    says: ['0002_bad', 'does not have a down() function'],
  },
  {
    name: 'a module without up',
    files: file(ID, DOWN),
    says: ['0002_bad.ts exports no function up(db)'],
  },
  { name: 'an empty module', files: file(''), says: ['Migration 0002_bad is empty', '0002_bad.ts'] },
  {
    name: 'a module of comments only',
    files: file('// export const id', '/* export async function up() {}', ' */', ''),
    says: ['Migration 0002_bad is empty', '0002_bad.ts'],
  },
  {
    name: 'a syntax error, with its line and column',
    files: file(ID, UP, DOWN, 'const x = ;'),
    says: ['0002_bad.ts:4:11', 'cannot be loaded', 'syntax error: Unexpected token ";"'],
  },
  {
    name: 'a syntax error in plain JavaScript, with its line and column',
    files: { 'migrations/0002_bad.mjs': `${ID}\n${UP}\n${DOWN}\nconst x = ;\n` },
    says: ['0002_bad.mjs:4:11', 'cannot be loaded', 'syntax error: Unexpected token ";"'],
  },
  {
    name: 'a module that throws while it loads, with the line',
    files: file(ID, UP, DOWN, "throw new TypeError('not today')"),
    says: ['0002_bad.ts:4:', 'cannot be loaded', 'TypeError: not today'],
  },
  {
    name: 'a module that throws a text while it loads',
    files: file(ID, UP, DOWN, "throw 'not today'"),
    says: ['0002_bad.ts', 'cannot be loaded', 'not today'],
  },
  {
    name: 'a module that uses an undefined name',
    files: file(ID, UP, DOWN, 'nowhere.to.be.found()'),
    says: ['0002_bad.ts:4:', 'ReferenceError: nowhere is not defined'],
  },
  {
    name: 'an import that throws, naming the imported file too',
    files: {
      ...file("import './helper.ts'", ID, UP, DOWN),
      'migrations/helper.ts': "\n\nthrow new Error('helper is ill')\n",
    },
    says: ['0002_bad.ts', 'helper is ill', 'helper.ts:3:'],
  },
  {
    name: 'an import with a syntax error, and does not blame the importing file for the line',
    files: {
      ...file("import './helper.ts'", ID, UP, DOWN),
      'migrations/helper.ts': '\n\n\n\n\n\nconst x = ;\n',
    },
    says: ['0002_bad.ts', 'helper.ts:7:11', 'syntax error', /^(?![\s\S]*0002_bad\.ts:7)/],
  },
  {
    name: 'an import of a package that is not installed',
    files: file("import { x } from 'there-is-no-such-package'", ID, UP, DOWN, 'x()'),
    says: ['0002_bad.ts', 'cannot be loaded', "'there-is-no-such-package'"],
  },
  {
    name: 'an import of a file that is not there',
    files: file("import { x } from './absent.ts'", ID, UP, DOWN, 'x()'),
    says: ['0002_bad.ts', 'cannot be loaded', 'absent.ts'],
  },
  {
    name: 'an import of a name that the file does not export',
    files: {
      ...file("import { absent } from './helper.ts'", ID, UP, DOWN, 'absent()'),
      'migrations/helper.ts': 'export {}\n',
    },
    says: ['0002_bad.ts', 'cannot be loaded', 'absent'],
  },
]

describe('before anything runs, migrate refuses', () => {
  test.each(refused)('$name', async ({ files, says }) => {
    const project = await projectWith(files)
    const expected = { code: 'MIGRATION_FILES_INVALID', says, hint: ['Correct the files', 'nothing was run'] }
    await expectRefusal(project, { words: ['migrate'], exit: 2, ...expected }, db)
  })
})

test.each(['validate', 'status', 'migrate --dry-run', 'migrate --steps 1', 'baseline 0002_bad'])(
  'migrator %s finds a pending module that cannot be loaded',
  async (command) => {
    const project = await projectWith(file(ID, UP, DOWN, "throw new Error('not today')"))
    const expected = { code: 'MIGRATION_FILES_INVALID', says: ['0002_bad.ts:4:', 'not today'], hint: 'Correct' }
    await expectRefusal(project, { words: command.split(' '), exit: 2, ...expected }, db)
  },
)

test('reports what is wrong with several modules at once', async () => {
  const project = await projectWith({
    ...file(ID, UP, DOWN, "throw new Error('not today')"),
    'migrations/0003_other.ts': `${UP}\n${DOWN}\nexport const id = ['0003', 'unlike'].join('_')\n`,
  })
  const says = ['2 problems', '0002_bad.ts:4:', 'not today', '"0003_unlike"']
  const expected = { code: 'MIGRATION_FILES_INVALID', says, hint: 'Correct' }
  await expectRefusal(project, { words: ['migrate'], exit: 2, ...expected }, db)
})

test('a broken module that is not to be reverted does not stop a rollback of the one before', async () => {
  const project = await projectWith({})
  expect((await project.run(['migrate'])).code).toBe(0)
  await project.write(file(ID, UP, DOWN, 'const x = ;'))
  const { code, stderr } = await project.run(['rollback'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('0001_good') })
  expect(await stateOf(db)).not.toContain('good')
})

describe('a module is accepted', () => {
  test.each([
    { name: 'with a reason instead of down', lines: [ID, UP, "export const irreversible = 'the rows are gone'"] },
    { name: 'without an id export, for its file names it', lines: [UP, DOWN] },
    { name: 'with an id put together from texts', lines: ["export const id = '0002' + '_bad'", UP, DOWN] },
    {
      name: 'with another id in a comment',
      lines: ['/* copied from', "export const id = '0001_good'", '*/', ID, UP, DOWN],
    },
    {
      name: 'with up and down as arrow functions',
      lines: [
        ID,
        "export const up = async (db) => { await db.execute('CREATE TABLE bad ()') }",
        "export const down = async (db) => { await db.execute('DROP TABLE bad') }",
      ],
    },
  ])('$name', async ({ lines }) => {
    const project = await projectWith(file(...lines))
    const { code, stderr } = await project.run(['migrate'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('✗') })
    expect(await stateOf(db)).toContain('0002_bad')
  })
})

test('shows where every broken module is broken, all at once', async () => {
  const broken = (line: string) => `${ID}\n${UP}\n${DOWN}\n${line}\n`
  const project = await projectWith({
    'migrations/0002_bad.ts': broken('const x = ;'),
    'migrations/0003_bad.ts': broken('const y = ]').replace('0002_bad', '0003_bad'),
  })
  for (const command of ['validate', 'migrate']) {
    const { stderr } = await project.run([command])
    expect(stderr).toMatch(/0002_bad\.ts:4\n\s+3 \| .*\n\s+> 4 \| const x = ;\n\s+\| {11}\^/)
    expect(stderr).toMatch(/0003_bad\.ts:4\n[\s\S]*> 4 \| const y = \]/)
  }
})
