import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diffCatalogs } from '../../src/core/schema-diff.ts'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { createCatalog, fingerprintOf } from '../../src/dialects/postgres/catalog/index.ts'
import type { SqlSession } from '../../src/dialects/postgres/session/sql-session.ts'
import { createDatabase, onServer, type TestDatabase } from '../support/database.ts'

let db: TestDatabase
let adapter: PostgresAdapter
let session: SqlSession

beforeAll(async () => {
  db = await createDatabase()
  adapter = new PostgresAdapter({ connectionString: db.url })
  session = await adapter.connect({ modules: false })
})

afterAll(async () => {
  await adapter.close()
  await db.drop()
})

/** In a transaction that is aborted, whatever the test does in it. */
async function within<T>(work: () => Promise<T>): Promise<T> {
  await session.begin({ lockTimeoutMs: 0, statementTimeoutMs: 0 })
  try {
    return await work()
  } finally {
    await session.abort()
  }
}

const SCHEMA = `
  CREATE SCHEMA shop;
  CREATE TYPE shop.kind AS ENUM ('a', 'b');
  CREATE TABLE shop.items (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind shop.kind NOT NULL DEFAULT 'a',
    at timestamptz DEFAULT '2025-06-01 12:00:00+00', span interval DEFAULT '1 day', f float8 DEFAULT 0.1234567890123, data bytea DEFAULT '\\xdead');
  CREATE VIEW shop.firsts AS SELECT id, kind FROM shop.items WHERE kind = 'a';
  CREATE FUNCTION shop.kinds(k shop.kind) RETURNS SETOF shop.kind LANGUAGE sql AS $$ SELECT kind FROM shop.items $$;
  REVOKE ALL ON SCHEMA shop FROM PUBLIC;`

const SETTINGS = {
  search_path: 'shop, public',
  DateStyle: 'German, DMY',
  IntervalStyle: 'iso_8601',
  TimeZone: 'Asia/Tokyo',
  extra_float_digits: '-5',
  bytea_output: 'escape',
  quote_all_identifiers: 'on',
}

async function settings(): Promise<Record<string, string | null>> {
  const names = [...Object.keys(SETTINGS), 'jit', 'join_collapse_limit', 'lc_monetary']
  const [row] = await session.query(
    `SELECT ${names.map((name) => `current_setting('${name}') AS "${name}"`).join(', ')}`,
  )
  return { ...row }
}

describe('a snapshot', () => {
  test('reads alike whatever is set, and puts it back, within a transaction', async () => {
    await within(async () => {
      await session.execute(SCHEMA)
      const expected = await adapter.catalog.snapshot(session)
      for (const [name, value] of Object.entries(SETTINGS))
        await session.query(`SELECT set_config('${name}', '${value}', true)`)
      const before = await settings()
      expect(before).toMatchObject(SETTINGS)
      expect(await adapter.catalog.snapshot(session)).toEqual(expected)
      expect(await settings()).toEqual(before)
    })
  })

  test('puts settings back outside of a transaction too', async () => {
    await session.execute("SET search_path = shop; SET DateStyle = 'German, DMY'")
    const before = await settings()
    await adapter.catalog.snapshot(session)
    expect(await settings()).toEqual(before)
    await session.execute('RESET ALL')
  })

  test('reads alike as a role that may do nothing', async () => {
    await within(async () => {
      await session.execute(SCHEMA)
      const expected = await adapter.catalog.snapshot(session)
      await session.execute('CREATE ROLE nobody_at_all; SET LOCAL ROLE nobody_at_all')
      expect(await adapter.catalog.snapshot(session)).toEqual(expected)
    })
  })

  test('holds no lock stronger than ACCESS SHARE', async () => {
    await db.sql.unsafe(SCHEMA)
    const modes = await within(async () => {
      await adapter.catalog.snapshot(session)
      const locks = "SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'"
      return (await session.query(locks)).map(({ mode }) => mode)
    })
    await db.sql.unsafe('DROP SCHEMA shop CASCADE')
    expect(modes).toEqual(['AccessShareLock'])
  })

  test('leaves out the migrator’s own tables with all that belongs to them, and its archives', async () => {
    const own = createCatalog({ tables: [{ schema: 'public', table: 'mine' }], schemas: ['kept "rows"'] })
    await within(async () => {
      const before = await own.snapshot(session)
      await session.execute(`
        CREATE SCHEMA "kept ""rows""";
        CREATE TABLE "kept ""rows""".users (id int);
        CREATE TYPE "kept ""rows""".kind AS ENUM ('a');
        CREATE TABLE mine (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, text text CHECK (text <> ''));
        CREATE INDEX mine_text ON mine (text);
        CREATE STATISTICS mine_both ON id, n FROM mine;
        CREATE RULE ignore AS ON DELETE TO mine DO INSTEAD NOTHING;
        CREATE POLICY all_of_it ON mine;
        COMMENT ON TABLE mine IS 'mine'; COMMENT ON COLUMN mine.text IS 'mine'`)
      expect(diffCatalogs(before, await own.snapshot(session)).differences).toEqual([])
    })
  })

  test('tells extensions, and nothing of what they bring', async () => {
    await within(async () => {
      const before = await adapter.catalog.snapshot(session)
      await session.execute(`CREATE SCHEMA ext;
        CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext;
        CREATE EXTENSION btree_gist SCHEMA ext; CREATE EXTENSION postgres_fdw; CREATE EXTENSION unaccent;
        CREATE EXTENSION pgcrypto; CREATE EXTENSION pg_stat_statements;
        CREATE FUNCTION ext.ours() RETURNS int LANGUAGE sql AS 'SELECT 1'`)
      const { differences } = diffCatalogs(before, await adapter.catalog.snapshot(session))
      expect(differences.map(({ object }) => object)).toEqual([
        'extension btree_gist',
        'extension citext',
        'extension hstore',
        'extension pg_stat_statements',
        'extension pg_trgm',
        'extension pgcrypto',
        'extension postgres_fdw',
        'extension unaccent',
        'function ext.ours()',
        'schema ext',
      ])
    })
  })

  test('shows no secret of a foreign server', async () => {
    await within(async () => {
      await session.execute(`CREATE FOREIGN DATA WRAPPER remote OPTIONS (api_token 'hidden-1');
        CREATE SERVER elsewhere FOREIGN DATA WRAPPER remote OPTIONS (host 'seen', password 'hidden-2');
        CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere OPTIONS (password 'hidden-3')`)
      const text = JSON.stringify(await adapter.catalog.snapshot(session))
      expect(text).toContain('host=seen')
      expect(text).not.toContain('hidden')
    })
  })
})

