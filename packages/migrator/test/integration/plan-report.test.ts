import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { pair, threeTables } from '../support/cli.ts'
import { outsidePair, scene } from '../support/scene.ts'

const FILES = {
  ...pair('0001_users', 'CREATE TABLE users (id serial PRIMARY KEY, name text);\n', 'DROP TABLE users;\n'),
  ...pair('0002_mail', 'ALTER TABLE users ADD mail text;\n', 'ALTER TABLE users DROP mail;\n'),
  ...outsidePair('0003_index', 'CREATE INDEX CONCURRENTLY i ON users (name);\n', 'DROP INDEX CONCURRENTLY i;\n'),
}

const scratch = () => ['--scratch-url', inject('serverUrl')]

interface PlanDocument {
  readonly direction: string
  readonly steps: readonly {
    readonly id: string
    readonly verdict: string
    readonly certificate: string
    readonly sql: string
    readonly losses: readonly string[]
    readonly statements: readonly { readonly locks: readonly object[] }[]
  }[]
}

test('a plan tells order, SQL, locks, verdict and proof of what is pending', async () => {
  const { project } = await scene(FILES)
  await project.run(['migrate', '--steps', '1'])
  await project.run(['rehearse', '0002_mail', '--write', ...scratch()])
  const plan = (await project.run(['plan', '--json', ...scratch()])).json() as unknown as PlanDocument
  expect(plan.direction).toBe('up')
  expect(plan.steps).toMatchObject([
    {
      id: '0002_mail',
      verdict: 'lossy',
      certificate: 'valid',
      sql: 'ALTER TABLE users ADD mail text;',
      statements: [{ locks: [{ relation: 'users', mode: 'ACCESS EXCLUSIVE' }] }],
    },
    {
      id: '0003_index',
      verdict: 'lossless',
      certificate: 'missing',
      statements: [{ locks: [{ mode: 'SHARE UPDATE EXCLUSIVE' }] }],
    },
  ])
})

test('a plan of a rollback tells what it destroys of what is there now', async () => {
  const { project, db } = await scene(FILES)
  await project.run(['migrate'])
  await db.sql`INSERT INTO users (name, mail) VALUES ('Ada', 'a@x'), ('Bob', NULL)`
  const plan = (
    await project.run(['plan', '--down', '--steps', '2', '--json', ...scratch()])
  ).json() as unknown as PlanDocument
  expect(plan.steps.map(({ id }) => id)).toEqual(['0003_index', '0002_mail'])
  expect(plan.steps[1]?.losses.join()).toMatch(/1 value of public\.users\.mail/)
  const target = await project.run(['plan', '--down', '--target', '0001_users', '--json', ...scratch()])
  expect((target.json() as unknown as PlanDocument).steps.map(({ id }) => id)).toEqual(['0003_index', '0002_mail'])
})

test('each format is written, to a file too', async () => {
  const { project } = await scene(FILES)
  const text = await project.run(['plan', ...scratch()])
  expect(text.stdout).toMatch(/Apply 3 migrations to[\s\S]*0002_mail[\s\S]*strongest lock: ACCESS EXCLUSIVE on users/)
  const markdown = await project.run(['plan', '--format', 'markdown', ...scratch()])
  expect(markdown.stdout).toMatch(/^### Apply 3 migrations[\s\S]*\| migration \| verdict \|[\s\S]*```sql/)
  const path = join(project.directory, 'plan.html')
  const html = await project.run(['plan', '--format', 'html', '--output', path, ...scratch()])
  expect(html.code).toBe(0)
  expect(readFileSync(path, 'utf8')).toMatch(/^<!doctype html>[\s\S]*0002_mail/)
})

test('without a scratch server the certificates tell what they know', async () => {
  const { project } = await scene(FILES)
  await project.run(['rehearse', '--all', '--write', ...scratch()])
  const finished = await project.run(['plan', '--scratch-url', 'postgresql://nobody@127.0.0.1:1/x'])
  expect(finished.code).toBe(0)
  expect(finished.stdout).toMatch(/verdict lossy; not measured/)
  expect(finished.stdout).toMatch(/not everything was measured: Cannot connect/)
})

test('reports what is refused, and exits as the run would', async () => {
  const { project } = await scene(FILES)
  await project.run(['migrate'])
  await project.write({ 'migrations/0001_users.up.sql': 'CREATE TABLE users (id serial PRIMARY KEY);\n' })
  const finished = await project.run(['plan', ...scratch()])
  expect(finished.code).toBe(3)
  expect(finished.stdout).toMatch(/Refused: .*0001_users/)
})

test('plan --down shows what a rollback refuses', async () => {
  const { project } = await scene({ ...threeTables() })
  await project.run(['migrate'])
  await project.write({ 'migrations/0003_three.up.sql': 'SELECT 1;\n' })
  for (const words of ['plan --down', 'plan --down --steps 3', 'rollback', 'rollback --steps 3']) {
    const code = words.endsWith('3') ? 'CONFIRMATION_REQUIRED' : 'CHECKSUM_MISMATCH'
    const ended = await project.run([...words.split(' '), '--json'])
    expect({ words, exit: ended.code, code: ended.json().error.code }).toEqual({ words, exit: 3, code })
  }
})
