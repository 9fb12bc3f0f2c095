import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProject, type Project } from '../support/cli.ts'
import { createDatabase, emptied, type TestDatabase } from '../support/database.ts'
import { toolFolders } from '../support/folders.ts'

let db: TestDatabase
let project: Project

beforeAll(async () => {
  db = await createDatabase()
})
beforeEach(async () => {
  await emptied(db)
  await db.sql.unsafe('DROP SCHEMA IF EXISTS drizzle CASCADE; DROP SCHEMA IF EXISTS migrator CASCADE')
  await db.sql.unsafe('CREATE TABLE a (id int); CREATE TABLE b (id int)')
  project = await createProject(db.url)
  await project.write({
    'migrator.config.mjs':
      "export default { migrations: 'theirs', historyTable: 'migrator.history', logFile: false }\n",
  })
})
afterEach(() => project.remove())
afterAll(() => db.drop())

interface Imported {
  readonly mapped: readonly { id: string; from: string; appliedAt: string | null; note?: string }[]
  readonly unmatched: readonly { from: string; reason: string }[]
  readonly recorded: readonly string[]
  readonly error?: { code: string; exitCode: number; message: string }
}

async function migrator(...words: readonly string[]): Promise<Imported & { code: number | null }> {
  const finished = await project.run([...words, '--json'])
  return { ...(JSON.parse(finished.stdout) as Imported), code: finished.code }
}

async function folder(name: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
  const files = { ...toolFolders[name]?.files, ...more }
  await project.write(Object.fromEntries(Object.entries(files).map(([path, text]) => [`theirs/${path}`, text])))
}

const history = async () =>
  (await db.sql`SELECT version, applied_at FROM migrator.history ORDER BY sequence`).map(
    ({ version, applied_at: at }) => [version, (at as Date).toISOString()],
  )
const contentOf = async (table: string) => JSON.stringify(await db.sql.unsafe(`SELECT * FROM ${table} ORDER BY 1`))
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const fileOf = (name: string, path: string) => toolFolders[name]?.files[path] ?? ''

const T1 = '2024-05-01T10:00:00.000Z'
const T2 = '2024-05-02T10:00:00.000Z'
const journal = 'drizzle-kit 0.x'

interface Case {
  readonly tool: string
  /** The folder; modules of other tools stand in by pairs with the same names. */
  readonly folder: string
  readonly named: string
  readonly table: string
  readonly sql: string
  /** Times that the tool kept. */
  readonly times?: readonly [string, string]
}

