import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTablesProvider } from '../../src/dialects/postgres/backup/tables/provider.ts'
import type { BackupHandle, BackupStep, ManagedBackupProvider } from '../../src/ports/backup.ts'
import {
  type BackupWorld,
  backupWorld,
  catalogOf,
  INTERRUPTED,
  recordingWatch,
  refusalOf,
  scopeOf,
  up,
} from '../support/backup.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { sleeping } from '../support/observe.ts'
import { until } from '../support/until.ts'

let db: TestDatabase
let world: BackupWorld
let provider: ManagedBackupProvider

beforeAll(async () => {
  db = await createDatabase()
  world = backupWorld(db.url)
})
afterAll(() => db.drop())
beforeEach(async () => {
  await db.sql.unsafe(`DROP SCHEMA IF EXISTS migration_archive, shop, other, rescued CASCADE; DROP SCHEMA public CASCADE;
    CREATE SCHEMA public`)
  provider = createTablesProvider({ ...world.common, connect: world.connect })
})

async function backUp(...steps: readonly BackupStep[]) {
  const handle = await provider.before(scopeOf(world, steps), recordingWatch())
  expect(world.openSessions()).toBe(0)
  return handle
}

/** The tables that a backup for this SQL copies. */
async function copied(sql: string): Promise<readonly string[]> {
  const handle = await backUp(up('0001_x', sql))
  const tables = tablesIn(handle)
  await provider.remove(handle.id)
  return tables.toSorted()
}

function tablesIn(handle: BackupHandle): readonly string[] {
  const { tables } = handle.describe?.().details ?? {}
  return (tables as readonly { table: string }[]).map(({ table }) => table)
}

async function rowsOf(table: string): Promise<readonly string[]> {
  const rows = await db.sql.unsafe(`SELECT t::text AS row FROM ${table} AS t ORDER BY 1`)
  return rows.map(({ row }) => row as string)
}

/** The copy of a backup's only table, or what putting back has replaced; or of the table named. */
async function archived(id: string, what: 'copy' | 'replaced' | 'replaced_2', table = ''): Promise<string> {
  const [row] = await db.sql`
    SELECT copy_name FROM migration_archive.backup_tables WHERE backup_id = ${id} AND ${table} IN ('', table_name)`
  const name = `${row?.copy_name}${what === 'copy' ? '' : `_${what}`}`
  return `migration_archive."${name.replaceAll('"', '""')}"`
}

/** Every kind of column that a copy could get wrong. */
const ODD = `
  CREATE SCHEMA shop;
  CREATE TYPE shop.mood AS ENUM ('happy', 'sad', 'größe 😀');
  CREATE TYPE shop.pair AS (x int, y text);
  CREATE DOMAIN shop.positive AS numeric(10, 2) CHECK (value > 0);
  CREATE TYPE shop.span AS RANGE (subtype = float8);
  CREATE COLLATION shop.german (provider = icu, locale = 'de');
  CREATE TABLE shop."Order ""lines"" äöü 😀" (
    id bigint GENERATED ALWAYS AS IDENTITY (START 100) PRIMARY KEY,
    "say ""hi""" text COLLATE shop.german, mood shop.mood NOT NULL DEFAULT 'sad', moods shop.mood[], pair shop.pair, price shop.positive,
    span shop.span, doc jsonb, raw json, bytes bytea, tags text[], at timestamptz, day date, wait interval, real float8, exact numeric,
    padded char(5), mark xml, spot point, net inet, bits bit varying(5), doubled bigint GENERATED ALWAYS AS (id * 2) STORED, version serial);
  INSERT INTO shop."Order ""lines"" äöü 😀" ("say ""hi""", mood, moods, pair, price, span, doc, raw, bytes, tags, at, day, wait, real, exact, padded, mark, spot, net, bits)
  VALUES ('größe 😀 \\ '' "', 'größe 😀', '{happy,"größe 😀"}', '(1,"a,b ""c""")', 9.50, '[1.1,2.2)', '{"a": 1.00}', '{"a":  1, "a": 2}', '\\x00ff', '{a,NULL,"b,c"}',
          '2026-01-31 23:59:59.123456+05:30', '0044-03-15 BC', '1 mon -2 days 03:04:05.5', 0.1::float8 + 0.2, 1.10, 'ab', '<a>1</a>', '(1.5,2)', '10.0.0.1/24', B'101'),
         (NULL, 'sad', NULL, NULL, NULL, NULL, 'null', 'null', NULL, NULL, 'infinity', 'infinity', NULL, 'NaN', 'NaN', NULL, NULL, NULL, NULL, NULL)`
