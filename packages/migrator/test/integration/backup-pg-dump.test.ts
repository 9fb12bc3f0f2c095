import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import postgres from 'postgres'
import { afterAll, afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest'
import type { PgDumpProviderOptions } from '../../src/dialects/postgres/backup/pg-dump/options.ts'
import { createPgDumpProvider } from '../../src/dialects/postgres/backup/pg-dump/provider.ts'
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
import { startDumpServer } from '../support/dump-server.ts'
import { startPooler } from '../support/pgbouncer.ts'
import { until } from '../support/until.ts'

const ID = 'pre-rollback-20260131-235958'
const server = await startDumpServer()
afterAll(() => server?.stop())

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrator-dumps-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function providerOf(url: string, world: BackupWorld, more: Partial<PgDumpProviderOptions> = {}): ManagedBackupProvider {
  const { PATH, HOME } = process.env
  return createPgDumpProvider({
    ...world.common,
    connectionString: url,
    connectTo: world.connectTo,
    directory: join(temporary(), 'dumps'),
    environment: { PATH, HOME },
    ...(server ? { programs: server.programs } : {}),
    ...more,
  })
}

const scopeIn = (world: BackupWorld) => scopeOf(world, [up('0001_x', 'SELECT 1')], { operation: 'rollback' })

describe('without a pg_dump that fits', () => {
  const url = inject('serverUrl')
  const world = backupWorld(url)
  const refused = async (programs: string) => {
    const directory = join(temporary(), 'dumps')
    const error = await refusalOf(
      providerOf(url, world, { programs, directory }).before(scopeIn(world), recordingWatch()),
    )
    expect(existsSync(directory)).toBe(false)
    expect(world.openSessions()).toBe(0)
    return error
  }

  test('there is a refusal that says where it was looked for and what to install', async () => {
    const nowhere = temporary()
    expect(await refused(nowhere)).toMatchObject({
      code: 'BACKUP_UNAVAILABLE',
      message: `pg_dump and pg_restore were not found in ${nowhere}.`,
      hint: expect.stringMatching(/apt-get install postgresql-client-\d+/),
    })
  })

  test('one that is older than the server is named with its version', async () => {
    const old = temporary()
    for (const name of ['pg_dump', 'pg_restore']) {
      writeFileSync(join(old, name), `#!/bin/sh\necho "${name} (PostgreSQL) 9.6.24"\n`)
      chmodSync(join(old, name), 0o755)
    }
    expect(await refused(old)).toMatchObject({
      code: 'BACKUP_UNAVAILABLE',
      message: expect.stringMatching(
        /^The server is PostgreSQL \d+, and pg_dump must be at least as new; found: 9\.6\.24 in /,
      ),
    })
  })

  test('a pooler is refused before anything is written', async () => {
    const pooler = await startPooler(url)
    if (!pooler) return
    onTestFinished(() => pooler.stop())
    const through = pooler.through(url)
    const pooled = backupWorld(through)
    expect(await refusalOf(providerOf(through, pooled).before(scopeIn(pooled), recordingWatch()))).toMatchObject({
      code: 'BACKUP_UNAVAILABLE',
      message: expect.stringContaining('is a connection pooler'),
    })
  })
})

if (server) withServer(server.url, server.password)

function withServer(serverUrl: string, password: string): void {
  const NAME = `db='x' Größe "😀"`
  const url = urlOf(serverUrl, NAME)
  let world: BackupWorld
  let provider: ManagedBackupProvider
  let directory: string

  const client = (database: string) =>
    postgres(urlOf(serverUrl, database), { database, max: 1, onnotice: () => {}, fetch_types: false })
  const on = async <T>(database: string, work: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> => {
    const sql = client(database)
    try {
      return await work(sql)
    } finally {
      await sql.end({ timeout: 1 })
    }
  }
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
  const databases = async () => {
    const rows = await on('postgres', (sql) => sql`SELECT datname FROM pg_database WHERE oid >= 16384 ORDER BY 1`)
    return rows.map(({ datname }) => datname as string)
  }
  const everything = async (database: string) => {
    const read = (text: string) => on(database, (sql) => sql.unsafe(text))
    return {
      rows: [
        ...(await read(
          'SELECT count(*)::int AS n, md5(string_agg(g::text, \',\' ORDER BY id)) AS sum FROM "größe" AS g',
        )),
      ],
      sequences: [
        ...(await read(
          'SELECT last_value, is_called FROM pg_sequences, LATERAL (SELECT last_value IS NOT NULL AS is_called) AS c',
        )),
      ],
      objects: [
        ...(await read(
          "SELECT loid::regrole::text IS NOT NULL AS has, encode(data, 'escape') AS data FROM pg_largeobject ORDER BY data",
        )),
      ],
      own: [
        ...(await read(`SELECT datdba::regrole::text, datconnlimit, encoding, datcollate, datctype, shobj_description(oid, 'pg_database') AS comment,
          (SELECT array_agg(a::text ORDER BY a::text)::text FROM unnest(datacl) a) AS acl,
          (SELECT json_agg(json_build_array(setrole::regrole, setconfig) ORDER BY setrole)::text FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings
          FROM pg_database d WHERE datname = current_database()`)),
      ],
      catalog: await catalogOf(urlOf(serverUrl, database)),
    }
  }

  beforeEach(async () => {
    await on('postgres', async (sql) => {
      await sql.unsafe('DROP ROLE IF EXISTS keeper; CREATE ROLE keeper')
      await sql.unsafe(
        `CREATE DATABASE ${quoted(NAME)} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' OWNER keeper CONNECTION LIMIT 55`,
      )
      await sql.unsafe(`COMMENT ON DATABASE ${quoted(NAME)} IS 'the shop''s'; ALTER DATABASE ${quoted(NAME)} SET search_path TO public, "größe";
        GRANT CREATE ON DATABASE ${quoted(NAME)} TO keeper WITH GRANT OPTION`)
    })
    await on(NAME, (sql) =>
      sql.unsafe(`
      CREATE TYPE mood AS ENUM ('sad', 'größe 😀'); CREATE SCHEMA "an Other" AUTHORIZATION keeper;
      CREATE TABLE "größe" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood mood DEFAULT 'sad', doc jsonb, bytes bytea, twice int GENERATED ALWAYS AS (2 * 21) STORED);
      INSERT INTO "größe" (mood, doc, bytes) SELECT 'größe 😀', jsonb_build_object('n', n), sha256(n::text::bytea) FROM generate_series(1, 5000) n;
      CREATE TABLE "an Other".t (id int REFERENCES "größe"); ALTER TABLE "an Other".t OWNER TO keeper; GRANT SELECT ON "größe" TO keeper;
      CREATE VIEW v AS SELECT count(*) FROM "größe"; COMMENT ON VIEW v IS 'how many';
      CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
      CREATE TRIGGER tr BEFORE INSERT ON "größe" FOR EACH ROW EXECUTE FUNCTION f();
      SELECT lo_from_bytea(0, 'a large object')`),
    )
    world = backupWorld(url)
    directory = join(temporary(), 'sub', 'dumps')
    provider = providerOf(url, world, { directory })
  })

  afterEach(async () => {
    for (const name of await databases()) {
      await on('postgres', (sql) => sql.unsafe(`DROP DATABASE ${quoted(name)} WITH (FORCE)`))
    }
    await on('postgres', (sql) => sql.unsafe('DROP ROLE IF EXISTS restorer; DROP ROLE IF EXISTS keeper'))
  })

  const filesIn = (folder: string) =>
    existsSync(folder) ? readdirSync(folder).filter((name) => name !== '.gitignore') : []

  describe('dumping and restoring', () => {
    test('a new database holds the same rows, objects, catalog, settings and grants', async () => {
      const before = await everything(NAME)
      const watch = recordingWatch()
      const handle = await provider.before(scopeIn(world), watch)
      expect(handle).toMatchObject({ id: ID, provider: 'pg-dump', restores: 'elsewhere' })
      expect(watch.ids).toEqual([ID])
      await on(NAME, (sql) => sql`TRUNCATE "größe" CASCADE`)
      const place = await provider.restoreTo(ID, "new 'one' 😀", watch)
      expect(place).toMatchObject({ kind: 'database', name: "new 'one' 😀" })
      expect(place.connection).not.toContain(password)
      expect(await everything("new 'one' 😀")).toEqual(before)
      expect(watch.percents.at(-1)).toBe(100)
      expect(world.openSessions()).toBe(0)
      const again = await provider.restoreTo(ID, undefined, watch)
      expect(again.name).toMatch(/^db='x' Größe "😀"_restored_\d{8}_\d{6}$/)
    })

    test('a schema public that is not there does not come back, and one that was changed comes back changed', async () => {
      await on(NAME, (sql) => sql`DROP SCHEMA public CASCADE`)
      const without = await catalogOf(url)
      await provider.before(scopeIn(world), recordingWatch())
      await provider.restoreTo(ID, 'without', recordingWatch())
      expect(await catalogOf(urlOf(serverUrl, 'without'))).toEqual(without)
      await on(NAME, (sql) =>
        sql.unsafe(
          `CREATE SCHEMA public; ALTER SCHEMA public OWNER TO keeper; COMMENT ON SCHEMA public IS 'ours'; GRANT USAGE ON SCHEMA public TO PUBLIC`,
        ),
      )
      const changed = await catalogOf(url)
      await provider.before(scopeIn(world), recordingWatch())
      await provider.restoreTo(`${ID}-2`, 'changed', recordingWatch())
      expect(await catalogOf(urlOf(serverUrl, 'changed'))).toEqual(changed)
    })

    test('the words of libpq reach pg_dump, with a password and a name that are quoted', async () => {
      const { hostname, port } = new URL(serverUrl)
      const quote = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`
      const words = `host=${hostname} port=${port} user=postgres password=${quote(password)} dbname=${quote(NAME)}`
      const before = await everything(NAME)
      const worded = providerOf(words, world, { directory })
      await worded.before(scopeIn(world), recordingWatch())
      await worded.restoreTo(ID, 'worded', recordingWatch())
      expect((await everything('worded')).rows).toEqual(before.rows)
    })

    test('it sees one moment while others write', async () => {
      await on(NAME, (sql) => sql.unsafe('CREATE TABLE debit (n int); CREATE TABLE credit (n int)'))
      let writing = true
      const writer = on(NAME, async (sql) => {
        for (let n = 0; writing; n++)
          await sql.unsafe(`BEGIN; INSERT INTO debit VALUES (${n}); INSERT INTO credit VALUES (${n}); COMMIT`)
      })
      await provider.before(scopeIn(world), recordingWatch())
      writing = false
      await writer
      await provider.restoreTo(ID, 'moment', recordingWatch())
      const [row] = await on(
        'moment',
        (sql) => sql`SELECT (SELECT count(*) FROM debit)::int AS one, (SELECT count(*) FROM credit)::int AS two`,
      )
      expect(row?.one).toBe(row?.two)
      expect(row?.one).toBeGreaterThan(0)
    })

    test('a role that may not act for the owners restores all of it as its own, and says so', async () => {
      await on('postgres', (sql) => sql.unsafe("CREATE ROLE restorer LOGIN CREATEDB PASSWORD 'pw'"))
      await on(NAME, (sql) => sql`SELECT lo_unlink(oid) FROM pg_largeobject_metadata`)
      await provider.before(scopeIn(world), recordingWatch())
      const other = backupWorld(Object.assign(new URL(url), { username: 'restorer', password: 'pw' }).href)
      const otherUrl = Object.assign(new URL(url), { username: 'restorer', password: 'pw' }).href
      const place = await providerOf(otherUrl, other, { directory }).restoreTo(ID, 'theirs', recordingWatch())
      expect(place.nextSteps[0]).toMatch(/belongs to the role that restored it.*keeper/)
      expect(await on('theirs', (sql) => sql`SELECT tableowner FROM pg_tables WHERE tablename = 't'`)).toMatchObject([
        { tableowner: 'restorer' },
      ])
    })
  })

  describe('the files', () => {
    test('are for nobody else, whatever the umask, with their facts and without the password', async () => {
      const umask = process.umask(0)
      onTestFinished(() => void process.umask(umask))
      await provider.before(scopeIn(world), recordingWatch())
      const modes = filesIn(directory).map((name) => [name, (statSync(join(directory, name)).mode & 0o777).toString(8)])
      expect(modes).toEqual([
        [`${ID}.dump`, '600'],
        [`${ID}.json`, '600'],
      ])
      expect((statSync(directory).mode & 0o777).toString(8)).toBe('700')
      expect(readFileSync(join(directory, '.gitignore'), 'utf8')).toBe('*\n')
      const text = readFileSync(join(directory, `${ID}.json`), 'utf8')
      expect(JSON.parse(text)).toMatchObject({
        id: ID,
        state: 'available',
        runId: 'run-of-the-test',
        migrations: ['0001_x'],
        source: { database: NAME },
      })
      expect(text).not.toContain('secret')
    })

    test('are listed, found and removed', async () => {
      const first = await provider.before(scopeIn(world), recordingWatch())
      const second = await provider.before(scopeIn(world), recordingWatch())
      expect(second.id).toBe(`${ID}-2`)
      expect(await provider.list()).toMatchObject([
        { id: second.id, state: 'available', own: true },
        { id: first.id, sizeBytes: first.sizeBytes },
      ])
      expect(first.describe?.()).toMatchObject({
        restoreCommand: `db:restore ${ID} --to NEW_NAME`,
        text: expect.stringContaining(`${ID}.dump`),
      })
      expect(await refusalOf(first.restore())).toMatchObject({
        code: 'RESTORE_ELSEWHERE',
        hint: expect.stringContaining(`db:restore ${ID} --to`),
      })
      await provider.remove(first.id)
      expect(filesIn(directory)).toEqual([`${ID}-2.dump`, `${ID}-2.json`])
      expect(await refusalOf(provider.open(first.id))).toMatchObject({ code: 'BACKUP_NOT_FOUND' })
      expect(await refusalOf(provider.open('../../etc/passwd'))).toMatchObject({ code: 'BACKUP_NOT_FOUND' })
      const elsewhere = backupWorld(serverUrl)
      expect(await providerOf(serverUrl, elsewhere, { directory }).list()).toEqual([])
    })
  })

  describe('what stands in the way of a restore', () => {
    test('a database of that name, which stays as it is', async () => {
      await provider.before(scopeIn(world), recordingWatch())
      const before = await everything(NAME)
      expect(await refusalOf(provider.restoreTo(ID, NAME, recordingWatch()))).toMatchObject({
        code: 'RESTORE_TARGET_EXISTS',
      })
      expect(await everything(NAME)).toEqual(before)
    })

    test('a file that is not the one that was written: nothing is made', async () => {
      await provider.before(scopeIn(world), recordingWatch())
      const path = join(directory, `${ID}.dump`)
      const bytes = readFileSync(path)
      bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1
      writeFileSync(path, bytes)
      const error = await refusalOf(provider.restoreTo(ID, 'never', recordingWatch()))
      expect(error).toMatchObject({ code: 'RESTORE_FAILED', message: expect.stringContaining('checksum') })
      expect(await databases()).toEqual([NAME])
    })

    test('a dump that pg_restore cannot read, found without its record: the new database is dropped again', async () => {
      await provider.before(scopeIn(world), recordingWatch())
      const bytes = readFileSync(join(directory, `${ID}.dump`))
      writeFileSync(join(directory, 'stray.dump'), bytes.subarray(0, bytes.length / 2))
      writeFileSync(join(directory, 'whole.dump'), bytes)
      expect(await provider.find('stray')).toMatchObject({ own: false, state: 'available' })
      const error = await refusalOf(provider.restoreTo('stray', 'never', recordingWatch()))
      expect(error).toMatchObject({ code: 'RESTORE_FAILED', message: expect.stringContaining('pg_restore') })
      expect(await databases()).toEqual([NAME])
      await provider.restoreTo('whole', 'whole', recordingWatch())
      expect((await everything('whole')).rows).toEqual((await everything(NAME)).rows)
    })

    test('an abort: the new database is dropped again', async () => {
      await provider.before(scopeIn(world), recordingWatch())
      const watch = recordingWatch((message) => {
        if (message.startsWith('Gathering')) watch.abort()
      })
      expect(await refusalOf(provider.restoreTo(ID, 'never', watch))).toBe(INTERRUPTED)
      expect(await databases()).toEqual([NAME])
      expect(world.openSessions()).toBe(0)
    })
  })

  describe('what stands in the way of a dump', () => {
    /** pg_dump waits for a table as long as this lasts. */
    const whileLocked = (work: () => Promise<void>) =>
      on(NAME, async (sql) => {
        await sql`BEGIN`
        await sql`LOCK TABLE "größe" IN ACCESS EXCLUSIVE MODE`
        try {
          await work()
        } finally {
          await sql`ROLLBACK`
        }
      })
    const dumping = () =>
      until('pg_dump waits for the table', async () => {
        const [row] = await on(
          'postgres',
          (sql) =>
            sql`SELECT pid FROM pg_stat_activity WHERE application_name = 'migrator pg-dump' AND wait_event_type = 'Lock'`,
        )
        return row
      })
    const nobodyDumps = () =>
      until('pg_dump is gone', async () => {
        const rows = await on(
          'postgres',
          (sql) => sql`SELECT 1 FROM pg_stat_activity WHERE application_name = 'migrator pg-dump'`,
        )
        return rows.length === 0 ? true : undefined
      })

    test('an abort ends pg_dump and leaves no file; the password is in no argument', async () => {
      const watch = recordingWatch()
      await whileLocked(async () => {
        const refused = refusalOf(provider.before(scopeIn(world), watch))
        await dumping()
        expect(filesIn(directory)).toEqual([`${ID}.dump.partial`, `${ID}.json`])
        const commands = commandLines()
        expect(commands.some((line) => line.includes('pg_dump') && line.includes('--format=custom'))).toBe(true)
        expect(commands.filter((line) => line.includes('secret') && line.includes('pg_dump'))).toEqual([])
        watch.abort()
        expect(await refused).toBe(INTERRUPTED)
        await nobodyDumps()
      })
      expect(filesIn(directory)).toEqual([])
      expect(world.openSessions()).toBe(0)
    })

    test('what a killed process left is shown as failed, ends with the lock, and is removed by the next', async () => {
      await whileLocked(async () => {
        const child = dumpElsewhere('')
        await dumping()
        expect(await provider.list()).toMatchObject([{ id: ID, state: 'creating' }])
        child.kill('SIGKILL')
        await child.ended
        expect(await provider.list()).toMatchObject([{ id: ID, state: 'failed', own: true }])
      })
      await nobodyDumps()
      expect((await provider.before(scopeIn(world), recordingWatch())).id).toBe(ID)
      expect(filesIn(directory)).toEqual([`${ID}.dump`, `${ID}.json`])
    })

    test('a disk with no room: a plain message, and no file', async () => {
      await on(
        NAME,
        (sql) => sql`INSERT INTO "größe" (bytes) SELECT sha512((n::text)::bytea) FROM generate_series(1, 50000) n`,
      )
      const child = dumpElsewhere('ulimit -f 500;')
      await child.ended
      expect(child.said()).toContain('BACKUP_FAILED')
      expect(child.said()).toContain(`can't be kept in ${directory}: the file would be larger than the system allows`)
      expect(filesIn(directory)).toEqual([])
    })

    test('a path through a file: a plain message', async () => {
      const file = join(temporary(), 'file')
      writeFileSync(file, '')
      const error = await refusalOf(
        providerOf(url, world, { directory: join(file, 'dumps') }).before(scopeIn(world), recordingWatch()),
      )
      expect(error).toMatchObject({
        code: 'BACKUP_FAILED',
        message: expect.stringContaining('a part of the path is a file'),
      })
    })

    test('a role that may not read everything: what pg_dump says, without the password', async () => {
      await on('postgres', (sql) => sql.unsafe("CREATE ROLE restorer LOGIN PASSWORD 'pw-of-restorer'"))
      const poor = Object.assign(new URL(url), { username: 'restorer', password: 'pw-of-restorer' }).href
      const error = await refusalOf(
        providerOf(poor, backupWorld(poor), { directory }).before(scopeIn(world), recordingWatch()),
      )
      expect(error).toMatchObject({
        code: 'BACKUP_FAILED',
        message: expect.stringMatching(/pg_dump .* permission denied/s),
      })
      expect(JSON.stringify([String(error), error])).not.toContain('pw-of-restorer')
      expect(filesIn(directory)).toEqual([])
    })

    /** A dump by a process of its own, behind shell words. */
    function dumpElsewhere(words: string) {
      const support = pathToFileURL(join(import.meta.dirname, '../support/backup.ts')).href
      const room = pathToFileURL(
        join(import.meta.dirname, '../../src/dialects/postgres/backup/pg-dump/provider.ts'),
      ).href
      const options = {
        connectionString: url,
        directory,
        environment: { PATH: process.env.PATH },
        programs: server?.programs,
      }
      const program = `
        const { backupWorld, recordingWatch, scopeOf } = await import(${JSON.stringify(support)})
        const { createPgDumpProvider } = await import(${JSON.stringify(room)})
        const world = backupWorld(${JSON.stringify(url)})
        const provider = createPgDumpProvider({ ...world.common, connectTo: world.connectTo, ...${JSON.stringify(options)} })
        try { await provider.before(scopeOf(world, [], { operation: 'rollback' }), recordingWatch()) }
        catch (error) { process.stderr.write(error.code + ' ' + error.message) }`
      const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
      const child = spawn(
        '/bin/bash',
        ['-c', `${words} exec "$@"`, 'bash', process.execPath, '--import', tsx, '--input-type=module', '-e', program],
        {
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      )
      onTestFinished(() => void child.kill('SIGKILL'))
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk
      })
      const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
      return { kill: (signal: NodeJS.Signals) => child.kill(signal), ended, said: () => said }
    }
  })
}

/** Of every process that can be seen. */
function commandLines(): readonly string[] {
  if (!existsSync('/proc/self/cmdline'))
    return spawnSync('ps', ['-axww', '-o', 'args'], { encoding: 'utf8' }).stdout.split('\n')
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        // It has ended since.
        return ''
      }
    })
}
