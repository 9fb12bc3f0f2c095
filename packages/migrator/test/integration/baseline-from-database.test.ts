import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { PostgresAdapter, type PostgresAdapterOptions } from '../../src/dialects/postgres/adapter.ts'
import { createSchemaSource } from '../../src/dialects/postgres/schema-script/index.ts'
import type { SchemaScript } from '../../src/ports/schema-source.ts'
import { MigrationRunner } from '../../src/runner.ts'
import { createProject, type Finished, type Project, pair } from '../support/cli.ts'
import { databaseOn, stateOf, type TestDatabase } from '../support/database.ts'
import { startDumpServer } from '../support/dump-server.ts'
import { RICH_SCHEMA } from '../support/rich-schema.ts'
import { saidBy, scene } from '../support/scene.ts'

const server = await startDumpServer()
afterAll(() => server?.stop())

const UP = 'migrations/0001_baseline.up.sql'
const FROM_DATABASE = ['baseline', '--from-database']

interface Baseline {
  readonly id: string
  readonly files: readonly string[]
  readonly writtenBy: string
  readonly notes: readonly string[]
  readonly recorded: readonly string[]
  readonly sql?: { readonly up: string; readonly down: string }
}

const baselineOf = (finished: Finished) => finished.json() as unknown as Baseline

async function standing(sql: string) {
  const scenery = await scene({})
  await scenery.db.sql.unsafe(`DROP TABLE pace; ${sql}`)
  return scenery
}

/** The schema is the one that the recorded migration makes; and its down, run by the tool, leaves nothing. */
async function expectAdopted(project: Project): Promise<void> {
  const drift = await project.run(['drift', '--check', '--json'])
  expect(drift.code, saidBy(drift)).toBe(0)
  expect(drift.json()).toMatchObject({ differences: [], newest: '0001_baseline' })
  const status = await project.run(['status', '--check'])
  expect(status.code, saidBy(status)).toBe(0)
}

describe('by pg_dump', () => {
  const adopt = async (sql: string, words: readonly string[] = []) => {
    if (!server) return undefined
    const name = `b_${Math.random().toString(36).slice(2)}`
    await databaseOn(server.url, (admin) => admin.unsafe(`CREATE DATABASE ${name}`))
    const url = new URL(server.url)
    url.pathname = `/${name}`
    await databaseOn(url.href, (on) => on.unsafe(sql))
    const project = await createProject(url.href)
    await project.write({
      'migrator.config.mjs': `export default { migrations: 'migrations', scratchUrl: ${JSON.stringify(server.url)} }\n`,
    })
    onTestFinished(() => project.remove())
    return { project, url: url.href, finished: await project.run([...FROM_DATABASE, '--json', ...words]) }
  }

  test('a whole schema becomes a proven migration that is recorded', async () => {
    const adopted = await adopt(`CREATE ROLE reader; ${RICH_SCHEMA} GRANT SELECT ON billing."Invoices" TO reader;`)
    if (!adopted) return
    const { project, finished } = adopted
    expect(finished.code, saidBy(finished)).toBe(0)
    const report = baselineOf(finished)
    expect(report).toMatchObject({ id: '0001_baseline', writtenBy: expect.stringMatching(/^pg_dump \d/) })
    expect(report.notes).toEqual(['It needs a role that must already exist on the server: reader.'])
    const text = readFileSync(join(project.directory, UP), 'utf8')
    const noise = /\\restrict|^SET (?!LOCAL check_function_bodies)|OWNER TO|set_config/
    expect(text.split('\n').filter((line) => noise.test(line))).toEqual([])
    await expectAdopted(project)
  })

  test('a schema that belongs to another role keeps its owner', async () => {
    const adopted =
      await adopt(`CREATE ROLE keeper; CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int);
      ALTER TABLE c OWNER TO keeper`)
    if (!adopted) return
    expect(adopted.finished.code, saidBy(adopted.finished)).toBe(0)
    const text = readFileSync(join(adopted.project.directory, UP), 'utf8')
    expect(text.match(/OWNER TO .*/g)).toEqual(['OWNER TO keeper;'])
  })
})