const ODD_TABLE = 'shop."Order ""lines"" äöü 😀"'

describe('which tables are copied', () => {
  beforeEach(async () => {
    await db.sql.unsafe(`
      CREATE SCHEMA other; CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN amount AS int;
      CREATE TABLE users (id int PRIMARY KEY, mood mood);
      CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE);
      CREATE TABLE lines (order_id int REFERENCES orders ON DELETE SET NULL, price amount);
      CREATE TABLE audit (user_id int REFERENCES users, moods mood[]);
      CREATE TABLE other.users (id int);
      CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
      CREATE TABLE parts_2025 PARTITION OF parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
      CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      CREATE TABLE base (id int); CREATE TABLE derived () INHERITS (base);
      CREATE VIEW users_view AS SELECT * FROM users;
      CREATE TABLE plain (id int); CREATE TABLE logged (id int);
      CREATE FUNCTION log_plain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO logged VALUES (new.id); RETURN new; END $$;
      CREATE TRIGGER log_plain AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION log_plain();
      CREATE PROCEDURE tidy() LANGUAGE sql AS $$ DELETE FROM audit $$;`)
  })

  const check = async (sql: string, ...expected: readonly string[]) =>
    expect(await copied(sql), sql).toEqual(expected.toSorted())

  test('exactly the one that is written to, and those that foreign keys carry it on to', async () => {
    await check('UPDATE audit SET user_id = 1', 'public.audit')
    await check('DELETE FROM orders', 'public.orders', 'public.lines')
    await check('DELETE FROM users', 'public.users', 'public.orders', 'public.lines')
    await check('TRUNCATE users CASCADE', 'public.users', 'public.orders', 'public.lines', 'public.audit')
    await check('TRUNCATE audit', 'public.audit')
    await check('ALTER TABLE users DROP COLUMN mood', 'public.users')
    await check('ALTER TABLE other.users ADD COLUMN x int', 'other.users')
    await check(
      'SET search_path = other; DELETE FROM users',
      'other.users',
      'public.lines',
      'public.orders',
      'public.users',
    )
    await check('CREATE TABLE fresh (id int); DROP TABLE fresh; SELECT * FROM users')
  })

  test('those that a type, a domain, a schema or an extension takes along', async () => {
    await check("ALTER TYPE mood RENAME VALUE 'a' TO 'c'", 'public.users', 'public.audit')
    await check('DROP TYPE mood CASCADE', 'public.users', 'public.audit')
    await check('DROP DOMAIN amount CASCADE', 'public.lines')
    await check('DROP SCHEMA other CASCADE', 'other.users')
  })

  test('a partitioned table once, a partition on its own, and children of their own', async () => {
    await check('DELETE FROM parts', 'public.parts')
    await check('DROP TABLE parts', 'public.parts')
    await check('DROP TABLE parts_2025', 'public.parts_2025')
    await check('ALTER TABLE parts_2025 ADD CHECK (id > 0); DELETE FROM parts', 'public.parts')
    await check('DELETE FROM base', 'public.base', 'public.derived')
  })

  test('what triggers, procedures, views and blocks of code write to', async () => {
    await check('INSERT INTO plain VALUES (1)', 'public.plain', 'public.logged')
    await check('CALL tidy()', 'public.audit')
    await check('DELETE FROM users_view', 'public.users', 'public.orders', 'public.lines')
    await check("DO $$ BEGIN EXECUTE 'DELETE FROM ' || 'audit'; END $$", 'public.audit')
  })

  test('of code everything that it names, and of unknown code everything', async () => {
    const tables = async (step: BackupStep) => {
      const handle = await backUp(step)
      return tablesIn(handle)
    }
    expect(
      await tables({ id: '0001_x', direction: 'up', source: 'await db.execute(sql`delete from "audit"`) // audits' }),
    ).toEqual(['public.audit'])
    expect(await tables({ id: '0001_x', direction: 'up' })).toHaveLength(10)
  })

  test('tables that are to be left out, and the copies themselves, are not among them', async () => {
    const leaveOut = [{ schema: 'public', table: 'audit' }]
    provider = createTablesProvider({ ...world.common, connect: world.connect, leaveOut })
    await backUp(up('0001_x', 'DELETE FROM plain'))
    await check('DELETE FROM audit')
    const everything = await backUp()
    expect(JSON.stringify(everything.describe?.().details)).not.toMatch(/audit|backup_tables/)
  })
})

