import { expect, onTestFinished, test } from 'vitest'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { digestRows } from '../../src/dialects/postgres/testing/rows.ts'
import { loadMigrations } from '../../src/migration-files.ts'
import { MigrationRunner } from '../../src/runner.ts'
import { RollbackTester } from '../../src/testing/index.ts'
import { pair, threeTables } from '../support/cli.ts'
import { refused, rollbackTrial } from '../support/rollback-trial.ts'
import { throwAway } from '../support/throw-away.ts'

const ODD = `
  CREATE SCHEMA "Odd.Schema";
  CREATE TABLE "Odd.Schema"."Üser""s" ("a.b" int, "c""d" text, "select" bool);
  INSERT INTO "Odd.Schema"."Üser""s" VALUES (1, 'x', true), (2, 'y', NULL), (2, 'y', NULL);
  CREATE TABLE bare ();
  INSERT INTO bare DEFAULT VALUES;
  CREATE TABLE parted (id int, at date) PARTITION BY RANGE (at);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  INSERT INTO parted VALUES (1, '2026-05-05');
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TYPE pair AS (l int, r text);
  CREATE TABLE typed (
    j json, b jsonb, x bytea, t text[], r int4range, m mood, p pair, f float8, n numeric, z timestamptz,
    total int GENERATED ALWAYS AS (1) STORED);
  INSERT INTO typed VALUES ('{"a":1,"a":2}', '{}', '\\x00ff', '{a,NULL}', '[1,3)', 'good', '(1,x)', 'NaN', 1.10, 'infinity');
  CREATE TABLE parent (id int); CREATE TABLE child (more int) INHERITS (parent);
  INSERT INTO child VALUES (1, 2);
  CREATE VIEW seen AS SELECT * FROM parent`

const ODD_USERS = '"Odd.Schema"."Üser""s"'

async function odd() {
  const { db, session } = await throwAway(ODD)
  const adapter = new PostgresAdapter({ connectionString: db.url })
  onTestFinished(() => adapter.close())
  const look = async () => digestRows(session, await adapter.catalog.snapshot(session))
  return { db, look }
}

test('counts the rows of every table, whatever it is called and holds, and those of a partition once', async () => {
  const { look } = await odd()
  const counts = Object.fromEntries([...(await look())].map(([table, { rows }]) => [table, rows]))
  expect(counts).toEqual({
    [ODD_USERS]: 3,
    'public.bare': 1,
    'public.child': 1,
    'public.parent': 0,
    'public.parted': 0,
    'public.parted_1': 1,
    'public.typed': 1,
  })
})

test.each([
  { change: `UPDATE ${ODD_USERS} SET "select" = false WHERE "a.b" = 1`, table: ODD_USERS },
  { change: `UPDATE ${ODD_USERS} SET "c""d" = CASE "c""d" WHEN 'x' THEN 'y' ELSE 'x' END`, table: ODD_USERS },
  { change: `UPDATE ${ODD_USERS} SET "c""d" = '' WHERE "a.b" = 1`, table: ODD_USERS },
  { change: 'INSERT INTO bare DEFAULT VALUES', table: 'public.bare' },
  { change: 'UPDATE parted SET id = 2', table: 'public.parted_1' },
  { change: `UPDATE typed SET j = '{"a":2,"a":1}'`, table: 'public.typed' },
  { change: "UPDATE typed SET x = '\\x00fe'", table: 'public.typed' },
  { change: 'UPDATE typed SET t = \'{a,"NULL"}\'', table: 'public.typed' },
  { change: 'UPDATE typed SET n = 1.1', table: 'public.typed' },
  { change: 'UPDATE parent SET id = 5', table: 'public.child' },
])('sees $change, and in no other table', async ({ change, table }) => {
  const { db, look } = await odd()
  const before = await look()
  await db.sql.unsafe(change)
  const after = await look()
  const changed = [...after].filter(([name, { digest, rows }]) => {
    const old = before.get(name)
    return old?.digest !== digest || old.rows !== rows
  })
  expect(changed.map(([name]) => name)).toEqual([table])
})

test('does not depend on the order of rows', async () => {
  const { db, look } = await odd()
  const before = await look()
  await db.sql.unsafe(`UPDATE ${ODD_USERS} SET "a.b" = "a.b" WHERE "a.b" = 1`)
  expect(await look()).toEqual(before)
})

test('reports a wrong value in an oddly named table with its name', async () => {
  const files = {
    ...pair('0001_odd', `UPDATE ${ODD_USERS} SET "a.b" = "a.b" + 1;`, `UPDATE ${ODD_USERS} SET "a.b" = "a.b" - 2;`),
    ...pair('0002_two', 'CREATE TABLE two ();', 'DROP TABLE two;'),
  }
  const { runner, migrations } = await rollbackTrial(files, ODD)
  const error = await refused(RollbackTester.verify(runner, migrations, { failAt: '0002_two', transaction: 'each' }))
  expect(error.message).toContain(`rows of ${ODD_USERS} changed (3 before, 3 after)`)
})

test('the schema of a history table that is made for it is no leftover', async () => {
  const { db, directory } = await rollbackTrial(threeTables())
  const adapter = new PostgresAdapter({ connectionString: db.url, historyTable: 'kept.history' })
  onTestFinished(() => adapter.close())
  const runner = new MigrationRunner({ adapter })
  const proof = await RollbackTester.verify(runner, await loadMigrations(directory), { failAt: '0002_two' })
  expect(proof.catalog).toBe('identical')
})

test('a history table of another name is known to the process that is killed, too', async () => {
  const { db, directory } = await rollbackTrial(threeTables())
  const adapter = new PostgresAdapter({ connectionString: db.url, historyTable: 'kept.history' })
  onTestFinished(() => adapter.close())
  const migrations = await loadMigrations(directory)
  const runner = new MigrationRunner({ adapter })
  await runner.apply(migrations, { target: { kind: 'count', count: 1 } })
  const options = { failAt: '0003_three', failure: 'process-kill', transaction: 'each', directory } as const
  const proof = await RollbackTester.verify(runner, migrations, options)
  expect(proof.reverted).toEqual(['0003_three', '0002_two'])
  expect(await db.sql`SELECT version FROM kept.history`).toEqual([{ version: '0001_one' }])
})
