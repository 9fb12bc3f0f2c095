import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Project, pair, threeTables } from '../support/cli.ts'
import { createDatabase, emptied, stateOf, type TestDatabase } from '../support/database.ts'
import { expectRefusal } from '../support/refusal.ts'

let db: TestDatabase
let project: Project

beforeAll(async () => {
  db = await createDatabase()
})
beforeEach(async () => {
  await emptied(db)
  project = await createProject(db.url, threeTables())
  expect((await project.run(['migrate'])).code).toBe(0)
})
afterEach(() => project.remove())
afterAll(() => db.drop())

const IDS = [
  `0004_o'brien"; DROP TABLE one; --`,
  `0004_'||(SELECT 'x')||'`,
  '0004_back\\slash \\x27 $$ $1 %s $x`',
  '0004_--json',
  '0004_schöner Name 表 🦊',
]

describe.each(IDS)('the id %s', (id) => {
  const files = {
    ...pair(id, 'CREATE TABLE odd (id int);\n', 'DROP TABLE odd;\n'),
  }
  beforeEach(() => project.write(files))

  test('is applied, shown, named as a target and reverted, and means nothing to the database', async () => {
    expect((await project.run(['migrate', '--target', id])).code).toBe(0)
    expect(await names()).toEqual(['one', 'odd', 'three', 'two'].sort())
    expect(JSON.parse(await stateOf(db)).rows.at(-1).version).toBe(id)
    const status = await project.run(['status'])
    expect(status.stdout).toContain(id)
    expect((await project.run(['rollback', '--dry-run'])).stdout).toContain(id)
    expect((await project.run(['rollback', '--target', '0003_three'])).code).toBe(0)
    expect(await names()).toEqual(['one', 'three', 'two'])
    expect((await project.run(['history'])).stdout).toContain(id)
    const logged = await db.sql`SELECT DISTINCT version FROM migration_logs WHERE version LIKE '0004%'`
    expect(logged).toEqual([{ version: id }])
  })

  test('outside a transaction too, as a baseline and in repairs', async () => {
    await project.write({ [`migrations/${id}.up.sql`]: `-- migrator: transaction=false\nCREATE TABLE odd (id int);\n` })
    expect((await project.run(['migrate'])).code).toBe(0)
    await project.write({
      [`migrations/${id}.up.sql`]: `-- migrator: transaction=false\nCREATE TABLE odd (id int); -- x\n`,
    })
    expect((await project.run(['repair', 'accept-checksum', id])).code).toBe(0)
    expect((await project.run(['rollback'])).code).toBe(0)
    expect(await names()).toEqual(['one', 'three', 'two'])
    expect((await project.run(['baseline', id])).code).toBe(0)
    expect((await project.run(['status', '--check'])).code).toBe(0)
  })
})

test('a module whose file name needs escaping loads, and its errors name it', async () => {
  const name = `0004_o'brien "x" #1 %20 ü.ts`
  const text = (broken: string) => `export async function up(db) { await db.execute('CREATE TABLE odd (id int)') }
export async function down(db) { await db.execute('DROP TABLE odd') }
${broken}\n`
  await project.write({ [`migrations/${name}`]: text("throw new Error('not today')") })
  const expected = { code: 'MIGRATION_FILES_INVALID', says: [`${name}:3:`, 'not today'], hint: 'Correct' }
  await expectRefusal(project, { words: ['migrate'], exit: 2, ...expected }, db)
  await project.write({ [`migrations/${name}`]: text('') })
  const { code, stderr } = await project.run(['migrate'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('✗') })
  expect((await project.run(['rollback'])).code).toBe(0)
  expect(await names()).toEqual(['one', 'three', 'two'])
})

test.each(['0004_a\nb', '0004_a\u0007b', '0004_a\u001b[31mb'])(
  'the id %j is refused, and shown without its control characters',
  async (id) => {
    await project.write(pair(id, 'SELECT 1;', 'SELECT 1;'))
    const control = id.replace(/[\w[]/g, '')
    const never = control === '\n' ? [] : [control]
    const expected = { code: 'MIGRATION_FILES_INVALID', says: ['0004_a', /b\.up\.sql/], hint: 'Correct', never }
    await expectRefusal(project, { words: ['migrate'], exit: 2, ...expected }, db)
  },
)

async function names(): Promise<readonly string[]> {
  const rows = await db.sql<{ name: string }[]>`
    SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname !~ 'migration' ORDER BY 1`
  return rows.map(({ name }) => name)
}
