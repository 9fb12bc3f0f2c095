import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { pack } from '../support/tarball.ts'

const run = promisify(execFile)

type Files = Readonly<Record<string, string>>

const DRIZZLE: Files = {
  'src/db/schema.ts': `import { integer, pgTable } from 'drizzle-orm/pg-core'
export const users = pgTable('users', { id: integer().primaryKey() })
`,
  'drizzle.config.ts': `import { defineConfig } from 'drizzle-kit'
if (!process.env.APP_DB) throw new Error('APP_DB is not set')
export default defineConfig({
  out: './drizzle',
  schema: './src/db/schema.ts', // tables
  dialect: 'postgresql',
  dbCredentials: { url: process.env.APP_DB! },
})
`,
  'tsconfig.json':
    '{ "compilerOptions": { "module": "nodenext", "strict": true, "skipLibCheck": true, "noEmit": true } }\n',
}

let root: string
let drizzle: string
let database: TestDatabase

/** One installation, of a stranger's CommonJS package at a path with spaces; the other projects are below it. */
beforeAll(async () => {
  database = await createDatabase()
  root = await mkdtemp(join(tmpdir(), 'migrator init '))
  const tarball = await pack(root)
  drizzle = join(root, 'a shop')
  await write(drizzle, {
    ...DRIZZLE,
    'package.json': '{\n    "name": "shop",\n    "files": ["src"],\n    "private": true\n}\n',
  })
  const packages = [`file:${tarball}`, 'drizzle-orm@0.45', 'drizzle-kit@0.31', 'pg', 'typescript@5.9', '@types/node@20']
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], { cwd: drizzle })
  await mkdir(join(drizzle, '.git'))
  await inDrizzle('npx', ['drizzle-kit', 'generate', '--name', 'users'])
})
afterAll(async () => {
  await database.drop()
  await rm(root, { recursive: true, force: true })
})

