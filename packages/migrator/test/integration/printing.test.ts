import { expect, test } from 'vitest'
import { pair, threeTables } from '../support/cli.ts'
import { module, saidBy, scene } from '../support/scene.ts'

const LOUD = `
console.log('by log')
console.info({ by: 'info' })
process.stdout.write('by write\\n')
`
const loud = module('0004_loud', {
  up: "console.log('going up'); await db.execute('CREATE TABLE four ()'); setTimeout(() => console.log('late'), 5)",
  down: "console.log('going down'); await db.execute('DROP TABLE four')",
  more: LOUD,
})

test.each(['migrate --dry-run', 'rehearse', 'plan', 'validate', 'status', 'migrate', 'rollback'])(
  'what a migration prints goes to stderr: %s --json is one document',
  async (words) => {
    const { project } = await scene({ ...threeTables(), ...loud })
    if (words === 'rollback') await project.run(['migrate'])
    const ended = await project.run([...words.split(' '), '--json'])
    expect(ended.code, saidBy(ended)).toBe(0)
    expect(ended.json()).toMatchObject({ schemaVersion: 1 })
    expect(ended.stderr).toContain('by write')
  },
)

test('the result of --help stays on stdout', async () => {
  const { project } = await scene(threeTables())
  const ended = await project.run(['migrate', '--help'])
  expect(ended.stdout).toContain('--dry-run')
})

test('a failed migration that prints leaves one document too', async () => {
  const bad = module('0004_bad', { up: "console.log('so far'); throw new Error('no')", down: 'await 0' })
  const { project } = await scene({ ...pair('0001_a', 'SELECT 1;', 'SELECT 1;'), ...bad })
  const ended = await project.run(['migrate', '--json'])
  expect(ended.code, saidBy(ended)).toBe(1)
  expect(ended.json().error).toMatchObject({ code: 'MIGRATION_FAILED' })
  expect(ended.stderr).toContain('so far')
})

test.each(['', 'export const transaction = false'])('a migration reports its progress on stderr (%s)', async (more) => {
  const up = 'for (let n = 1; n <= 500; n++) ctx.progress(n, 500); ctx.progress(Number.NaN); ctx.progress(7)'
  const text = `export async function up(db, ctx) { ${up} }\nexport async function down(db) {}\n${more}\n`
  const { project } = await scene({ 'migrations/0001_slow.ts': text })
  const ended = await project.run(['migrate'])
  expect(ended.code, saidBy(ended)).toBe(0)
  const said = ended.stderr.split('\n').filter((line) => line.includes('0001_slow: '))
  expect(said.map((line) => line.trim())).toEqual(['… 0001_slow: 1 of 500 (0 %)', '… 0001_slow: 500 of 500 (100 %)'])
})
