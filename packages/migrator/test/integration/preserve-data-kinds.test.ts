import { describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { ALL, done, expectEmptyArchive, note, orders, roundTrip, rowsOf, THREE } from '../support/kept.ts'
import { scene } from '../support/scene.ts'

describe('a dropped column', () => {
  test('comes back with its values, its nulls too, and rows that arrived in between get the default', async () => {
    const at = await scene({ ...orders, ...note })
    await done(at, 'migrate')
    await at.db.sql.unsafe(THREE)
    const before = (await rowsOf(at.db, ALL)) as unknown[]
    const said = await roundTrip(at, { between: 'INSERT INTO orders (total) VALUES (4)' })
    expect(said).toContain('Preserved the values of note of 3 rows of public.orders in migration_preserved.orders_')
    expect(said).toContain('Put back the values of note of 3 rows of public.orders')
    expect(await rowsOf(at.db, ALL)).toEqual([...before, { id: 4, total: 4, note: 'none' }])
    await expectEmptyArchive(at.db)
  })

  test('of rows that were deleted in between is gone with them; rows that were changed get theirs', async () => {
    const at = await scene({ ...orders, ...note })
    await done(at, 'migrate')
    await at.db.sql.unsafe(THREE)
    const said = await roundTrip(at, {
      between: 'DELETE FROM orders WHERE id = 1; UPDATE orders SET total = 20 WHERE id = 2',
    })
    expect(said).toContain('of 1 row of public.orders could not be restored because their rows were deleted meanwhile')
    expect(await rowsOf(at.db, ALL)).toEqual([
      { id: 2, total: 20, note: null },
      { id: 3, total: 3, note: 'drei ä' },
    ])
    await expectEmptyArchive(at.db)
  })

  test('of a type that goes with it, in a partitioned table, comes back into every partition', async () => {
    const at = await scene({
      ...pair(
        '0001_t',
        `CREATE TABLE t (a int, b text, PRIMARY KEY (b, a)) PARTITION BY LIST (a);
         CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2);`,
        'DROP TABLE t;',
      ),
      ...pair(
        '0002_mood',
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); ALTER TABLE t ADD COLUMN mood mood, ADD COLUMN moods mood[];",
        'DROP TYPE mood CASCADE;',
      ),
    })
    await done(at, 'migrate')
    await at.db.sql.unsafe(
      `INSERT INTO t VALUES (1, 'x', 'ok', '{ok,NULL}'), (2, 'x', NULL, NULL), (2, 'y', 'sad', '{}')`,
    )
    const all = 'SELECT *, tableoid::regclass::text AS part FROM t ORDER BY a, b'
    const before = await rowsOf(at.db, all)
    await roundTrip(at)
    expect(await rowsOf(at.db, all)).toEqual(before)
    await expectEmptyArchive(at.db)
  })

  test('comes back in each of the tables that inherit it, whose keys may be the same', async () => {
    const at = await scene({
      ...pair(
        '0001_t',
        'CREATE TABLE t (id int PRIMARY KEY, own text); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (t);',
        'DROP TABLE t CASCADE;',
      ),
      ...pair('0002_c', 'ALTER TABLE t ADD COLUMN c int;', 'ALTER TABLE t DROP COLUMN c;'),
    })
    await done(at, 'migrate')
    await at.db.sql.unsafe(
      "INSERT INTO t VALUES (1, 'p', 10), (2, 'p', 20); INSERT INTO child VALUES (1, 'c', 100), (3, 'c', 300)",
    )
    const all = 'SELECT *, tableoid::regclass::text AS part FROM t ORDER BY own, id'
    const before = await rowsOf(at.db, all)
    await roundTrip(at)
    expect(await rowsOf(at.db, all)).toEqual(before)
    await roundTrip(at, { down: ['--all', '--force'] })
    expect(await rowsOf(at.db, all)).toEqual(before)
    await expectEmptyArchive(at.db)
  })

  test('without any key comes back by whole rows, equal ones too', async () => {
    const at = await scene({
      ...pair('0001_t', 'CREATE TABLE t (a int, b json);', 'DROP TABLE t;'),
      ...pair('0002_c', 'ALTER TABLE t ADD COLUMN c int;', 'ALTER TABLE t DROP COLUMN c;'),
    })
    await done(at, 'migrate')
    await at.db.sql.unsafe(
      `INSERT INTO t VALUES (1, '{"x": 1}', 1), (1, '{"x": 1}', 2), (NULL, NULL, 3), (2, '{"x":1}', NULL)`,
    )
    const all = 'SELECT * FROM t ORDER BY a, c'
    const before = await rowsOf(at.db, all)
    await roundTrip(at, { between: 'INSERT INTO t VALUES (9, NULL)' })
    expect(await rowsOf(at.db, `SELECT * FROM (${all}) o WHERE a IS DISTINCT FROM 9`)).toEqual(before)
    await expectEmptyArchive(at.db)
  })

  test('that was the primary key, an always generated identity, comes back as it was, and its sequence goes on', async () => {
    const at = await scene({
      ...pair('0001_t', 'CREATE TABLE t (name text);', 'DROP TABLE t;'),
      ...pair(
        '0002_id',
        'ALTER TABLE t ADD COLUMN id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY;',
        'ALTER TABLE t DROP COLUMN id;',
      ),
    })
    await done(at, 'migrate')
    await at.db.sql.unsafe(`INSERT INTO t (name) VALUES ('a'), ('b'), ('c'); DELETE FROM t WHERE name = 'a'`)
    await roundTrip(at)
    await at.db.sql.unsafe(`INSERT INTO t (name) VALUES ('d')`)
    expect(await rowsOf(at.db, 'SELECT * FROM t ORDER BY id')).toEqual([
      { id: 2, name: 'b' },
      { id: 3, name: 'c' },
      { id: 4, name: 'd' },
    ])
  })

  test('does not wake the triggers of its table', async () => {
    const at = await scene(
      { ...pair('0001_c', 'ALTER TABLE t ADD COLUMN c int;', 'ALTER TABLE t DROP COLUMN c;') },
      {
        standing: `CREATE TABLE t (id int PRIMARY KEY, touched int NOT NULL DEFAULT 0); CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql
          AS $f$ BEGIN new.touched := old.touched + 1; RETURN new; END $f$; CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch()`,
      },
    )
    await done(at, 'migrate')
    await at.db.sql.unsafe('INSERT INTO t VALUES (1, 0, 7)')
    await roundTrip(at)
    expect(await rowsOf(at.db, 'SELECT * FROM t')).toEqual([{ id: 1, touched: 0, c: 7 }])
    await at.db.sql.unsafe('UPDATE t SET c = 8')
    expect(await rowsOf(at.db, 'SELECT * FROM t')).toEqual([{ id: 1, touched: 1, c: 8 }])
  })
})

