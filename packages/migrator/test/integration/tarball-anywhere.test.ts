import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { nodeOf } from '../support/node-majors.ts'
import { pack } from '../support/tarball.ts'

const run = promisify(execFile)

const STEPS = (id: string, name: string) => `
export const id = '${id}'
export async function up(db) { await db.execute(sql.raw('CREATE TABLE ${name} (id int)')) }
export async function down(db) { await db.execute(sql.raw('DROP TABLE ${name}')) }
`
const TYPED = (id: string, name: string) =>
  STEPS(id, name).replaceAll('(db)', '(db: PostgresJsDatabase): Promise<void>')
const ESM = "import { sql } from 'drizzle-orm'\n"
const TYPES = "import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'\n"
const CJS = (id: string, name: string) => `const { sql } = require('drizzle-orm')
exports.up = async (db) => { await db.execute(sql.raw('CREATE TABLE ${name} (id int)')) }
exports.down = async (db) => { await db.execute(sql.raw('DROP TABLE ${name}')) }
exports.id = '${id}'
`

/** Every kind of source that people have. */
const FILES: Readonly<Record<string, string>> = {
  'migrator.config.ts': `import { defineConfig } from '@repo/migrator/config'
import { folder } from '@lib/folder'
export default defineConfig(async () => ({ migrations: await Promise.resolve(folder), logFile: false }))
`,
  'tsconfig.json':
    '{ "compilerOptions": { "module": "preserve", "paths": { "@lib/*": ["./src lib/*"] } } } // the aliases\n',
  'src lib/folder.ts': "export const folder: string = 'my migrations'\n",
  'src lib/names.json': '{ "seventh": "g" }\n',
  'my migrations/0001_a.up.sql': 'CREATE TABLE a (id int);\n',
  'my migrations/0001_a.down.sql': 'DROP TABLE a;\n',
  'my migrations/0002_b.ts': ESM + TYPES + TYPED('0002_b', 'b'),
  'my migrations/0003_c.mts': ESM + TYPES + TYPED('0003_c', 'c'),
  'my migrations/0004_d.cts': CJS('0004_d', 'd').replaceAll('(db)', '(db: { execute(sql: string): Promise<unknown> })'),
  'my migrations/0005_e.js': ESM + STEPS('0005_e', 'e'),
  'my migrations/0006_f.mjs': ESM + STEPS('0006_f', 'f'),
  'my migrations/0007_g.ts': `${ESM}import names from '@lib/names.json'
import { tableOf } from './tables.js'
const table: string = await Promise.resolve(tableOf(names.seventh))
export const up = (db: { execute(query: unknown): Promise<unknown> }) => db.execute(sql.raw(\`CREATE TABLE \${table} (id int)\`))
export const down = (db: { execute(query: unknown): Promise<unknown> }) => db.execute(sql.raw(\`DROP TABLE \${table}\`))
`,
  'my migrations/tables.ts': 'export const tableOf = (name: string): string => name\n',
  'my migrations/0008_h.cjs': CJS('0008_h', 'h'),
  'my migrations/0009_i.js': CJS('0009_i', 'i'),
  'my migrations/0010_j.ts': `import { sql } from 'drizzle-orm'
import { integer, pgTable } from 'drizzle-orm/pg-core'
${TYPES}
const j = pgTable('j', { id: integer().primaryKey() })
export async function up(db: PostgresJsDatabase): Promise<void> {
  await db.execute(sql\`CREATE TABLE j (id int PRIMARY KEY)\`)
  await db.insert(j).values([{ id: 1 }, { id: 2 }])
  await db.transaction((tx) => tx.insert(j).values({ id: 2 })).catch((error) => {
    if ((error.cause ?? error).code !== '23505') throw error
  })
  const [row] = await db.select({ count: sql<number>\`count(*)::int\` }).from(j)
  if (row?.count !== 2) throw new Error(JSON.stringify(row))
}
export async function down(db: PostgresJsDatabase): Promise<void> { await db.execute(sql\`DROP TABLE j\`) }
`,
}