test('from code pg_dump is used where it can connect, and the system catalogs where a client keeps the password', async () => {
  if (!server) return
  const name = `b_${Math.random().toString(36).slice(2)}`
  await databaseOn(server.url, (admin) => admin.unsafe(`CREATE DATABASE ${name}`))
  const url = new URL(server.url)
  url.pathname = `/${name}`
  await databaseOn(url.href, (on) => on.unsafe('CREATE TABLE people (id int PRIMARY KEY)'))
  const folder = mkdtempSync(join(tmpdir(), 'migrator-from-code-'))
  const client = postgres(url.href, { password: async () => server.password })
  onTestFinished(async () => {
    await client.end()
    rmSync(folder, { recursive: true })
  })
  const writtenBy = async (options: PostgresAdapterOptions) => {
    const adapter = new PostgresAdapter(options)
    onTestFinished(() => adapter.close())
    const runner = new MigrationRunner({ adapter, scratchUrl: server.url })
    return (await runner.baselineFromDatabase(folder, { dryRun: true })).writtenBy
  }
  expect(await writtenBy({ connectionString: url.href })).toMatch(/^pg_dump \d/)
  expect(await writtenBy({ client })).toBe('the system catalogs')
})

describe('from the system catalogs', () => {
  /** The script that is written where there is no pg_dump. */
  const written = async (db: TestDatabase): Promise<SchemaScript> => {
    const programs = mkdtempSync(join(tmpdir(), 'migrator-no-programs-'))
    const adapter = new PostgresAdapter({ connectionString: db.url })
    onTestFinished(async () => {
      await adapter.close()
      rmSync(programs, { recursive: true })
    })
    const { location, ownObjects: own } = adapter
    const { signal } = new AbortController()
    const source = createSchemaSource({ own, connectionString: db.url, location, environment: {}, signal, programs })
    const on = await adapter.connect({ modules: false })
    try {
      return await source.script(on)
    } finally {
      await on.close()
    }
  }

  test('a whole schema is written so that it makes the same again, and its down removes it', async () => {
    const { db, project } = await standing(RICH_SCHEMA)
    const script = await written(db)
    expect(script.writtenBy).toBe('the system catalogs')
    await project.write(pair('0001_baseline', script.up, script.down))
    const recorded = await project.run(['baseline', '0001_baseline'])
    expect(recorded.code, saidBy(recorded)).toBe(0)
    await expectAdopted(project)
    const rehearsed = await project.run(['rehearse', '--all', '--json', '--scratch-url', inject('serverUrl')])
    expect(rehearsed.json(), saidBy(rehearsed)).toMatchObject({ migrations: [{ id: '0001_baseline' }] })
    expect(rehearsed.stdout).not.toContain('"verdict": "schema-differs"')
  })

  test('what only pg_dump writes is named, with the program to install', async () => {
    const { db } = await standing(
      `CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int); CREATE COLLATION sorted FROM "C"`,
    )
    await expect(written(db)).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
      message: expect.stringMatching(/collation public\.sorted[\s\S]*aggregate public\.total\(integer\)/),
      hint: expect.stringMatching(/postgresql-client-\d+/),
    })
  })
})

test('writes, proves and records; afterwards the project goes on as any other', async () => {
  const { db, project } = await standing('CREATE TABLE users (id serial PRIMARY KEY, name text)')
  await db.sql`INSERT INTO users (name) VALUES ('a')`
  const finished = await project.run(FROM_DATABASE)
  expect(finished.code, saidBy(finished)).toBe(0)
  expect(finished.stdout).toMatch(
    /Wrote \(by .*\):[\s\S]*0001_baseline\.up\.sql[\s\S]*Proven on [\s\S]*Recorded 0001_baseline/,
  )
  await expectAdopted(project)
  await project.write(pair('0002_mail', 'ALTER TABLE users ADD mail text;\n', 'ALTER TABLE users DROP mail;\n'))
  expect((await project.run(['migrate'])).code).toBe(0)
  expect((await project.run(['rollback'])).code).toBe(0)
  expect(await db.sql`SELECT name FROM users`).toEqual([{ name: 'a' }])
})

test('a rollback of the baseline, which would drop all that was there before, wants --force', async () => {
  const { db, project } = await standing('CREATE TABLE users (id int)')
  await project.run(FROM_DATABASE)
  const refused = await project.run(['rollback'])
  expect(refused.code, saidBy(refused)).toBe(3)
  expect(refused.stderr).toMatch(/0001_baseline/)
  expect(await db.sql`SELECT to_regclass('users') AS found`).toEqual([{ found: 'users' }])
  const forced = await project.run(['rollback', '--force'])
  expect(forced.code, saidBy(forced)).toBe(0)
  expect(await db.sql`SELECT to_regclass('users') AS found`).toEqual([{ found: null }])
})