test('of a column that is written to until it is gone, no value is lost', async () => {
  const at = await scene({ ...orders, ...note })
  await done(at, 'migrate')
  const { sql } = at.db
  const noted = new Map<number, string>()
  const bare: number[] = []
  let stopped = false
  const writing = (async () => {
    for (let i = 1; !stopped; i++) {
      const [written] = await sql`INSERT INTO orders (total, note) VALUES (${i}, ${`n${i}`}) RETURNING id`.catch(
        () => [],
      )
      const [plain] = written ? [] : await sql`INSERT INTO orders (total) VALUES (${i}) RETURNING id`
      if (written) noted.set(written.id, `n${i}`)
      else bare.push(plain?.id)
    }
  })()
  await expect.poll(() => noted.size).toBeGreaterThan(20)
  await done(at, 'rollback', '--preserve-data')
  await expect.poll(() => bare.length).toBeGreaterThan(20)
  stopped = true
  await writing
  await done(at, 'migrate')
  const rows = await sql`SELECT id, note FROM orders ORDER BY id`
  expect(rows).toHaveLength(noted.size + bare.length)
  expect(rows.filter(({ id, note: found }) => found !== (noted.get(id) ?? 'none'))).toEqual([])
})

describe('a narrowed column', () => {
  const files = (key: string) => ({
    ...pair('0001_t', `CREATE TABLE t (id int ${key}, a int, b text);`, 'DROP TABLE t;'),
    ...pair(
      '0002_wide',
      'ALTER TABLE t ALTER a TYPE numeric, ALTER b TYPE text;',
      'ALTER TABLE t ALTER a TYPE int, ALTER b TYPE varchar(3) USING left(b, 3);',
    ),
  })
  const filled = "INSERT INTO t VALUES (1, 1.5, 'longer'), (2, 2, 'b'), (3, NULL, NULL), (4, 4.25, 'four!')"

  test('gets what it held before, but in rows that were written to meanwhile, which is said', async () => {
    const at = await scene(files('PRIMARY KEY'))
    await done(at, 'migrate')
    await at.db.sql.unsafe(filled)
    const said = await roundTrip(at, {
      between: "UPDATE t SET a = 40 WHERE id = 4; INSERT INTO t VALUES (5, 5, 'e')",
    })
    expect(said).toMatch(
      /the values of a, b of 1 row of public\.t were NOT restored and stay in migration_preserved\.t_\w+: the rows were changed/,
    )
    expect(await rowsOf(at.db, 'SELECT * FROM t ORDER BY id')).toEqual([
      { id: 1, a: 1.5, b: 'longer' },
      { id: 2, a: 2, b: 'b' },
      { id: 3, a: null, b: null },
      { id: 4, a: 40, b: 'fou' },
      { id: 5, a: 5, b: 'e' },
    ])
  })

  test('without a primary key is kept for a person', async () => {
    const at = await scene(files(''))
    await done(at, 'migrate')
    await at.db.sql.unsafe(filled)
    const said = await roundTrip(at)
    expect(said).toContain('the values of a, b of 4 rows of public.t were NOT restored')
    const [{ copy_name = '' } = {}] = await at.db.sql`SELECT copy_name FROM migration_preserved.preserved`
    expect(await rowsOf(at.db, `SELECT a, b FROM migration_preserved."${copy_name}" WHERE id = 1`)).toEqual([
      { a: 1.5, b: 'longer' },
    ])
  })
})

