import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import postgres from 'postgres'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTemplateProvider } from '../../src/dialects/postgres/backup/template/provider.ts'
import type { ManagedBackupProvider } from '../../src/ports/backup.ts'
import {
  type BackupWorld,
  backupWorld,
  catalogOf,
  INTERRUPTED,
  recordingWatch,
  refusalOf,
  scopeOf,
  up,
  urlOf,
} from '../support/backup.ts'
import { createDatabase, onServer, type TestDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'

const STEPS = [up('0001_x', 'SELECT 1')]
const ID = 'pre-migrate-20260131-235958'

let db: TestDatabase
/** A name that has to be quoted, and the URL that leads to it. */
let name: string
let url: string
let world: BackupWorld
let provider: ManagedBackupProvider

beforeEach(async () => {
  db = await createDatabase()
  name = `${db.name} Größe "😀"`
  await db.sql.unsafe(`
    CREATE TABLE "größe" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text);
    INSERT INTO "größe" (what) SELECT 'row 😀 ' || n FROM generate_series(1, 1000) n;
    CREATE VIEW v AS SELECT count(*) FROM "größe"`)
  await db.sql.end({ timeout: 1 })
  await onServer((sql) => sql.unsafe(`ALTER DATABASE ${db.name} RENAME TO "${name.replaceAll('"', '""')}"`))
  await onServer((sql) =>
    sql.unsafe(`DROP ROLE IF EXISTS t_reader; CREATE ROLE t_reader;
      COMMENT ON DATABASE ${quoted(name)} IS 'the shop''s own';
      ALTER DATABASE ${quoted(name)} SET search_path TO "$user", public, "größe";
      ALTER DATABASE ${quoted(name)} SET myapp.mode TO 'it''s odd';
      ALTER ROLE t_reader IN DATABASE ${quoted(name)} SET work_mem TO '9MB';
      ALTER DATABASE ${quoted(name)} CONNECTION LIMIT 77;
      REVOKE CONNECT ON DATABASE ${quoted(name)} FROM PUBLIC; GRANT CONNECT ON DATABASE ${quoted(name)} TO t_reader WITH GRANT OPTION`),
  )
  url = urlOf(db.url, name)
  world = backupWorld(url)
  provider = createTemplateProvider({ ...world.common, connectTo: world.connectTo })
})

afterEach(async () => {
  const names = await databases()
  for (const each of names) await onServer((sql) => sql.unsafe(`DROP DATABASE ${quoted(each)} WITH (FORCE)`))
  await onServer((sql) => sql.unsafe('DROP ROLE IF EXISTS t_reader'))
})

function quoted(database: string): string {
  return `"${database.replaceAll('"', '""')}"`
}

/** All databases that begin as the test's own does. */
async function databases(): Promise<readonly string[]> {
  const rows = await onServer(
    (sql) => sql`SELECT datname FROM pg_database WHERE starts_with(datname, ${db.name}) ORDER BY 1`,
  )
  return rows.map(({ datname }) => datname as string)
}

/** The driver does not decode the name in a URL, so it is given separately. */
function clientOf(database: string): postgres.Sql {
  const connection = { application_name: 'a visitor' }
  return postgres(urlOf(url, database), { database, max: 1, onnotice: () => {}, connection })
}

async function on<T>(database: string, work: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
  const sql = clientOf(database)
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Rows, catalog and what belongs to the database itself. */
async function everything(database: string) {
  const rows = await on(
    database,
    (sql) => sql`SELECT count(*)::int AS n, md5(string_agg(g::text, ',' ORDER BY id)) AS sum FROM "größe" AS g`,
  )
  const own = await onServer(
    (sql) => sql`
    SELECT datdba::regrole::text, datconnlimit, datallowconn, encoding, datcollate, shobj_description(oid, 'pg_database') AS comment,
           (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a) AS acl,
           (SELECT json_agg(json_build_array(setrole::regrole, setconfig) ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings
      FROM pg_database d WHERE datname = ${database}`,
  )
  return { rows: [...rows], own: [...own], catalog: await catalogOf(urlOf(url, database)) }
}

describe('backing up and restoring', () => {
  test('restoring in place swaps the names, with everything that belongs to the database, and keeps what was there', async () => {
    const before = await everything(name)
    const watch = recordingWatch()
    const handle = await provider.before(scopeOf(world, STEPS), watch)
    expect(handle).toMatchObject({ id: ID, provider: 'template', restores: 'in-place' })
    expect(watch.ids).toEqual([ID])
    await on(name, (sql) => sql`TRUNCATE "größe"`)
    await handle.restore({ kind: 'asked', watch })
    expect(await everything(name)).toEqual(before)
    const replaced = (await databases()).filter((each) => each.includes('_replaced_'))
    expect(replaced).toHaveLength(1)
    expect(watch.messages.at(-1)).toContain(`is kept as "${replaced[0]}"`)
    expect(await on(replaced[0] ?? '', (sql) => sql`SELECT count(*)::int AS n FROM "größe"`)).toMatchObject([{ n: 0 }])
    expect(await provider.list()).toEqual([])
    expect(world.openSessions()).toBe(0)
  })

  test('sessions that are left are ended for it', async () => {
    const handle = await provider.before(scopeOf(world, STEPS), recordingWatch())
    const visitor = clientOf(name)
    await visitor`DELETE FROM "größe"`
    await handle.restore()
    await expect(visitor`SELECT count(*)::int AS n FROM "größe"`).resolves.toMatchObject([{ n: 1000 }])
    await visitor.end({ timeout: 1 })
  })

  test('after a failed run that left nothing it stays as it is', async () => {
    const handle = await provider.before(scopeOf(world, STEPS), recordingWatch())
    await handle.restore({ kind: 'failed-run', committed: false })
    expect(await databases()).toHaveLength(2)
    await handle.restore({ kind: 'failed-run', committed: true })
    expect((await databases()).filter((each) => each.includes('_replaced_'))).toHaveLength(1)
  })

  test('restoring to a new database leaves the old one and the backup, and never takes the place of another', async () => {
    const before = await everything(name)
    const { id } = await provider.before(scopeOf(world, STEPS), recordingWatch())
    await on(name, (sql) => sql`TRUNCATE "größe"`)
    const place = await provider.restoreTo(id, `${db.name} new`, recordingWatch())
    expect(place).toMatchObject({ kind: 'database', name: `${db.name} new` })
    expect(await everything(`${db.name} new`)).toEqual(before)
    const error = await refusalOf(provider.restoreTo(id, `${db.name} new`, recordingWatch()))
    expect(error).toMatchObject({ code: 'RESTORE_TARGET_EXISTS' })
    const again = await provider.restoreTo(id, undefined, recordingWatch())
    expect(again.name).toMatch(/_restored_\d{8}_\d{6}$/)
    expect(await on(name, (sql) => sql`SELECT count(*)::int AS n FROM "größe"`)).toMatchObject([{ n: 0 }])
    expect(await provider.list()).toHaveLength(1)
  })
})

describe('managing backups', () => {
  test('they are listed, found and removed, and can be connected to by nobody', async () => {
    const first = await provider.before(scopeOf(world, STEPS), recordingWatch())
    const second = await provider.before(scopeOf(world, STEPS), recordingWatch())
    expect([first.id, second.id]).toEqual([ID, `${ID}-2`])
    expect(await provider.list()).toMatchObject([
      { id: second.id, state: 'available' },
      { id: first.id, own: true, runId: 'run-of-the-test', migrations: ['0001_x'] },
    ])
    const copy = (await databases()).find((each) => each.endsWith(ID)) ?? ''
    await expect(on(copy, (sql) => sql`SELECT 1`)).rejects.toThrow(/not currently accepting connections/)
    await provider.remove(first.id)
    expect(await provider.find(first.id)).toBeUndefined()
    expect(await refusalOf(provider.open(first.id))).toMatchObject({ code: 'BACKUP_NOT_FOUND' })
    expect(await refusalOf(first.restore())).toMatchObject({ code: 'BACKUP_NOT_FOUND' })
    expect(await databases()).toHaveLength(2)
  })
})

describe('what stands in the way', () => {
  test('others who are connected are named, and stay connected', { timeout: 60_000 }, async () => {
    await on(name, async (sql) => {
      const [row] = await sql`SELECT pg_backend_pid() AS pid`
      const error = await refusalOf(provider.before(scopeOf(world, STEPS), recordingWatch()))
      expect(error).toMatchObject({
        code: 'BACKUP_FAILED',
        message: expect.stringContaining(`${row?.pid} (a visitor)`),
      })
      expect(await sql`SELECT pg_backend_pid() AS pid`).toMatchObject([{ pid: row?.pid }])
    })
    expect(await databases()).toEqual([name])
    expect(world.openSessions()).toBe(0)
  })

  test('a server that is not this machine, and a role that may not copy', async () => {
    const location = { ...world.common.location, host: 'db.example.org', local: false }
    const remote = createTemplateProvider({ ...world.common, location, connectTo: world.connectTo })
    expect(await refusalOf(remote.before(scopeOf(world, STEPS), recordingWatch()))).toMatchObject({
      code: 'BACKUP_UNAVAILABLE',
      message: expect.stringContaining('db.example.org is not this machine'),
    })
    await onServer((sql) => sql.unsafe("ALTER ROLE t_reader LOGIN PASSWORD 'pw'"))
    const reader = backupWorld(Object.assign(new URL(url), { username: 't_reader', password: 'pw' }).href)
    const limited = createTemplateProvider({ ...reader.common, connectTo: reader.connectTo })
    expect(await refusalOf(limited.before(scopeOf(reader, STEPS), recordingWatch()))).toMatchObject({
      code: 'BACKUP_UNAVAILABLE',
      message: expect.stringContaining('CREATEDB'),
    })
    expect(await databases()).toEqual([name])
  })

  test('an abort leaves no copy, no session, and a database that can be used', async () => {
    await on(name, (sql) => sql`INSERT INTO "größe" (what) SELECT repeat('x', 1000) FROM generate_series(1, 100000)`)
    const watch = recordingWatch((message) => {
      if (message.startsWith('Copying')) setTimeout(() => watch.abort(), 30)
    })
    expect(await refusalOf(provider.before(scopeOf(world, STEPS), watch))).toBe(INTERRUPTED)
    expect(await databases()).toEqual([name])
    expect(await on(name, (sql) => sql`SELECT 1 AS n`)).toMatchObject([{ n: 1 }])
    expect(world.openSessions()).toBe(0)
  })

  test('what a killed process left is shown as failed, and removed by the next backup', async () => {
    await on(name, (sql) => sql`INSERT INTO "größe" (what) SELECT repeat('x', 1000) FROM generate_series(1, 50000)`)
    await killedWhileCopying()
    const left = await until(
      'the server finishes the copy that nobody waits for',
      async () => (await provider.list())[0],
    )
    expect(left).toMatchObject({
      id: ID,
      state: 'failed',
      details: { problem: expect.stringContaining('ended before') },
    })
    const watch = recordingWatch()
    const { id } = await provider.before(scopeOf(world, STEPS), watch)
    expect(id).toBe(ID)
    expect(watch.messages).toContainEqual(expect.stringContaining('an unfinished copy'))
    expect(await provider.list()).toMatchObject([{ id: ID, state: 'available' }])
  })
})

/** A process of its own is killed as soon as the server works on its CREATE DATABASE. */
async function killedWhileCopying(): Promise<void> {
  const support = pathToFileURL(join(import.meta.dirname, '../support/backup.ts')).href
  const room = pathToFileURL(join(import.meta.dirname, '../../src/dialects/postgres/backup/template/provider.ts')).href
  const program = `
    const { backupWorld, recordingWatch, scopeOf } = await import(${JSON.stringify(support)})
    const { createTemplateProvider } = await import(${JSON.stringify(room)})
    const world = backupWorld(${JSON.stringify(url)})
    await createTemplateProvider({ ...world.common, connectTo: world.connectTo }).before(scopeOf(world, []), recordingWatch())`
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const child = spawn(process.execPath, ['--import', tsx, '--input-type=module', '-e', program], { stdio: 'inherit' })
  const ended = new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)))
  await until('CREATE DATABASE runs', async () => {
    const [row] = await onServer(
      (sql) => sql`SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'CREATE DATABASE%'
       AND position(${db.name} in query) > 0`,
    )
    return row
  })
  child.kill('SIGKILL')
  expect(await ended).toBe('SIGKILL')
}