let database: TestDatabase
let root: string
let tarball: string

beforeAll(async () => {
  database = await createDatabase()
  root = await mkdtemp(join(tmpdir(), 'migrator tarball '))
  tarball = await pack(root)
})
afterAll(async () => {
  await rm(root, { recursive: true, force: true })
  await database.drop()
})

/** A project at a path with spaces, in which a package manager has installed the tarball. */
async function install(name: string, drizzle: string, command: string, ...words: string[]): Promise<string> {
  const project = join(root, name)
  await mkdir(project)
  await writeFile(join(project, 'package.json'), '{ "name": "stranger", "private": true }\n')
  for (const [path, content] of Object.entries(FILES)) {
    await mkdir(dirname(join(project, path)), { recursive: true })
    await writeFile(join(project, path), content)
  }
  await run(command, [...words, `file:${tarball}`, `drizzle-orm@${drizzle}`], { cwd: project })
  return project
}

async function expectUpAndDown(project: string, node = process.execPath): Promise<void> {
  const bin = join(project, 'node_modules/@repo/migrator/dist/cli/bin.js')
  const migrator = async (...words: readonly string[]) => {
    const env = { ...process.env, DATABASE_URL: database.url, NODE_OPTIONS: '' }
    const { stdout } = await run(node, [bin, ...words, '--json'], { cwd: project, env })
    const { steps } = JSON.parse(stdout) as { steps: readonly { id: string; status: string }[] }
    return steps.map(({ id, status }) => `${status} ${id}`)
  }
  const ids = ['0001_a', '0002_b', '0003_c', '0004_d', '0005_e', '0006_f', '0007_g', '0008_h', '0009_i', '0010_j']
  expect(await migrator('migrate')).toEqual(ids.map((id) => `applied ${id}`))
  expect(await migrator('rollback', '--all', '--force')).toEqual(ids.toReversed().map((id) => `reverted ${id}`))
}

describe('installed by npm, every kind of migration and configuration goes up and down', () => {
  beforeAll(() => install('by npm', '0.45', 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund'))

  const types = [
    ['no type', {}, ['20', '22', '24', '26']],
    ['type module', { type: 'module' }, ['20', '26']],
  ] as const
  test.each(types)('in a package with %s, on every Node', async (_, type, majors) => {
    const project = join(root, 'by npm')
    const { dependencies } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'))
    await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, ...type, dependencies }))
    for (const major of majors) await expectUpAndDown(project, await nodeOf(major))
  })

  test('and so do the files that `new` writes', async () => {
    const project = join(root, 'of new')
    await cp(join(root, 'by npm'), project, { recursive: true })
    await rm(join(project, 'my migrations'), { recursive: true })
    await writeFile(join(project, 'package.json'), '{ "private": true }\n')
    await mkdir(join(project, 'my migrations'))
    const bin = join(project, 'node_modules/@repo/migrator/dist/cli/bin.js')
    const env = { ...process.env, DATABASE_URL: database.url }
    for (const words of [['new', 'a'], ['new', 'b', '--sql'], ['migrate'], ['rollback', '--all', '--force']]) {
      await run(process.execPath, [bin, ...words], { cwd: project, env })
    }
  })
})

test.each([
  ['pnpm', '0.36.0', ['npx', '-y', 'pnpm@10.34.9', 'add', '--prefer-offline', '--ignore-workspace']],
  ['yarn', '0.45', ['npx', '-y', 'yarn@1.22.22', 'add', '--prefer-offline', '--ignore-engines', '--no-progress']],
] as const)('installed by %s, they do too, with drizzle-orm %s', async (name, drizzle, [command, ...words]) => {
  await expectUpAndDown(await install(`by ${name}`, drizzle, command, ...words))
})
