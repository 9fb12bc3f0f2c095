import { describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { done, expectEmptyArchive, roundTrip, rowsOf } from '../support/kept.ts'
import { drizzle, module, outsidePair, scene } from '../support/scene.ts'

describe('a down with bound parameters', () => {
  const IMPORTS = `import { sql, eq, gt, inArray, and } from '${drizzle()}'
    import { pgTable, integer, text, timestamp, boolean } from '${drizzle('pg-core')}'
    const t = pgTable('t', { id: integer().primaryKey(), v: text(), at: timestamp({ withTimezone: true }), ok: boolean() })`

  test.each([
    ['a number', 'await db.execute(sql`DELETE FROM t WHERE id > {{4}}`)', 4],
    ['a text that looks like a number', "await db.execute(sql`DELETE FROM t WHERE v = {{'3'}}`)", 5],
    ['a number for a text', 'await db.execute(sql`DELETE FROM t WHERE v = {{3}}`)', 5],
    ['a query builder', 'await db.delete(t).where(gt(t.id, 2))', 2],
    ['several values', 'await db.delete(t).where(inArray(t.id, [1, 2, 3]))', 3],
    [
      'a boolean and a moment',
      "await db.delete(t).where(and(eq(t.ok, true), gt(t.at, new Date('2026-01-03T12:00:00Z'))))",
      3,
    ],
    ['a quote in a text', 'await db.execute(sql`DELETE FROM t WHERE v <> {{"it\'s"}}`)', 0],
    [
      'a text that only looks like a parameter',
      "await db.execute(sql`DELETE FROM t WHERE v <> '$1' AND id = {{6}}`)",
      5,
    ],
  ])('%s', async (_, down, left) => {
    const code = down.replaceAll('{{', '$' + '{').replaceAll('}}', '}')
    const at = await scene(module('0001_d', { up: "await db.execute('SELECT 1')", down: code, more: IMPORTS }), {
      standing: `CREATE TABLE t (id int PRIMARY KEY, v text, at timestamptz, ok boolean);
        INSERT INTO t SELECT i, i::text, '2026-01-01Z'::timestamptz + i * interval '1 day' - interval '1 day', true FROM generate_series(1, 6) i`,
    })
    await done(at, 'migrate')
    const all = 'SELECT * FROM t ORDER BY id'
    const before = await rowsOf(at.db, all)
    await done(at, 'rollback', '--preserve-data')
    expect(await rowsOf(at.db, 'SELECT count(*) AS n FROM t')).toEqual([{ n: left }])
    await done(at, 'migrate')
    expect(await rowsOf(at.db, all)).toEqual(before)
    await expectEmptyArchive(at.db)
  })
})

describe('a sequence that the dropped table used, but did not own, goes on behind its values', () => {
  test.each([
    ['of the same migration', 'CREATE SEQUENCE ids;', 'DROP TABLE t; DROP SEQUENCE ids;', 'ids'],
    [
      'in another schema, by tens',
      'CREATE SCHEMA "S x"; CREATE SEQUENCE "S x"."Ids" INCREMENT 10;',
      'DROP TABLE t; DROP SCHEMA "S x" CASCADE;',
      '"S x"."Ids"',
    ],
    ['that counts down', 'CREATE SEQUENCE ids INCREMENT -1;', 'DROP TABLE t; DROP SEQUENCE ids;', 'ids'],
  ])('%s', async (_, create, down, name) => {
    const at = await scene(
      pair('0001_t', `${create} CREATE TABLE t (id int PRIMARY KEY DEFAULT nextval('${name}'), v text);`, down),
    )
    await done(at, 'migrate')
    await at.db.sql.unsafe("INSERT INTO t (v) VALUES ('a'), ('b'), ('c')")
    await roundTrip(at)
    await at.db.sql.unsafe("INSERT INTO t (v) VALUES ('d')")
    expect(await rowsOf(at.db, 'SELECT count(*) AS n, count(DISTINCT id) AS ids FROM t')).toEqual([{ n: 4, ids: 4 }])
    await expectEmptyArchive(at.db)
  })

  test('outside a transaction, and shared by two tables', async () => {
    const at = await scene(
      outsidePair(
        '0001_t',
        "CREATE SEQUENCE ids; CREATE TABLE a (id int PRIMARY KEY DEFAULT nextval('ids')); CREATE TABLE b (id int PRIMARY KEY DEFAULT nextval('ids'));",
        'DROP TABLE a; DROP TABLE b; DROP SEQUENCE ids;',
      ),
    )
    await done(at, 'migrate')
    await at.db.sql.unsafe('INSERT INTO a DEFAULT VALUES; INSERT INTO b DEFAULT VALUES; INSERT INTO b DEFAULT VALUES')
    await roundTrip(at)
    await at.db.sql.unsafe('INSERT INTO a DEFAULT VALUES')
    expect(await rowsOf(at.db, 'SELECT max(id) AS id FROM a')).toEqual([{ id: 4 }])
  })
})

describe('deferred checks that the up leaves pending do not keep its data from coming back', () => {
  const TRIGGER = `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN new; END $f$;`
  test.each([
    [
      'of a deferred foreign key',
      `CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p DEFERRABLE INITIALLY DEFERRED);
       CREATE TRIGGER touch BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION touch(); INSERT INTO c VALUES (1, 1);`,
      'DROP TABLE c;',
      'INSERT INTO c VALUES (2, 2)',
      'SELECT * FROM c ORDER BY id',
    ],
    [
      'of a constraint trigger',
      `ALTER TABLE p ADD COLUMN v int; CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON p DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();
       UPDATE p SET v = 0;`,
      'DROP TRIGGER late ON p; ALTER TABLE p DROP COLUMN v;',
      'UPDATE p SET v = id',
      'SELECT * FROM p ORDER BY id',
    ],
    [
      'of a deferred unique key, in a circle of foreign keys',
      `CREATE TABLE a (id int PRIMARY KEY, b int, u int UNIQUE DEFERRABLE INITIALLY DEFERRED); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
       ALTER TABLE a ADD CONSTRAINT circle FOREIGN KEY (b) REFERENCES b DEFERRABLE INITIALLY DEFERRED; INSERT INTO b VALUES (1, NULL); INSERT INTO a VALUES (1, 1, 1);`,
      'ALTER TABLE a DROP CONSTRAINT circle; DROP TABLE b; DROP TABLE a;',
      'INSERT INTO b VALUES (2, 1); INSERT INTO a VALUES (2, 2, 2)',
      'SELECT a.*, b.a FROM a JOIN b ON b.id = a.b ORDER BY a.id',
    ],
  ])('%s', async (_, up, down, written, all) => {
    const at = await scene(pair('0001_t', up, down), {
      standing: `${TRIGGER} CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1), (2)`,
    })
    await done(at, 'migrate')
    await at.db.sql.unsafe(written)
    const before = await rowsOf(at.db, all)
    await roundTrip(at)
    expect(await rowsOf(at.db, all)).toEqual(before)
    await expectEmptyArchive(at.db)
  })
})