async function write(folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

/** Nothing of what the package manager of this suite sets. */
const environment = (more: Readonly<Record<string, string>> = {}) => {
  const { PATH, HOME } = process.env
  return { PATH, HOME, APP_DB: database.url, NO_COLOR: '1', ...more }
}

async function inDrizzle(command: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { cwd: drizzle, env: environment(env) }
  const { stdout, stderr } = await run(command, words, options).catch((error) => error as Done)
  return stdout + stderr
}

interface Done {
  readonly stdout: string
  readonly stderr: string
  readonly code?: number
}

/** Runs `init` in another project, with the program that is installed in the first. */
async function init(folder: string, words: readonly string[] = ['--yes'], env: Readonly<Record<string, string>> = {}) {
  const bin = join(drizzle, 'node_modules/.bin/migrator')
  const done: Done = await run(bin, ['init', ...words], {
    cwd: folder,
    env: environment({ APP_DB: '', ...env }),
  }).catch((error) => error as Done)
  return { ...done, code: done.code ?? 0 }
}

async function project(name: string, files: Files): Promise<string> {
  const folder = join(root, name)
  await write(folder, { '.git/HEAD': '', ...files })
  return folder
}

const contentOf = (folder: string, path: string) => readFile(join(folder, path), 'utf8')

describe('in a Drizzle project', () => {
  test('a dry run shows everything and writes nothing; without a yes nothing is written either', async () => {
    const before = await readdir(drizzle)
    const shown = await inDrizzle('npx', ['migrator', 'init', '--dry-run'])
    expect(shown).toContain('a Drizzle project (drizzle.config.ts) with npm, 1 migration in drizzle (drizzle-kit).')
    expect(shown).toContain("historyTable: 'migrator.schema_migrations'")
    expect(await inDrizzle('npx', ['migrator', 'init'])).toContain('Add --yes')
    expect(await readdir(drizzle)).toEqual(before)
  })

  test('it writes a configuration, scripts and a workflow that fit; a second time there is nothing to write', async () => {
    const told = await inDrizzle('npx', ['migrator', 'init', '--yes'])
    expect(told).toContain('Wrote:\n  migrator.config.ts\n  package.json: npm run db:migrate')
    expect(await contentOf(drizzle, 'migrator.config.ts')).toBe(`import { defineConfig } from '@repo/migrator/config'

export default defineConfig({
  // The Drizzle schema: ./src/db/schema.ts (drizzle.config.ts)
  migrations: 'drizzle',
  // In a schema of its own: drizzle-kit push drops tables of public that it does not know.
  historyTable: 'migrator.schema_migrations',
  databaseUrl: process.env.APP_DB,
})
`)
    const manifest = await contentOf(drizzle, 'package.json')
    expect(manifest).toContain('\n    "files": [')
    expect(manifest).toContain('\n        "db:migrate": "migrator migrate",\n')
    const written = [manifest, await contentOf(drizzle, '.github/workflows/migrations.yml')]
    const again = await inDrizzle('npx', ['migrator', 'init', '--yes'])
    expect(again).toContain('Nothing to write')
    expect([
      await contentOf(drizzle, 'package.json'),
      await contentOf(drizzle, '.github/workflows/migrations.yml'),
    ]).toEqual(written)
  })

  test('what it names next works', async () => {
    const told = await inDrizzle('npx', ['migrator', 'init', '--yes', '--json'])
    expect(JSON.parse(told).next).toEqual(['npx migrator validate', 'npx migrator migrate --dry-run'])
    expect(await inDrizzle('npx', ['migrator', 'validate'])).toContain('1 migration is valid')
    expect(await inDrizzle('npm', ['run', 'db:migrate'])).toContain('Applied 1 migration')
    expect(await inDrizzle('npm', ['run', 'db:migrate:status', '--', '--check'])).toContain('Status: 1 irreversible')
  })

  test("so do the workflow's commands", async () => {
    const workflow = await contentOf(drizzle, '.github/workflows/migrations.yml')
    const commands = [...workflow.matchAll(/run: npx (migrator .+)$/gm)].map(([, words = '']) => words.split(' '))
    expect(commands).toHaveLength(2)
    for (const words of commands) {
      const here = words.map((word) => (word.startsWith('postgresql:') ? inject('serverUrl') : word))
      await run('npx', here, { cwd: drizzle, env: environment() })
    }
  })

  test('the configuration and what `new` writes compile under strict', async () => {
    await inDrizzle('npx', ['migrator', 'new', 'add plans'])
    expect(await inDrizzle('npx', ['tsc', '-p', '.'])).toBe('')
    await rm(join(drizzle, 'drizzle/0001_add_plans.ts'))
  })

  const push = async () => (await inDrizzle('npx', ['drizzle-kit', 'push', '--verbose', '--strict'])).split('\n')

  test('drizzle-kit plans to drop nothing, and pulls no table of ours', async () => {
    const found = await push()
    expect(found.filter((line) => line.includes('DROP'))).toEqual([])
    expect(found).toContain('[i] No changes detected')
    await inDrizzle('npx', ['drizzle-kit', 'pull', '--dialect=postgresql', `--url=${database.url}`, '--out=pulled'])
    expect((await contentOf(drizzle, 'pulled/schema.ts')).match(/pgTable\("\w+"/g)).toEqual(['pgTable("users"'])
  })

  test('with the history in public it would drop it, which the first run tells, once, with what helps', async () => {
    const config = join(drizzle, 'migrator.config.ts')
    const own = await readFile(config, 'utf8')
    await writeFile(config, own.replace(/ {2}historyTable.*\n/, ''))
    await database.sql`DROP TABLE users`
    await database.sql`DROP SCHEMA migrator CASCADE`
    const first = await inDrizzle('npx', ['migrator', 'migrate'])
    const warning = 'drizzle-kit push would drop public.schema_migrations'
    expect(first).toContain(warning)
    expect(await inDrizzle('npx', ['migrator', 'migrate'])).not.toContain(warning)
    expect((await push()).join('\n')).toContain('DROP TABLE "schema_migrations"')
    const [page = ''] = /\S+adopting\.md/.exec(first) ?? []
    const [, statements = ''] =
      /"?## Beside drizzle-kit[\s\S]*?```sql\n([\s\S]*?)```/.exec(await contentOf(drizzle, page)) ?? []
    await database.sql.unsafe(statements)
    await writeFile(config, own)
    expect((await push()).join('\n')).not.toContain('DROP')
    expect(await inDrizzle('npx', ['migrator', 'status'])).toContain('Status: 1 irreversible')
  })
})

describe('elsewhere', () => {
  test('from the root of a monorepo it finds the package, and says where to continue', async () => {
    const folder = await project('monorepo', {
      'pnpm-workspace.yaml': 'packages: ["packages/*"]\n',
      'package.json': '{ "packageManager": "pnpm@10.34.9", "devDependencies": { "@repo/migrator": "1" } }\n',
      'packages/db/package.json': '{\r\n\t"name": "db"\r\n}\r\n',
      'packages/db/drizzle.config.json':
        '{ "dialect": "postgresql", "schema": ["a.ts", "b.ts"], "out": "./migrations" }',
      'packages/web/package.json': '{}',
    })
    const { stdout, code } = await init(folder)
    expect(code).toBe(0)
    expect(stdout).toContain('packages/db is a Drizzle project (drizzle.config.json) with pnpm, no migrations yet.')
    expect(stdout).toContain('pnpm exec migrator new first_change')
    expect(stdout).toContain('Run them in packages/db.')
    expect(stdout).toContain('No database is named yet: set DATABASE_URL')
    expect(await contentOf(folder, 'packages/db/migrator.config.mjs')).toContain("migrations: 'migrations'")
    expect(await contentOf(folder, 'packages/db/package.json')).toContain('\r\n\t"scripts": {\r\n\t\t"db:migrate": ')
    const workflow = await contentOf(folder, '.github/workflows/migrations.yml')
    expect(workflow).toContain('run: pnpm exec migrator validate\n        working-directory: "packages/db"\n')
    expect(existsSync(join(folder, 'migrator.config.mjs'))).toBe(false)
  })

  test('where several packages have a Drizzle configuration it does not choose', async () => {
    const config = '{ "dialect": "postgresql" }'
    const folder = await project('two', {
      'package.json': '{ "workspaces": ["packages/*"] }',
      'packages/a/drizzle.config.json': config,
      'packages/b/drizzle.config.json': config,
    })
    const { stderr, code } = await init(folder)
    expect([code, stderr]).toEqual([2, expect.stringContaining('packages/a, packages/b.')])
  })

  test('a database of another dialect is refused', async () => {
    const folder = await project('mysql', { 'drizzle.config.json': '{ "dialect": "mysql" }', 'package.json': '{}' })
    const { stderr, code } = await init(folder)
    expect([code, stderr]).toEqual([2, expect.stringContaining('mysql')])
    expect(await readdir(folder)).toEqual(['.git', 'drizzle.config.json', 'package.json'])
  })

  test('existing scripts and workflows stay, and what to add is printed', async () => {
    const workflow = 'jobs: {}\n'
    const folder = await project('with ci', {
      'package.json': '{ "scripts": { "db:migrate": "drizzle-kit migrate" } }\n',
      '.github/workflows/ci.yml': workflow,
      'yarn.lock': '',
      'db/migrations/20240101000000_a.sql': '-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 1;\n',
    })
    const { stdout } = await init(folder)
    expect(stdout).toContain('with yarn, 1 migration in db/migrations (dbmate).')
    expect(stdout).toContain('package.json: the script db:migrate (drizzle-kit migrate)')
    expect(stdout).toContain('run: yarn migrator rehearse --all')
    expect(JSON.parse(await contentOf(folder, 'package.json')).scripts).toMatchObject({
      'db:migrate': 'drizzle-kit migrate',
      'db:rollback': 'migrator rollback',
    })
    expect(await contentOf(folder, '.github/workflows/ci.yml')).toBe(workflow)
    expect(await contentOf(folder, 'migrator.config.mjs')).not.toContain('historyTable')
  })

  test('a folder that cannot be loaded is named, with the way over', async () => {
    const folder = await project('knex', {
      'package.json': '{}',
      'migrations/1_a.js': 'exports.up = (knex) => knex.schema.createTable("a", () => {})\n',
    })
    expect((await init(folder)).stdout).toContain('this folder belongs to Knex')
  })

  test('drizzle-kit 1 looks at every schema, so init says which to exclude', async () => {
    const folder = await project('kit one', {
      'package.json': '{ "devDependencies": { "drizzle-kit": "^1.0.0-rc.5" } }',
      'drizzle.config.json': '{ "dialect": "postgresql" }',
    })
    const { stdout } = await init(folder)
    expect(stdout).toContain("Write schemaFilter: ['public'] into drizzle.config.json")
  })

  test('histories of a database that is named are found, and kept where they are', async () => {
    const other = await createDatabase()
    try {
      await other.sql`CREATE SCHEMA drizzle`
      await other.sql`CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)`
      const files = { 'package.json': '{}', 'drizzle.config.json': '{ "dialect": "postgresql" }' }
      const found = await init(await project('with drizzle', files), ['--yes'], { DATABASE_URL: other.url })
      expect(found.stdout).toContain('npx migrator import drizzle.__drizzle_migrations --dry-run')

      await run(join(drizzle, 'node_modules/.bin/migrator'), ['migrate', '--migrations', '.'], {
        cwd: await project('ours', { '0001_a.up.sql': 'SELECT 1;', '0001_a.down.sql': 'SELECT 1;' }),
        env: environment({ DATABASE_URL: other.url }),
      })
      const folder = await project('with ours', files)
      const { stdout } = await init(folder, ['--yes'], { DATABASE_URL: other.url })
      expect(stdout).toContain('drizzle-kit push would drop public.schema_migrations')
      expect(await contentOf(folder, 'migrator.config.mjs')).not.toContain('historyTable')
    } finally {
      await other.drop()
    }
  })

  test('a database that does not answer is no obstacle', async () => {
    const folder = await project('unreachable', { 'package.json': '{}' })
    const { stdout, code } = await init(folder, ['--yes'], { DATABASE_URL: 'postgresql://h@127.0.0.1:1/d' })
    expect([code, stdout]).toEqual([0, expect.stringContaining('The database was not looked at')])
  })
})