describe('what a copy holds', () => {
  test('every kind of value comes back to the last byte, also when the types were dropped and made again', async () => {
    await db.sql.unsafe(ODD)
    const before = { rows: await rowsOf(ODD_TABLE), catalog: await catalogOf(db.url) }
    const handle = await backUp(up('0001_x', `DELETE FROM ${ODD_TABLE}`))
    await db.sql.unsafe(
      `UPDATE ${ODD_TABLE} SET doc = '{"a": 1.0}', exact = 1.1, mood = 'happy'; DELETE FROM ${ODD_TABLE} WHERE price IS NULL`,
    )
    await handle.restore()
    expect(await rowsOf(ODD_TABLE)).toEqual(before.rows)
    expect(await catalogOf(db.url)).toEqual(before.catalog)
  })

  test('a copy keeps nobody from dropping a type', async () => {
    await db.sql.unsafe(ODD)
    const handle = await backUp(up('0001_x', `DROP SCHEMA shop CASCADE`))
    await db.sql.unsafe('DROP SCHEMA shop CASCADE')
    const [copy] = await db.sql.unsafe(
      `SELECT mood, moods, pair, price::text, doubled FROM ${await archived(handle.id, 'copy')} WHERE id = 100`,
    )
    expect(copy).toMatchObject({
      mood: 'größe 😀',
      moods: '{happy,"größe 😀"}',
      pair: '(1,"a,b ""c""")',
      price: '9.50',
    })
  })

  test('all copies are of one moment while others write', async () => {
    await db.sql.unsafe('CREATE TABLE debit (n int); CREATE TABLE credit (n int)')
    let writing = true
    const writer = (async () => {
      for (let n = 0; writing; n++)
        await db.sql.unsafe(`INSERT INTO debit VALUES (${n}); INSERT INTO credit VALUES (${n})`)
      return true
    })()
    await until('something is written', async () => ((await rowsOf('credit')).length > 5 ? true : undefined))
    const watch = recordingWatch()
    await provider.before(scopeOf(world, [up('0001_x', 'DELETE FROM debit; DELETE FROM credit')]), watch)
    writing = false
    await writer
    const [one, two] = await db.sql`SELECT row_count AS rows FROM migration_archive.backup_tables`
    expect(one?.rows).toBe(two?.rows)
    expect(Number(one?.rows)).toBeGreaterThan(5)
    expect(watch.messages.at(-1)).toMatch(/^Copied public\.debit: \d+ rows$/)
  })

  test('rows that row security hides are never left out silently', async () => {
    await db.sql.unsafe(`CREATE TABLE secrets (owner text); INSERT INTO secrets VALUES ('a'), ('b'); ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON secrets USING (owner = 'a');
      DROP ROLE IF EXISTS backup_reader; CREATE ROLE backup_reader LOGIN PASSWORD 'pw'; GRANT ALL ON SCHEMA public TO backup_reader;
      GRANT SELECT ON secrets TO backup_reader; GRANT CREATE ON DATABASE ${db.name} TO backup_reader`)
    const reader = backupWorld(db.as('backup_reader', 'pw'))
    const limited = createTablesProvider({ ...reader.common, connect: reader.connect })
    const error = await refusalOf(
      limited.before(scopeOf(reader, [up('0001_x', 'DELETE FROM secrets')]), recordingWatch()),
    )
    expect(error).toMatchObject({ code: 'BACKUP_FAILED', message: expect.stringContaining('row-level security') })
    expect(reader.openSessions()).toBe(0)
    expect(await limited.list()).toEqual([])
    await db.sql.unsafe(
      `DROP SCHEMA IF EXISTS migration_archive CASCADE; REVOKE ALL ON DATABASE ${db.name} FROM backup_reader; DROP OWNED BY backup_reader; DROP ROLE backup_reader`,
    )
  })
})