describe('a fingerprint', () => {
  const makeAs = async (role: string, sql: string) => {
    const other = await createDatabase()
    await other.sql.unsafe(`SET ROLE ${role}; ${sql}`)
    const there = new PostgresAdapter({ connectionString: other.url })
    const on = await there.connect({ modules: false })
    const found = [await there.catalog.snapshot(on), await there.catalog.fingerprint(on)] as const
    await there.close()
    await other.drop()
    return found
  }

  test('is the same in another database, with other oids, that another role owns', async () => {
    const grants = `ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO PUBLIC; GRANT SELECT ON shop.items TO PUBLIC;`
    await onServer((sql) => sql.unsafe('CREATE ROLE another_owner SUPERUSER'))
    try {
      const [mine, myPrint] = await makeAs('postgres', `${SCHEMA} ${grants}`)
      const [theirs, theirPrint] = await makeAs(
        'another_owner',
        `CREATE TABLE gap (id int); DROP TABLE gap; ${SCHEMA} ${grants}`,
      )
      expect(diffCatalogs(mine, theirs).verdict).toBe('differs')
      expect(theirPrint).toBe(myPrint)
      expect(fingerprintOf(mine)).toBe(myPrint)
    } finally {
      await onServer((sql) => sql.unsafe('DROP ROLE another_owner'))
    }
  })

  test('is another one for any change', async () => {
    await within(async () => {
      await session.execute(SCHEMA)
      const first = await adapter.catalog.fingerprint(session)
      await session.execute("COMMENT ON COLUMN shop.items.f IS 'x'")
      expect(await adapter.catalog.fingerprint(session)).not.toBe(first)
    })
  })
})

test('one changed column is found among a thousand tables', async () => {
  await within(async () => {
    await session.execute(`DO $$ BEGIN FOR i IN 1..1000 LOOP
      EXECUTE format('CREATE TABLE t_%s (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE CHECK (name <> %L))', i, '');
    END LOOP; END $$`)
    const before = await adapter.catalog.snapshot(session)
    expect(Object.keys(before).filter((object) => object.startsWith('table ')).length).toBe(1000)
    expect(Object.keys(before).filter((object) => object.startsWith('index ')).length).toBe(2000)
    await session.execute('ALTER TABLE t_617 ALTER COLUMN name TYPE varchar(100)')
    const { verdict, differences } = diffCatalogs(before, await adapter.catalog.snapshot(session))
    expect(verdict).toBe('differs')
    expect(differences.map(({ object }) => object)).toEqual([
      'column public.t_617.name',
      'constraint public.t_617.t_617_name_check',
    ])
  })
})