describe('a dropped table', () => {
  test('comes back with those that refer to it, in a circle too, and its sequences go on', async () => {
    const at = await scene(
      pair(
        '0001_circle',
        `CREATE TABLE orgs (id serial PRIMARY KEY, owner_id int, name text NOT NULL);
         CREATE TABLE users (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, boss_id int REFERENCES users);
         ALTER TABLE orgs ADD CONSTRAINT owner FOREIGN KEY (owner_id) REFERENCES users;
         COMMENT ON CONSTRAINT owner ON orgs IS 'who pays';`,
        'ALTER TABLE orgs DROP CONSTRAINT owner; DROP TABLE users; DROP TABLE orgs;',
      ),
    )
    await done(at, 'migrate')
    await at.db.sql.unsafe(`
      INSERT INTO orgs (name) VALUES ('a'), ('b'); INSERT INTO users (org_id, boss_id) VALUES (1, 2), (2, NULL);
      UPDATE orgs SET owner_id = 2`)
    const both = 'SELECT * FROM users JOIN orgs ON orgs.id = org_id ORDER BY users.id'
    const before = await rowsOf(at.db, both)
    await roundTrip(at)
    expect(await rowsOf(at.db, both)).toEqual(before)
    await at.db.sql.unsafe(`INSERT INTO orgs (name) VALUES ('c'); INSERT INTO users (org_id) VALUES (3)`)
    expect(await rowsOf(at.db, 'SELECT max(orgs.id) AS o, max(users.id) AS u FROM orgs, users')).toEqual([
      { o: 3, u: 3 },
    ])
    const comment = "SELECT obj_description(oid, 'pg_constraint') AS c FROM pg_constraint WHERE conname = 'owner'"
    expect(await rowsOf(at.db, comment)).toEqual([{ c: 'who pays' }])
    await expect(at.db.sql.unsafe('UPDATE orgs SET owner_id = 99')).rejects.toThrow('foreign key')
    await expectEmptyArchive(at.db)
  })

  test('comes back with odd names, types of its own, generated columns, partitions and composite keys', async () => {
    const at = await scene(
      pair(
        '0001_zoo',
        `CREATE SCHEMA "Ä pp"; CREATE TYPE "Ä pp".mood AS ENUM ('sad', 'it''s ok'); CREATE DOMAIN "Ä pp".plz AS text CHECK (value ~ '^\\d+$');
         CREATE TYPE "Ä pp".pair AS (a int, b text);
         CREATE TABLE "Ä pp"."Größe ""x""" ("schlüssel a" int, b uuid, mood "Ä pp".mood, moods "Ä pp".mood[], plz "Ä pp".plz, both_ "Ä pp".pair,
           doc jsonb, raw bytea, at timestamptz, span interval, price money, f float8, twice int GENERATED ALWAYS AS ("schlüssel a" * 2) STORED,
           PRIMARY KEY (b, "schlüssel a"));
         CREATE TABLE "Ä pp".log (day date, n bigserial, text text, PRIMARY KEY (day, n)) PARTITION BY RANGE (day);
         CREATE TABLE "Ä pp".log_1 PARTITION OF "Ä pp".log FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
         CREATE TABLE "Ä pp".log_2 PARTITION OF "Ä pp".log FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');`,
        'DROP SCHEMA "Ä pp" CASCADE;',
      ),
    )
    await done(at, 'migrate')
    await at.db.sql.unsafe(`
      INSERT INTO "Ä pp"."Größe ""x""" VALUES
        (1, '5a1f0e3c-0000-4000-8000-000000000001', 'it''s ok', '{sad,"it''s ok"}', '0123', '(1,"x, y")', '{"a": [1, null]}', '\\x00ff', '2026-03-29 02:30:00.123456+01', '1 mon -3 days', 12.34, 0.1),
        (2, '5a1f0e3c-0000-4000-8000-000000000001', NULL, NULL, NULL, NULL, 'null', NULL, 'infinity', NULL, NULL, 'NaN');
      INSERT INTO "Ä pp".log (day, text) VALUES ('2026-02-01', 'a'), ('2026-08-01', 'b')`)
    const zoo = `SELECT to_jsonb(z) AS z FROM "Ä pp"."Größe ""x""" z ORDER BY "schlüssel a"`
    const log = 'SELECT *, tableoid::regclass::text AS part FROM "Ä pp".log ORDER BY n'
    const before = [await rowsOf(at.db, zoo), await rowsOf(at.db, log)]
    const said = await roundTrip(at)
    expect(said).toContain('Put back 2 rows of Ä pp.Größe "x"')
    expect([await rowsOf(at.db, zoo), await rowsOf(at.db, log)]).toEqual(before)
    await expectEmptyArchive(at.db)
  })

  test('of 100,000 rows comes back whole', async () => {
    const at = await scene({ ...orders, ...note })
    await done(at, 'migrate')
    await at.db.sql.unsafe("INSERT INTO orders (total, note) SELECT i, 'n' || i FROM generate_series(1, 100000) i")
    const sum = 'SELECT count(*), sum(hashtext(o::text)::bigint) FROM orders o'
    const before = await rowsOf(at.db, sum)
    const said = await roundTrip(at, { down: ['--all', '--force'] })
    expect(said).toContain('Put back the values of note of 100,000 rows')
    expect(await rowsOf(at.db, sum)).toEqual(before)
    await expectEmptyArchive(at.db)
  })

  test("wins over what its own up puts there, row by row, and keeps the up's other rows", async () => {
    const at = await scene(
      pair(
        '0001_settings',
        `CREATE TABLE settings (name text PRIMARY KEY, value text UNIQUE); INSERT INTO settings VALUES ('theme', 'light'), ('lang', 'de');`,
        'DROP TABLE settings;',
      ),
    )
    await done(at, 'migrate')
    await at.db.sql.unsafe(
      `UPDATE settings SET value = 'dark' WHERE name = 'theme'; INSERT INTO settings VALUES ('own', 'x'); DELETE FROM settings WHERE name = 'lang'`,
    )
    await roundTrip(at)
    expect(await rowsOf(at.db, 'SELECT * FROM settings ORDER BY name')).toEqual([
      { name: 'lang', value: 'de' },
      { name: 'own', value: 'x' },
      { name: 'theme', value: 'dark' },
    ])
    await expectEmptyArchive(at.db)
  })
})