describe('putting back in place', () => {
  const SHOP = `
    CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, seen int NOT NULL DEFAULT 0);
    CREATE TABLE orders (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE CASCADE, at date NOT NULL DEFAULT '2026-01-01');
    COMMENT ON CONSTRAINT orders_user_id_fkey ON orders IS 'every order has a user';
    CREATE TABLE lines (order_id int CONSTRAINT of_order REFERENCES orders, what text);
    CREATE TABLE journal (what text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO journal VALUES (tg_op); RETURN NULL; END $$;
    CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION note();
    CREATE TRIGGER always AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION note(); ALTER TABLE users ENABLE ALWAYS TRIGGER always;
    CREATE TRIGGER never AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION note(); ALTER TABLE users DISABLE TRIGGER never;
    INSERT INTO users (email) SELECT 'user' || n || '@example.org' FROM generate_series(1, 5) n;
    INSERT INTO orders (user_id) SELECT 1 + n % 5 FROM generate_series(1, 10) n;
    INSERT INTO lines SELECT 1 + n % 10, 'same' FROM generate_series(1, 20) n;
    TRUNCATE journal`
  const TABLES = ['users', 'orders', 'lines', 'journal']

  async function everything() {
    const rows = await Promise.all(TABLES.map(rowsOf))
    const sequences = await db.sql`SELECT nextval('users_id_seq') AS u, nextval('orders_id_seq') AS o`
    return { rows, sequences: [...sequences], catalog: await catalogOf(db.url) }
  }

  test('rows, keys, triggers and sequences are what they were', async () => {
    await db.sql.unsafe(SHOP)
    const handle = await backUp(up('0001_x', 'DELETE FROM users; DELETE FROM lines'))
    const before = await everything()
    await db.sql.unsafe(`DELETE FROM lines; DELETE FROM users WHERE id < 3; UPDATE users SET seen = 9; INSERT INTO users (email) VALUES ('new@example.org');
      TRUNCATE journal`)
    const watch = recordingWatch()
    await handle.restore({ kind: 'asked', watch })
    expect(await everything()).toEqual(before)
    expect(watch.messages).toContainEqual(
      expect.stringMatching(/^Moved 4 rows of public\.users, .+ to migration_archive\..+_users_replaced$/),
    )
    const [kept] = await db.sql.unsafe(
      `SELECT count(*)::int AS n, bool_or(email = 'new@example.org') AS has FROM ${await archived(handle.id, 'replaced', 'users')}`,
    )
    expect(kept).toEqual({ n: 4, has: true })
    expect(world.openSessions()).toBe(0)
  })

  test('twice gives the same, and every time what it replaced is kept apart', async () => {
    await db.sql.unsafe(SHOP)
    const handle = await backUp(up('0001_x', 'DELETE FROM journal'))
    for (const what of ['one', 'two']) {
      await db.sql`INSERT INTO journal VALUES (${what})`
      await (await provider.open(handle.id)).restore()
      expect(await rowsOf('journal')).toEqual([])
    }
    expect(await rowsOf(await archived(handle.id, 'replaced'))).toEqual(['(one)'])
    expect(await rowsOf(await archived(handle.id, 'replaced_2'))).toEqual(['(two)'])
    await provider.remove(handle.id)
    expect(await db.sql`SELECT tablename FROM pg_tables WHERE schemaname = 'migration_archive' ORDER BY 1`).toEqual([
      { tablename: 'backup_tables' },
      { tablename: 'backups' },
    ])
  })

  test('equal rows keep their number', async () => {
    await db.sql.unsafe("CREATE TABLE bag (x text); INSERT INTO bag VALUES ('a'), ('a'), ('a'), (NULL), (NULL), ('')")
    const handle = await backUp(up('0001_x', 'DELETE FROM bag'))
    const before = await rowsOf('bag')
    await db.sql.unsafe(
      "DELETE FROM bag WHERE ctid = '(0,1)'; DELETE FROM bag WHERE x = ''; INSERT INTO bag VALUES (NULL), ('b'), ('b')",
    )
    await handle.restore()
    expect(await rowsOf('bag')).toEqual(before)
  })

  test('a column that a down made anew gets its values back', async () => {
    await db.sql.unsafe(SHOP)
    const before = await rowsOf('users')
    const handle = await backUp(up('0001_x', 'ALTER TABLE users DROP COLUMN seen'))
    await db.sql.unsafe('UPDATE users SET seen = 7')
    const changed = await backUp(up('0001_x', 'ALTER TABLE users DROP COLUMN seen'))
    await db.sql.unsafe('ALTER TABLE users DROP COLUMN seen; ALTER TABLE users ADD COLUMN seen int NOT NULL DEFAULT 0')
    await changed.restore({ kind: 'failed-run', committed: true })
    expect((await rowsOf('users')).every((row) => row.endsWith(',7)'))).toBe(true)
    await handle.restore()
    expect(await rowsOf('users')).toEqual(before)
  })

  test('columns that are new keep their values in rows that did not change', async () => {
    await db.sql.unsafe('CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2)')
    const handle = await backUp(up('0001_x', 'DELETE FROM t'))
    await db.sql.unsafe(
      "ALTER TABLE t ADD COLUMN more text; UPDATE t SET more = 'kept'; UPDATE t SET id = 3 WHERE id = 2",
    )
    await handle.restore()
    expect(await rowsOf('t')).toEqual(['(1,kept)', '(2,)'])
    expect(await rowsOf(await archived(handle.id, 'replaced'))).toEqual(['(3,kept)'])
  })

  test('a partitioned table gets its rows back in all partitions', async () => {
    await db.sql.unsafe(`CREATE TABLE parts (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
      CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
      CREATE TABLE parts_b PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not while restoring'; END $$;
      INSERT INTO parts SELECT n, date '2025-06-01' + n * 100 FROM generate_series(1, 5) n;
      CREATE TRIGGER never BEFORE DELETE OR INSERT ON parts FOR EACH ROW EXECUTE FUNCTION never()`)
    const before = { a: await rowsOf('parts_a'), b: await rowsOf('parts_b'), catalog: await catalogOf(db.url) }
    const handle = await backUp(up('0001_x', 'DELETE FROM parts'))
    await db.sql.unsafe('TRUNCATE parts_a; UPDATE parts_b SET id = id + 100')
    await handle.restore()
    expect({ a: await rowsOf('parts_a'), b: await rowsOf('parts_b'), catalog: await catalogOf(db.url) }).toEqual(before)
  })

  test('after a failed run that left nothing, and after one whose rows are all there, nothing is done', async () => {
    await db.sql.unsafe(SHOP)
    const handle = await backUp(up('0001_x', 'DELETE FROM users'))
    await db.sql.unsafe('DELETE FROM lines; DELETE FROM users WHERE id = 1')
    await handle.restore({ kind: 'failed-run', committed: false })
    expect(await rowsOf('users')).toHaveLength(4)
    await handle.restore({ kind: 'failed-run', committed: true })
    expect(await rowsOf('users')).toHaveLength(5)
    await db.sql.unsafe("INSERT INTO users (email) VALUES ('meanwhile@example.org')")
    await handle.restore({ kind: 'failed-run', committed: true })
    expect(await rowsOf('users')).toHaveLength(6)
  })

  test('tables that are gone are made again whole, those that refer to each other too', async () => {
    await db.sql.unsafe(SHOP)
    const before = { rows: await Promise.all(TABLES.map(rowsOf)), catalog: await catalogOf(db.url) }
    const handle = await backUp(up('0001_x', 'DROP TABLE users, orders, lines'))
    await db.sql.unsafe('DROP TABLE users, orders, lines')
    const watch = recordingWatch()
    await handle.restore({ kind: 'asked', watch })
    expect({ rows: await Promise.all(TABLES.map(rowsOf)), catalog: await catalogOf(db.url) }).toEqual(before)
    expect(watch.messages).toContainEqual(expect.stringMatching(/^Made public\.users again, without grants/))
    const [next] = await db.sql`INSERT INTO users (email) VALUES ('next@example.org') RETURNING id`
    expect(next?.id).toBe(6)
  })

  test('an odd table that is gone is made again with its own types', async () => {
    await db.sql.unsafe(ODD)
    const before = { rows: await rowsOf(ODD_TABLE), catalog: await catalogOf(db.url) }
    const handle = await backUp(up('0001_x', `DROP TABLE ${ODD_TABLE}`))
    await db.sql.unsafe(`DROP TABLE ${ODD_TABLE}`)
    await handle.restore()
    expect({ rows: await rowsOf(ODD_TABLE), catalog: await catalogOf(db.url) }).toEqual(before)
  })

  test('without the column there is a clear refusal, and nothing changes', async () => {
    await db.sql.unsafe(SHOP)
    const handle = await backUp(up('0007_drop_seen', 'ALTER TABLE users DROP COLUMN seen; DELETE FROM lines'))
    await db.sql.unsafe('ALTER TABLE users DROP COLUMN seen; DELETE FROM lines')
    expect(await refusalOf(handle.restore())).toMatchObject({
      code: 'RESTORE_FAILED',
      message: expect.stringContaining('public.users no longer has the column "seen"'),
      hint: expect.stringContaining('0007_drop_seen'),
    })
    expect(await rowsOf('lines')).toEqual([])
    expect(world.openSessions()).toBe(0)
  })

  test('rows of others that would lose what they refer to stop it, and nothing changes', async () => {
    await db.sql.unsafe(SHOP)
    const handle = await backUp(up('0001_x', 'UPDATE orders SET at = now()'))
    await db.sql.unsafe("INSERT INTO orders (id, user_id) VALUES (99, 1); INSERT INTO lines VALUES (99, 'later')")
    const before = { rows: await Promise.all(TABLES.map(rowsOf)), catalog: await catalogOf(db.url) }
    expect(await refusalOf(handle.restore())).toMatchObject({
      code: 'RESTORE_FAILED',
      message: expect.stringMatching(/violates foreign key constraint "of_order"/),
    })
    expect({ rows: await Promise.all(TABLES.map(rowsOf)), catalog: await catalogOf(db.url) }).toEqual(before)
  })

  test('the owner of the tables, who is no superuser, may put them back', async () => {
    await db.sql.unsafe(`DROP ROLE IF EXISTS backup_owner; CREATE ROLE backup_owner LOGIN PASSWORD 'pw'; GRANT CREATE ON DATABASE ${db.name} TO backup_owner;
      GRANT ALL ON SCHEMA public TO backup_owner; SET ROLE backup_owner; ${SHOP}; RESET ROLE`)
    const owner = backupWorld(db.as('backup_owner', 'pw'))
    const own = createTablesProvider({ ...owner.common, connect: owner.connect })
    const handle = await own.before(scopeOf(owner, [up('0001_x', 'DELETE FROM users')]), recordingWatch())
    const before = await rowsOf('users')
    await db.sql.unsafe('UPDATE users SET seen = 3')
    await handle.restore()
    expect(await rowsOf('users')).toEqual(before)
    await db.sql.unsafe(
      `DROP SCHEMA migration_archive CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP OWNED BY backup_owner; DROP ROLE backup_owner`,
    )
  })
})

