import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { pack } from '../support/tarball.ts'

const run = promisify(execFile)
const packageDirectory = join(import.meta.dirname, '../..')

let database: TestDatabase
let project: string

/** A stranger's empty project, into which the packed tarball is installed with npm. */
beforeAll(async () => {
  database = await createDatabase()
  project = await mkdtemp(join(tmpdir(), 'migrator-tarball-'))
  const tarball = await pack(project)
  await writeFile(join(project, 'package.json'), '{ "name": "stranger", "type": "module", "private": true }\n')
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball, 'drizzle-orm@0.45'], {
    cwd: project,
  })
  await mkdir(join(project, 'migrations'))
  await writeFile(join(project, 'migrations/0001_a.up.sql'), 'CREATE TABLE a (id int);\n')
  await writeFile(join(project, 'migrations/0001_a.down.sql'), 'DROP TABLE a;\n')
  await writeFile(
    join(project, 'migrations/0002_b.ts'),
    `import { sql } from 'drizzle-orm'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
export const id: string = '0002_b'
export async function up(db: PostgresJsDatabase): Promise<void> { await db.execute(sql\`CREATE TABLE b (id int)\`) }
export async function down(db: PostgresJsDatabase): Promise<void> { await db.execute(sql\`DROP TABLE b\`) }
`,
  )
})

afterAll(async () => {
  await rm(project, { recursive: true, force: true })
  await database.drop()
})

test('the packed program applies, shows and takes back, TypeScript modules too', async () => {
  const migrator = async (...words: string[]) => {
    const bin = join(project, 'node_modules/.bin/migrator')
    const { stdout } = await run(
      bin,
      [...words, '--migrations', 'migrations', '--database-url', database.url, '--json'],
      { cwd: project },
    )
    return JSON.parse(stdout)
  }
  expect((await migrator('migrate')).steps).toMatchObject([
    { id: '0001_a', status: 'applied' },
    { id: '0002_b', status: 'applied' },
  ])
  expect((await migrator('status')).summary).toMatchObject({ applied: 2, pending: 0 })
  expect((await migrator('rollback', '--all', '--force')).steps).toMatchObject([
    { id: '0002_b', status: 'reverted' },
    { id: '0001_a', status: 'reverted' },
  ])
})

test('RollbackTester proves from plain JavaScript that a run comes back, also one whose process is killed', async () => {
  const program = `
    import { loadMigrations, MigrationRunner, PostgresAdapter } from '@repo/migrator'
    import { RollbackTester } from '@repo/migrator/testing'
    const adapter = new PostgresAdapter({ connectionString: process.env.DATABASE_URL })
    const runner = new MigrationRunner({ adapter })
    const migrations = await loadMigrations('migrations')
    const options = { failAt: '0002_b', transaction: 'each', directory: 'migrations' }
    const proofs = []
    for (const failure of ['middle', 'process-kill']) {
      proofs.push(await RollbackTester.verify(runner, migrations, { ...options, failure }))
    }
    await adapter.close()
    console.log(JSON.stringify(proofs))
  `
  await writeFile(join(project, 'proof.js'), program)
  const { stdout } = await run('node', ['proof.js'], {
    cwd: project,
    env: { ...process.env, DATABASE_URL: database.url },
  })
  const proof = { failAt: '0002_b', transaction: 'each', reverted: ['0002_b', '0001_a'], catalog: 'identical' }
  expect(JSON.parse(stdout)).toMatchObject([
    { ...proof, failure: 'middle' },
    { ...proof, failure: 'process-kill' },
  ])
})

test('the library works from plain JavaScript', async () => {
  const program = `
    import { FileStateStore, loadMigrations, MigrationRunner, PostgresAdapter } from '@repo/migrator'
    const adapter = new PostgresAdapter({ connectionString: process.env.DATABASE_URL })
    const runner = new MigrationRunner({ adapter, stateStore: new FileStateStore({ filePath: '.migrations/state.json' }) })
    const migrations = await loadMigrations('migrations')
    const messages = []
    const planned = await runner.apply(migrations, { dryRun: true })
    const applied = await runner.apply(migrations, { onProgress: (event) => messages.push(event.message) })
    const state = await runner.getState()
    const back = await runner.panicRollback(migrations)
    await adapter.close()
    console.log(JSON.stringify({
      planned: planned.plan.steps.map((step) => step.id), applied: applied.results.map((result) => result.status),
      summary: state.summary, back: back.results.map((result) => result.status), messages }))
  `
  await writeFile(join(project, 'program.js'), program)
  const { stdout } = await run('node', ['program.js'], {
    cwd: project,
    env: { ...process.env, DATABASE_URL: database.url },
  })
  expect(JSON.parse(stdout)).toMatchObject({
    planned: ['0001_a', '0002_b'],
    applied: ['applied', 'applied'],
    summary: { applied: 2 },
    back: ['reverted', 'reverted'],
    messages: expect.arrayContaining(['Migration applied successfully']),
  })
})

const STRICT = {
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true },
  ...{ target: 'ES2023', module: 'NodeNext', types: ['node'], skipLibCheck: true },
}

test.each(['README.md', 'packages/migrator/README.md'])(
  'the library sample of %s compiles under strict, and runs',
  async (path) => {
    const text = await readFile(join(packageDirectory, '../..', path), 'utf8')
    const [, sample = ''] = /```ts\n(import [^`]*@repo\/migrator'[\s\S]*?)\n```/.exec(text) ?? []
    await writeFile(join(project, 'sample.ts'), sample)
    const options = { ...STRICT, typeRoots: [join(packageDirectory, 'node_modules/@types')] }
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['sample.ts'] }))
    await run(join(packageDirectory, 'node_modules/.bin/tsc'), ['-p', project]).catch(({ stdout }) =>
      expect(stdout).toBe(''),
    )
    const env = { ...process.env, DATABASE_URL: database.url }
    const { stdout } = await run('node', ['sample.js'], { cwd: project, env })
    expect(stdout).toContain('2 applied, 0 pending')
  },
)