const cases: readonly Case[] = [
  {
    tool: 'drizzle-kit',
    folder: journal,
    named: 'drizzle',
    table: 'drizzle.__drizzle_migrations',
    sql: `CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
      INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES
        ('${sha256(fileOf(journal, '0000_loud_hulk.sql'))}', 1700000000000),
        ('${sha256(fileOf(journal, '0001_calm_thor.sql'))}', 1700000100000)`,
    times: ['2023-11-14T22:13:20.000Z', '2023-11-14T22:15:00.000Z'],
  },
  {
    tool: 'golang-migrate',
    folder: 'golang-migrate and sqlx pairs',
    named: 'golang-migrate',
    table: 'public.schema_migrations',
    sql: `CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
      INSERT INTO schema_migrations VALUES (2, false)`,
  },
  {
    tool: 'dbmate',
    folder: 'dbmate',
    named: 'schema_migrations',
    table: 'public.schema_migrations',
    sql: `CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);
      INSERT INTO schema_migrations VALUES ('20240101000000'), ('20240102000000')`,
  },
  {
    tool: 'goose',
    folder: 'goose',
    named: 'goose',
    table: 'public.goose_db_version',
    sql: `CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied boolean, tstamp timestamp DEFAULT now());
      INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (0, true, '2024-04-01 10:00'),
        (1, true, '2024-04-01 10:00'), (1, false, '2024-04-30 10:00'), (1, true, '2024-05-01 10:00'), (2, true, '2024-05-02 10:00')`,
    times: [T1, T2],
  },
  {
    tool: 'diesel',
    folder: 'diesel',
    named: '__diesel_schema_migrations',
    table: 'public.__diesel_schema_migrations',
    sql: `CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp);
      INSERT INTO __diesel_schema_migrations VALUES ('20240101000000', '2024-05-01 10:00'), ('20240102000000', '2024-05-02 10:00')`,
    times: [T1, T2],
  },
  {
    tool: 'sqlx',
    folder: 'sqlx without downs',
    named: 'sqlx',
    table: 'public._sqlx_migrations',
    sql: `CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text, installed_on timestamptz, success boolean, checksum bytea, execution_time bigint);
      INSERT INTO _sqlx_migrations VALUES (20240101000000, 'a', '${T1}', true, '', 1), (20240102000000, 'b', '${T2}', true, '', 1)`,
    times: [T1, T2],
  },
  {
    tool: 'Prisma',
    folder: 'Prisma',
    named: 'prisma',
    table: 'public._prisma_migrations',
    sql: `CREATE TABLE _prisma_migrations (id varchar(36), checksum varchar(64), finished_at timestamptz, migration_name varchar(255), logs text, rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int);
      INSERT INTO _prisma_migrations VALUES
        ('0', '', NULL, '20240101000000_a', 'failed', '${T1}', '2024-04-01', 0),
        ('1', '${sha256(fileOf('Prisma', '20240101000000_a/migration.sql'))}', '${T1}', '20240101000000_a', NULL, NULL, '${T1}', 1),
        ('2', '${sha256(fileOf('Prisma', '20240102000000_b/migration.sql'))}', '${T2}', '20240102000000_b', NULL, NULL, '${T2}', 1)`,
    times: [T1, T2],
  },
  {
    tool: 'node-pg-migrate',
    folder: 'node-pg-migrate SQL',
    named: 'pgmigrations',
    table: 'public.pgmigrations',
    sql: `CREATE TABLE pgmigrations (id serial, name varchar(255), run_on timestamp);
      INSERT INTO pgmigrations (name, run_on) VALUES ('1700000000000_a', '2024-05-01 10:00'), ('1700000100000_b', '2024-05-02 10:00')`,
    times: [T1, T2],
  },
  {
    tool: 'Flyway',
    folder: 'Flyway',
    named: 'flyway',
    table: 'public.flyway_schema_history',
    sql: `CREATE TABLE flyway_schema_history (installed_rank int, version varchar(50), description text, type varchar(20), script text, checksum int, installed_by text, installed_on timestamp, execution_time int, success boolean);
      INSERT INTO flyway_schema_history VALUES (1, '2.9', 'a', 'SQL', 'V2.9__a.sql', 1, 'x', '2024-05-01 10:00', 1, true),
        (2, '2.10', 'b', 'SQL', 'V2.10__b.sql', 1, 'x', '2024-05-02 10:00', 1, true), (3, NULL, 'v', 'SQL', 'R__views.sql', 1, 'x', now(), 1, true)`,
    times: [T1, T2],
  },
  ...(
    [
      [
        'Knex',
        'knex_migrations',
        '(id serial, name text, batch int, migration_time timestamptz)',
        (id: string, t: string) => `(DEFAULT, '${id}.js', 1, '${t}')`,
      ],
      [
        'Kysely',
        'kysely_migration',
        '(name varchar(255), timestamp varchar(255))',
        (id: string, t: string) => `('${id}', '${t}')`,
      ],
      ['Sequelize', '"SequelizeMeta"', '(name varchar(255))', (id: string) => `('${id}.js')`],
    ] as const
  ).map(([tool, table, columns, row]): Case => {
    const rows = `${row('000001_a', T1)}, ${row('000002_b', T2)}`
    return {
      tool,
      folder: 'golang-migrate and sqlx pairs',
      named: tool.toLowerCase(),
      table: `public.${table}`,
      sql: `CREATE TABLE ${table} ${columns}; INSERT INTO ${table} VALUES ${rows}`,
      ...(tool === 'Sequelize' ? {} : { times: [T1, T2] as const }),
    }
  }),
]

test.each(cases)(
  'the history of $tool is shown, imported with its times, left alone, and can be taken out again',
  async (each) => {
    await folder(each.folder)
    await db.sql.unsafe(each.sql)
    const before = await contentOf(each.table)
    const ids = toolFolders[each.folder]?.ids ?? []

    const shown = await migrator('import', each.named, '--dry-run')
    expect(shown).toMatchObject({ code: 0, unmatched: [], recorded: ids, tool: each.tool })
    expect(shown.mapped.map(({ id, appliedAt }) => [id, appliedAt])).toEqual(
      ids.map((id, at) => [id, each.times?.[at] ?? null]),
    )
    expect(await db.sql`SELECT FROM pg_namespace WHERE nspname = 'migrator'`).toHaveLength(0)

    expect(await migrator('import', each.table.replaceAll('"', ''))).toMatchObject({ code: 0, recorded: ids })
    const recorded = await history()
    expect(recorded.map(([id]) => id)).toEqual(ids)
    if (each.times) expect(recorded.map(([, at]) => at)).toEqual(each.times)
    expect((await project.run(['status', '--check'])).code).toBe(0)
    expect(await migrator('import', each.named)).toMatchObject({ code: 0, recorded: [] })

    expect(await migrator('import', '--undo')).toMatchObject({ code: 0, removed: ids })
    expect(await history()).toEqual([])
    expect(await contentOf(each.table)).toBe(before)
  },
)

