import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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

test('the packed program applies, shows and rolls back, TypeScript modules too', async () => {
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

test('without the embedded server, commands that need scratch databases say how to name another', async () => {
  const bin = join(project, 'node_modules/.bin/migrator')
  const words = ['rehearse', '--all', '--migrations', 'migrations', '--database-url', database.url, '--json']
  // The package manager of this suite shows its programs the suite's own packages (NODE_PATH).
  const { PATH, HOME } = process.env
  const options = { cwd: project, env: { PATH, HOME } }
  const { stdout } = await run(bin, words, options).catch((error: { stdout: string }) => error)
  const { error } = JSON.parse(stdout)
  expect(error).toMatchObject({ code: 'EMBEDDED_SERVER_FAILED', hint: expect.stringContaining('--scratch-url') })
  expect(error.hint).not.toContain('DATABASE_URL')
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

const packed = () => join(project, 'node_modules/@repo/migrator')
const manifest = async () => JSON.parse(await readFile(join(packed(), 'package.json'), 'utf8'))
const filesOf = async (ending: string) =>
  (await readdir(join(packed(), 'dist'), { recursive: true })).filter((path) => path.endsWith(ending)).sort()

test('declares the types of its entry points and of nothing else', async () => {
  const { exports, main, types } = await manifest()
  expect({ main, types }).toEqual({ main: './dist/index.js', types: './dist/index.d.ts' })
  const declared = Object.values(exports as Record<string, { types?: string }>).flatMap(({ types }) => types ?? [])
  const shared = (path: string) => path.startsWith('chunks/')
  expect((await filesOf('.d.ts')).filter((path) => !shared(path)).map((path) => `./dist/${path}`)).toEqual(
    declared.sort(),
  )
})

test('every source map is there and holds its sources', async () => {
  const scripts = await filesOf('.js')
  expect(scripts.length).toBeGreaterThan(10)
  for (const script of scripts) {
    const path = join(packed(), 'dist', script)
    const [, map = ''] = /\n\/\/# sourceMappingURL=(.+)\n$/.exec(await readFile(path, 'utf8')) ?? []
    const { sources, sourcesContent } = JSON.parse(await readFile(join(dirname(path), map), 'utf8'))
    expect(sourcesContent, script).toHaveLength(sources.length)
  }
})

const RESOLUTIONS = [
  ['nodenext', 'module', { module: 'nodenext' }],
  ['nodenext', 'commonjs', { module: 'nodenext' }],
  ['node16', 'module', { module: 'node16' }],
  ['bundler', 'commonjs', { module: 'preserve' }],
  ['node10', 'commonjs', { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true }],
] as const

test.each(RESOLUTIONS)('all of it is typed under moduleResolution %s in a package of type %s', async (_, type, how) => {
  const folder = join(packed(), '../../..', `types-${how.module}-${type}`)
  await mkdir(folder)
  const { name, exports } = await manifest()
  const paths = Object.keys(exports).filter((path) => !path.endsWith('.json'))
  const imports = paths.map((path, index) => `import * as m${index} from '${join(name, path)}'`)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type, private: true }))
  await writeFile(
    join(folder, 'use.ts'),
    `${imports.join('\n')}
import { type Migration, PostgresAdapter } from '${name}'
import { defineConfig } from '${name}/config'
export default defineConfig({ historyTable: 'migrator.schema_migrations' })
export const adapter: PostgresAdapter = new PostgresAdapter({ connectionString: 'postgresql://h/d' })
// @ts-expect-error: no option of this name
export const wrong = new PostgresAdapter({ conectionString: 'postgresql://h/d' })
export const idOf = ({ migration }: { migration: Migration }): string => migration.id
export const all = [${paths.map((_, index) => `m${index}`)}]
`,
  )
  // Without skipLibCheck: what the declarations import must be installed too.
  const compilerOptions = { ...STRICT, ...how, skipLibCheck: false, noEmit: true, ignoreDeprecations: '5.0' }
  const typeRoots = [join(packageDirectory, 'node_modules/@types')]
  const options = { compilerOptions: { ...compilerOptions, verbatimModuleSyntax: false, typeRoots }, files: ['use.ts'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options))
  const tsc = join(packageDirectory, 'node_modules/.bin/tsc')
  const { stdout } = await run(tsc, ['-p', folder]).catch((error: { stdout: string }) => error)
  expect(stdout).toBe('')
})

test("every command is in the package's README", async () => {
  const { stdout } = await run(join(project, 'node_modules/.bin/migrator'), ['--help'], { cwd: project })
  const commands = [...stdout.matchAll(/^ {2}migrator (\w+)/gm)].map(([, name]) => name)
  expect(commands.length).toBeGreaterThan(15)
  const readme = await readFile(join(packed(), 'README.md'), 'utf8')
  expect(commands.filter((name) => !readme.includes(`migrator ${name}`))).toEqual([])
})

test('no message and no template names a place of the repository that the package is made in', async () => {
  for (const script of await filesOf('.js')) {
    const text = await readFile(join(packed(), 'dist', script), 'utf8')
    expect(text.replace(/^\s*\/\/.*$/gm, '').match(/.*(?:\bpackages\/|\bapps\/|@repo\/(?!migrator)).*/g), script).toBe(
      null,
    )
    for (const [, page = ''] of text.matchAll(/\b(docs\/[\w./-]+\.md)/g)) {
      expect(existsSync(join(packed(), 'dist', page)), `${script} names ${page}`).toBe(true)
    }
  }
})

test('every link of its documentation leads to a page and a heading, and none mentions the repository', async () => {
  const folder = join(packed(), 'dist/docs')
  const pages = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.md'))
  const texts = new Map(
    await Promise.all(
      pages.map(async (page) => [join(folder, page), await readFile(join(folder, page), 'utf8')] as const),
    ),
  )
  const anchors = new Map([...texts].map(([path, text]) => [path, anchorsOf(text)]))
  for (const [path, text] of texts) {
    expect(text.match(/.*(?:\bthis repository\b|\bpackages\/|\bapps\/|\bdb:[a-z]).*/gi), path).toBe(null)
    for (const [link, page = '', anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const target = page === '' ? path : join(dirname(path), page)
      expect(texts.has(target), `${path}: ${link}`).toBe(true)
      if (anchor !== undefined) expect(anchors.get(target), `${path}: ${link}`).toContain(anchor)
    }
  }
})

/** Those that GitHub makes of headings, and those that are written. */
function anchorsOf(text: string): readonly string[] {
  const written = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)
  const ofHeadings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replace(/\s/g, '-'),
  )
  return [...written, ...ofHeadings]
}