test('a dry run shows both files, and neither writes nor records', async () => {
  const { db, project } = await standing('CREATE TABLE users (id int PRIMARY KEY)')
  const before = await stateOf(db)
  const finished = await project.run([...FROM_DATABASE, '--dry-run', '--json', '--name', 'legacy schema'])
  expect(finished.code, saidBy(finished)).toBe(0)
  const { id, sql } = baselineOf(finished)
  expect(id).toBe('0001_legacy_schema')
  expect(sql?.up).toContain('CREATE TABLE public.users')
  expect(sql?.down).toContain('DROP TABLE public.users')
  expect(readdirSync(project.migrations)).toEqual([])
  expect(await stateOf(db)).toBe(before)
  expect((await project.run([...FROM_DATABASE, '--dry-run'])).stdout).toMatch(
    /Would write[\s\S]*CREATE TABLE public\.users/,
  )
})

test("other tools' histories, and schemas that hold nothing else, are left out and named", async () => {
  const { project } = await standing(`
    CREATE SCHEMA drizzle;
    CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
    CREATE TABLE a (id int)`)
  const finished = await project.run([...FROM_DATABASE, '--json'])
  expect(finished.code, saidBy(finished)).toBe(0)
  expect(baselineOf(finished).notes).toEqual([
    'drizzle.__drizzle_migrations is ignored: it is the history of drizzle-kit.',
  ])
  expect(readFileSync(join(project.directory, UP), 'utf8')).not.toContain('drizzle')
})

describe('is refused, with nothing written,', () => {
  const check = async (
    { db, project }: { db: TestDatabase; project: Project },
    words: readonly string[],
    expected: { code: string; exitCode: number; message: RegExp; hint?: RegExp },
  ) => {
    const [before, files] = [await stateOf(db), readdirSync(project.migrations)]
    const finished = await project.run([...FROM_DATABASE, ...words, '--json'])
    expect(finished.code, saidBy(finished)).toBe(expected.exitCode)
    const { hint = /./, message, ...rest } = expected
    const error = { ...rest, message: expect.stringMatching(message), hint: expect.stringMatching(hint) }
    expect(finished.json().error).toMatchObject(error)
    expect(await stateOf(db)).toBe(before)
    expect(existsSync(project.migrations) ? readdirSync(project.migrations) : []).toEqual(files)
  }

  test('where the folder has migrations', async () => {
    const scenery = await standing('CREATE TABLE a (id int)')
    await scenery.project.write(pair('0001_a', 'SELECT 1;\n', 'SELECT 1;\n'))
    await check(scenery, [], { code: 'BASELINE_REFUSED', exitCode: 3, message: /0001_a/, hint: /baseline ID/ })
  })

  test('where the history holds something', async () => {
    const scenery = await standing('CREATE TABLE a (id int)')
    await scenery.project.run(FROM_DATABASE)
    await scenery.project.run(['new', 'other', '--sql', '--migrations', 'elsewhere'])
    await check(scenery, ['--migrations', 'empty'], {
      code: 'BASELINE_REFUSED',
      exitCode: 3,
      message: /1 migration already, 0001_baseline last/,
    })
  })

  test('where nothing is there', async () => {
    await check(await standing(''), [], { code: 'BASELINE_REFUSED', exitCode: 3, message: /no schema/ })
  })

  test('where the migration would not make the same schema, naming the difference', async () => {
    const scenery = await standing(
      'CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE a (id int); INSERT INTO a VALUES (1), (1)',
    )
    // An index that was never finished is written as one that works.
    await scenery.db.sql`CREATE UNIQUE INDEX CONCURRENTLY broken ON a (id)`.catch(() => undefined)
    await check(scenery, [], { code: 'SCHEMA_NOT_PROVEN', exitCode: 3, message: /index public\.broken[\s\S]*valid/ })
  })

  test.each([
    ['with an ID', ['0001_a'], /--from-database takes no ID/],
    ['with a name that is none', ['--name', '!!!'], /Invalid migration name/],
  ])('%s', async (_, words, message) => {
    await check(await standing(''), words, { code: 'USAGE_INVALID', exitCode: 2, message })
  })
})