describe('emptied and deleted rows', () => {
  test('come back, also those that went along', async () => {
    const at = await scene(
      {
        ...pair('0001_trunc', 'SELECT 1;', 'TRUNCATE parents RESTART IDENTITY CASCADE;'),
        ...pair('0002_delete', 'SELECT 1;', "DELETE FROM tags WHERE name LIKE 'x%'; DELETE FROM loose;"),
      },
      {
        standing: `CREATE TABLE parents (id serial PRIMARY KEY); CREATE TABLE children (id int PRIMARY KEY, parent_id int REFERENCES parents);
          CREATE TABLE tags (name text PRIMARY KEY); CREATE TABLE uses (tag text REFERENCES tags ON DELETE CASCADE, n int, PRIMARY KEY (tag, n)); CREATE TABLE loose (a int);
          INSERT INTO parents DEFAULT VALUES; INSERT INTO parents DEFAULT VALUES; INSERT INTO children VALUES (10, 1), (11, NULL);
          INSERT INTO tags VALUES ('x1'), ('y1'); INSERT INTO uses VALUES ('x1', 1), ('y1', 1); INSERT INTO loose VALUES (1), (1)`,
      },
    )
    await done(at, 'migrate')
    const all = `SELECT (SELECT jsonb_agg(p ORDER BY id) FROM parents p) AS p, (SELECT jsonb_agg(c ORDER BY id) FROM children c) AS c,
      (SELECT jsonb_agg(t ORDER BY name) FROM tags t) AS t, (SELECT jsonb_agg(u ORDER BY tag) FROM uses u) AS u, (SELECT count(*) FROM loose) AS l`
    const before = await rowsOf(at.db, all)
    await done(at, 'rollback', '--preserve-data', '--all', '--force')
    expect(await rowsOf(at.db, all)).not.toEqual(before)
    await done(at, 'migrate')
    expect(await rowsOf(at.db, all)).toEqual(before)
    await at.db.sql.unsafe('INSERT INTO parents DEFAULT VALUES')
    expect(await rowsOf(at.db, 'SELECT max(id) AS id FROM parents')).toEqual([{ id: 3 }])
    await expectEmptyArchive(at.db)
  })

  test('are those that the statement means under its own settings', async () => {
    const at = await scene(
      {
        ...pair(
          '0001_old',
          'SELECT 1;',
          "SET LOCAL timezone TO 'Pacific/Kiritimati'; DELETE FROM t WHERE at < '2026-01-02';",
        ),
      },
      {
        standing:
          "CREATE TABLE t (id int PRIMARY KEY, at timestamptz); INSERT INTO t SELECT h, '2026-01-01 00:00Z'::timestamptz + h * interval '1 hour' FROM generate_series(1, 24) h",
      },
    )
    await done(at, 'migrate')
    await done(at, 'rollback', '--preserve-data', '--force')
    expect(await rowsOf(at.db, 'SELECT count(*) FROM t')).toEqual([{ count: 15 }])
    await done(at, 'migrate')
    expect(await rowsOf(at.db, 'SELECT count(*) FROM t')).toEqual([{ count: 24 }])
    await expectEmptyArchive(at.db)
  })

  test('yield to a row that arrived in between with the same key, and stay where they can be found', async () => {
    const at = await scene(
      { ...pair('0001_delete', 'SELECT 1;', 'DELETE FROM tags;') },
      { standing: `CREATE TABLE tags (name text PRIMARY KEY, n int); INSERT INTO tags VALUES ('a', 1), ('b', 2)` },
    )
    await done(at, 'migrate')
    const said = await roundTrip(at, { between: `INSERT INTO tags VALUES ('a', 100)` })
    expect(said).toMatch(
      /Put back 1 row of public.tags; 1 row of public.tags was NOT restored and stays in migration_preserved\.tags_\w+/,
    )
    expect(await rowsOf(at.db, 'SELECT * FROM tags ORDER BY name')).toEqual([
      { name: 'a', n: 100 },
      { name: 'b', n: 2 },
    ])
    const [left] = await at.db.sql`SELECT copy_name, state, row_count FROM migration_preserved.preserved`
    expect(left).toMatchObject({ state: 'left', row_count: '1' })
    expect(await rowsOf(at.db, `SELECT * FROM migration_preserved."${left?.copy_name}"`)).toEqual([{ name: 'a', n: 1 }])

    // A second time: what was left is neither tried again nor removed.
    expect(await roundTrip(at)).toContain('Put back 2 rows of public.tags')
    expect(await rowsOf(at.db, 'SELECT name, n FROM tags ORDER BY name')).toEqual([
      { name: 'a', n: 100 },
      { name: 'b', n: 2 },
    ])
    expect(await at.db.sql`SELECT copy_name, state FROM migration_preserved.preserved`).toEqual([
      { copy_name: left?.copy_name, state: 'left' },
    ])
  })
})