test.each([
  ['npm/11.4.2 node/v22.1.0', 'npx migrator'],
  ['pnpm/10.34.9 npm/? node/v22.1.0', 'pnpm exec migrator'],
  ['yarn/1.22.22 npm/? node/v22.1.0', 'yarn migrator'],
  ['', 'npx migrator'], // By the lock file.
])('started by %j, it hints at %s, and at pages that exist', async (npm_config_user_agent, program) => {
  const folder = join(project, 'below')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'migrator.config.mjs'), 'export default { migration: "wrong" }\n')
  const env = { ...process.env, npm_config_user_agent, NO_COLOR: '1' }
  const bin = join(project, 'node_modules/.bin/migrator')
  const told = await run(bin, ['new', 'a'], { cwd: folder, env }).catch(({ stderr }) => stderr as string)
  const [page = ''] = /\S+configuration\.md/.exec(told as string) ?? []
  expect(page).toBe('../node_modules/@repo/migrator/dist/docs/reference/configuration.md')
  expect(existsSync(join(folder, page))).toBe(true)
  await writeFile(join(folder, 'migrator.config.mjs'), 'export default {}\n')
  await rm(join(folder, 'src'), { recursive: true, force: true })
  const { stdout } = await run(bin, ['new', 'a'], { cwd: folder, env })
  expect(stdout).toContain(`${program} migrate`)
})