/** Modules of these tools are stood in for by pairs of this tool's own, in which another history means nothing. */
const isForeign = ({ folder }: Case) => toolFolders[folder]?.tool !== undefined

test.each(cases.filter(isForeign))('migrate does not apply again what $tool has applied', async (each) => {
  await folder(each.folder)
  await db.sql.unsafe(each.sql)
  const before = await contentOf(each.table)
  const refused = await migrator('migrate')
  expect(refused).toMatchObject({ code: 3, error: { code: 'HISTORY_NOT_IMPORTED' } })
  expect(JSON.stringify(refused.error)).toContain(`import ${each.table}`)
  expect(await db.sql`SELECT FROM pg_namespace WHERE nspname = 'migrator'`).toHaveLength(0)
  expect(await contentOf(each.table)).toBe(before)
})

test('a history of which nothing is in this folder stops no run', async () => {
  await folder(journal)
  await db.sql.unsafe(`${cases[0]?.sql}; UPDATE drizzle.__drizzle_migrations SET hash = 'x' || id, created_at = id`)
  await db.sql.unsafe('DROP TABLE a, b')
  expect(await migrator('migrate')).toMatchObject({ code: 0 })
})

describe('an import refuses to guess:', () => {
  const drizzle = cases[0] as Case
  const refused = async (words: readonly string[], code: string, said: string) => {
    const { error } = await migrator('import', ...words)
    expect(error).toMatchObject({ code })
    expect(JSON.stringify(error)).toContain(said)
    expect(await db.sql`SELECT FROM pg_tables WHERE schemaname = 'migrator' AND tablename = 'history'`).toHaveLength(0)
  }

  test('a row that matches no migration, unless the others may be imported without it', async () => {
    await folder(journal)
    await db.sql.unsafe(
      `${drizzle.sql}; INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('beef', 1600000000000)`,
    )
    await refused(['drizzle'], 'IMPORT_REFUSED', 'no migration in this folder')
    const { code, unmatched, recorded } = await migrator('import', 'drizzle', '--skip-unmatched')
    expect({ code, recorded: recorded.length, unmatched: unmatched.length }).toEqual({
      code: 0,
      recorded: 2,
      unmatched: 1,
    })
  })

  test('a dirty or failed migration', async () => {
    await folder('golang-migrate and sqlx pairs')
    await db.sql`CREATE TABLE schema_migrations AS SELECT 2::bigint AS version, true AS dirty`
    await refused(['schema_migrations'], 'IMPORT_REFUSED', 'version 2 is dirty')
  })

  test('a name that no table has, naming the histories that exist', async () => {
    await folder(journal)
    await db.sql.unsafe(drizzle.sql)
    await refused(['prisma'], 'HISTORY_NOT_FOUND', 'drizzle.__drizzle_migrations (drizzle-kit)')
    await refused(['absent.table'], 'HISTORY_NOT_FOUND', 'drizzle.__drizzle_migrations (drizzle-kit)')
  })

  test('one name for tables of two schemas', async () => {
    await folder(journal)
    await db.sql.unsafe(`${drizzle.sql}; CREATE TABLE __drizzle_migrations AS TABLE drizzle.__drizzle_migrations`)
    await refused(['drizzle'], 'HISTORY_NOT_FOUND', 'public.__drizzle_migrations')
  })

  test('to be undone once a later migration is applied', async () => {
    await folder(journal, { '0002_c.up.sql': 'CREATE TABLE c (id int);', '0002_c.down.sql': 'DROP TABLE c;' })
    await db.sql.unsafe(drizzle.sql)
    expect(await migrator('import', 'drizzle')).toMatchObject({ code: 0 })
    expect((await project.run(['migrate'])).code).toBe(0)
    expect((await migrator('import', '--undo')).error).toMatchObject({ code: 'IMPORT_REFUSED', exitCode: 3 })
    expect((await project.run(['rollback'])).code).toBe(0)
    expect(await migrator('import', '--undo')).toMatchObject({ code: 0 })
  })
})

