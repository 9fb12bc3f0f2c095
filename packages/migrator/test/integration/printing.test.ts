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