describe('managing backups', () => {
  test('they are listed, found and removed, with names of their own in the same second', async () => {
    await db.sql.unsafe('CREATE TABLE t (id int); INSERT INTO t VALUES (1)')
    expect(await provider.list()).toEqual([])
    const first = await backUp(up('0001_x', 'DELETE FROM t'))
    const second = await backUp(up('0001_x', 'DELETE FROM t'), up('0002_y', 'SELECT 1'))
    expect([first.id, second.id]).toEqual(['pre-migrate-20260131-235958', 'pre-migrate-20260131-235958-2'])
    expect(await provider.list()).toMatchObject([
      { id: second.id, state: 'available', own: true, runId: 'run-of-the-test', migrations: ['0001_x', '0002_y'] },
      { id: first.id, provider: 'tables' },
    ])
    expect((await provider.find(first.id))?.sizeBytes).toBeGreaterThan(8000)
    expect(first.describe?.()).toMatchObject({
      text: expect.stringMatching(/^copies of public\.t \(1 rows?, \d.* in schema migration_archive$/),
      restoreCommand: `db:restore ${first.id} --to NEW_NAME`,
    })
    await provider.remove(first.id)
    expect(await provider.find(first.id)).toBeUndefined()
    const attempts = [
      () => provider.remove(first.id),
      () => provider.open(first.id),
      () => provider.restoreTo('x', undefined, recordingWatch()),
    ]
    for (const attempt of attempts) expect(await refusalOf(attempt())).toMatchObject({ code: 'BACKUP_NOT_FOUND' })
  })

  test('they are restored to a new schema, never into one that is there', async () => {
    await db.sql.unsafe(`CREATE SCHEMA other; CREATE TABLE t (id int); CREATE TABLE other.t (id int); INSERT INTO t VALUES (1); INSERT INTO other.t VALUES (2);
      ${ODD}`)
    const handle = await backUp()
    const place = await provider.restoreTo(handle.id, 'rescued', recordingWatch())
    expect(place).toMatchObject({ kind: 'schema', name: 'rescued' })
    expect(await rowsOf('rescued.public_t')).toEqual(['(1)'])
    expect(await rowsOf('rescued.other_t')).toEqual(['(2)'])
    expect(await rowsOf('rescued."Order ""lines"" äöü 😀"')).toEqual(await rowsOf(ODD_TABLE))
    expect(await refusalOf(provider.restoreTo(handle.id, 'rescued', recordingWatch()))).toMatchObject({
      code: 'RESTORE_TARGET_EXISTS',
      message: 'The schema "rescued" already exists.',
    })
  })

  test('names of 63 bytes and more than one byte a character fit', async () => {
    const name = 'ß'.repeat(31)
    await db.sql.unsafe(`CREATE TABLE "${name}" (id int); INSERT INTO "${name}" VALUES (1)`)
    const handle = await backUp(up('0001_x', `DELETE FROM "${name}"`))
    await db.sql.unsafe(`UPDATE "${name}" SET id = 2`)
    await handle.restore()
    expect(await rowsOf(`"${name}"`)).toEqual(['(1)'])
  })

  test('an abort leaves no copy and no session', async () => {
    await db.sql.unsafe(`CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(60); END $$; CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('CREATE TABLE AS') EXECUTE FUNCTION slow()`)
    const watch = recordingWatch()
    const refused = refusalOf(provider.before(scopeOf(world, [up('0001_x', 'DELETE FROM t')]), watch))
    await sleeping(db)
    watch.abort()
    expect(await refused).toBe(INTERRUPTED)
    await db.sql.unsafe('DROP EVENT TRIGGER slow')
    expect(watch.ids).toHaveLength(1)
    expect(await provider.list()).toEqual([])
    expect(world.openSessions()).toBe(0)
  })

  test('a table that somebody keeps locked is named after the time that was given', async () => {
    await db.sql.unsafe('CREATE TABLE t (id int)')
    provider = createTablesProvider({ ...world.common, connect: world.connect, lockTimeoutMs: 200 })
    const blocker = await db.sql.reserve()
    await blocker`BEGIN`
    await blocker`LOCK TABLE t IN ACCESS EXCLUSIVE MODE`
    const error = await refusalOf(provider.before(scopeOf(world, [up('0001_x', 'DELETE FROM t')]), recordingWatch()))
    expect(error).toMatchObject({ code: 'BACKUP_FAILED', message: expect.stringContaining('lock timeout') })
    await blocker`ROLLBACK`
    blocker.release()
  })
})