test('a file that drizzle-kit does not know is no obstacle, and an edited one is named', async () => {
  const drizzle = cases[0] as Case
  await folder(journal, {
    '0001_stray.sql': 'SELECT 1;',
    '0001_calm_thor.sql': '-- edited\nCREATE TABLE b (id int);\n',
  })
  await db.sql.unsafe(drizzle.sql)
  const { code, mapped } = await migrator('import', 'drizzle')
  expect(code).toBe(0)
  expect(mapped).toMatchObject([
    { id: '0000_loud_hulk' },
    { id: '0001_calm_thor', note: 'the file was edited afterwards' },
  ])
})

test('an adopted Drizzle database goes down with a down that was written later', async () => {
  await folder(journal, { '0001_calm_thor.down.sql': 'DROP TABLE b;\n' })
  await db.sql.unsafe((cases[0] as Case).sql)
  expect(await migrator('import', 'drizzle')).toMatchObject({ code: 0 })
  expect((await project.run(['rollback', '--steps', '1'])).code).toBe(0)
  expect((await db.sql`SELECT to_regclass('b') AS b`)[0]?.b).toBeNull()
})

describe('after a squash:', () => {
  const IDS = ['0001_a', '0002_b', '0003_c']
  const HISTORY = 'CREATE TABLE pgmigrations (id serial, name varchar(255), run_on timestamp);'
  const rows = (ids: readonly string[]) =>
    `INSERT INTO pgmigrations (name, run_on) VALUES ${ids.map((id, at) => `('${id}', '2024-05-0${at + 1} 10:00')`).join(', ')}`
  const pairs = Object.fromEntries(
    IDS.flatMap((id) => {
      const table = id.slice(-1)
      return [
        [`theirs/${id}.up.sql`, `CREATE TABLE ${table} (id int);\n`],
        [`theirs/${id}.down.sql`, `DROP TABLE ${table};\n`],
      ]
    }),
  )
  const squash = async () => expect((await project.run(['squash', '--to', '0002_b'])).code).toBe(0)
  const ids = async () => (await history()).map(([id]) => id)
  const straight = async () => {
    expect((await project.run(['status', '--check'])).code).toBe(0)
    const migrated = await project.run(['migrate'])
    expect(migrated.stdout + migrated.stderr).toMatch(/Nothing to apply|nothing to apply/i)
    expect(await ids()).toEqual(['0002_squashed', '0003_c'])
  }

  beforeEach(async () => {
    await db.sql.unsafe(`CREATE TABLE c (id int); ${HISTORY}`)
    await project.write(pairs)
  })

  test('rows that name all of the replaced ones are imported as the squashed one', async () => {
    await squash()
    await db.sql.unsafe(rows(IDS))
    const { code, mapped, recorded } = await migrator('import', 'pgmigrations')
    expect({ code, recorded }).toEqual({ code: 0, recorded: ['0002_squashed', '0003_c'] })
    expect(mapped[0]).toMatchObject({ from: '0001_a, 0002_b', appliedAt: T2 })
    await straight()
    expect(await migrator('import', 'pgmigrations')).toMatchObject({ code: 0, recorded: [] })
    expect(await migrator('import', '--undo')).toMatchObject({ removed: ['0002_squashed', '0003_c'] })
    expect(await ids()).toEqual([])
  })

  test('rows that name only some of them are refused, with what is lacking', async () => {
    await squash()
    await db.sql.unsafe(rows(['0001_a']))
    const { error } = await migrator('import', 'pgmigrations')
    expect(error).toMatchObject({ code: 'IMPORT_REFUSED' })
    expect(error?.message).toContain('0002_squashed, which also replaces 0002_b')
  })

  test('an import after the squash of what was imported before it records the squashed one in its place', async () => {
    await db.sql.unsafe(rows(IDS))
    expect(await migrator('import', 'pgmigrations')).toMatchObject({ code: 0, recorded: IDS })
    await squash()
    expect(await migrator('import', 'pgmigrations')).toMatchObject({ code: 0, recorded: [] })
    expect(await ids()).toEqual(['0002_squashed', '0003_c'])
    await straight()
    expect(await migrator('import', '--undo')).toMatchObject({ removed: ['0002_squashed', '0003_c'] })
  })

  test('one that was recorded here before completes those of the import', async () => {
    expect((await project.run(['baseline', '0001_a'])).code).toBe(0)
    await squash()
    await db.sql.unsafe(rows(['0002_b', '0003_c']))
    expect(await migrator('import', 'pgmigrations')).toMatchObject({ code: 0, recorded: ['0002_squashed', '0003_c'] })
    await straight()
  })
})
