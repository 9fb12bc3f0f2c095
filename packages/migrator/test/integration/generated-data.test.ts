import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { compareData } from '../../src/core/data/data-loss.ts'
import { nameOf } from '../../src/core/data/table-shape.ts'
import { type GenerateOptions, generateRows } from '../../src/dialects/postgres/rows/generate-rows.ts'
import { takeSnapshot } from '../../src/dialects/postgres/rows/take-snapshot.ts'
import { onServer, type TestDatabase } from '../support/database.ts'
import { sessionAt, throwAway } from '../support/throw-away.ts'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/data/${name}.sql`, import.meta.url), 'utf8')

/** The zoo, without the tables that the server is too old for. */
async function zoo(): Promise<string> {
  const [server] = await onServer((sql) => sql`SELECT current_setting('server_version_num')::int / 10000 AS major`)
  const isKnown = (line: string) => Number(/-- from PostgreSQL (\d+)$/.exec(line)?.[1] ?? 0) <= server?.major
  return fixture('zoo').split('\n').filter(isKnown).join('\n')
}

async function generated(ddl: string, options: Partial<GenerateOptions> = {}) {
  const made = await throwAway(ddl)
  return { ...made, rows: await generateRows(made.session, { own: [], ...options }) }
}

/** How many rows fulfil a condition. */
async function count({ sql }: TestDatabase, table: string, condition = 'true'): Promise<number> {
  const [row] = await sql.unsafe(`SELECT count(*)::int AS count FROM ${table} WHERE ${condition}`)
  return row?.count
}

describe('a zoo of constraints and types', () => {
  test('gets rows in every table, with values and NULLs in every column that may have both', async () => {
    const { db, rows } = await generated(await zoo())
    expect(rows.unproven).toEqual([])
    expect(rows.tables.length).toBeGreaterThanOrEqual(70)
    const poor = rows.tables.filter(({ rows: made }) => made < 3)
    expect(poor).toEqual([])
    const lacking = await Promise.all(
      rows.shapes.flatMap((shape) =>
        shape.columns.map(async ({ name, nullable, source }) => {
          const [held] = await db.sql.unsafe(
            `SELECT count("${name}"::text)::int AS values, count(*)::int AS rows FROM "${shape.schema}"."${shape.table.replaceAll('"', '""')}"`,
          )
          const lacks = held?.values === 0 || (nullable && source === 'value' && held?.values === held?.rows)
          return lacks ? [`${nameOf(shape)}.${name}: ${held?.values} of ${held?.rows}`] : []
        }),
      ),
    )
    // A check leaves one of them no choice, and triggers fill the others.
    expect(lacking.flat().map((each) => each.split(':')[0])).toEqual([
      'public.check_some.c',
      'public.trigger_changes.b',
      'public.trigger_overflows.b',
    ])
  })

  test('shows every label of an enum, the edges of types, and letters beyond ASCII', async () => {
    const { db } = await generated(await zoo())
    const { sql } = db
    expect(await count(db, 'unnest(enum_range(NULL::many)) AS label', 'label IN (SELECT c FROM type_enums)')).toBe(12)
    expect(await count(db, 'type_integers', 'b IN (2147483647, -2147483648)')).toBeGreaterThan(0)
    expect(await count(db, 'type_numbers', 'abs(b) = 999.99')).toBeGreaterThan(0)
    expect(await count(db, 'type_texts', 'char_length(b) = 5 AND octet_length(b) > 5')).toBeGreaterThan(0)
    expect(await count(db, 'type_arrays', 'array_ndims(a) = 2')).toBeGreaterThan(0)
    expect(await count(db, 'type_arrays', "array_to_string(a, ',', 'nothing') LIKE '%nothing%'")).toBeGreaterThan(0)
    const [kept] = await sql`SELECT count(*)::int AS count FROM type_times WHERE d::text LIKE '%.999999'`
    expect(kept?.count).toBeGreaterThan(0)
  })

  test('reaches every partition, at every level', async () => {
    const { db, rows } = await generated(await zoo())
    expect(rows.notes.filter(({ table }) => table.includes('part_'))).toEqual([])
    const leaves = await db.sql`SELECT relid::regclass::text AS name FROM pg_class c, pg_partition_tree(c.oid) t
      WHERE c.relkind = 'p' AND NOT c.relispartition AND t.isleaf`
    expect(leaves.length).toBe(11)
    const filled = await Promise.all(leaves.map(({ name }) => count(db, name)))
    expect(leaves.filter((_, at) => filled[at] === 0)).toEqual([])
  })

  test('says so when there are more partitions than it fills', async () => {
    const parts = Array.from({ length: 40 }, (_, at) => `CREATE TABLE p${at} PARTITION OF p FOR VALUES IN (${at})`)
    const { db, rows } = await generated(`CREATE TABLE p (a integer) PARTITION BY LIST (a); ${parts.join('; ')}`)
    expect(rows.notes).toEqual([{ table: 'public.p', note: 'only 32 of its 40 partitions got rows' }])
    expect(await count(db, '(SELECT DISTINCT a FROM p) AS reached')).toBe(32)
  })

  test('closes circles of foreign keys', async () => {
    const { db } = await generated(await zoo())
    expect(await count(db, 'fk_self', 'parent_id IS NOT NULL')).toBeGreaterThan(3)
    expect(await count(db, 'fk_self_tenant', 'parent_id IS NOT NULL')).toBeGreaterThan(3)
    expect(await count(db, 'fk_self_required')).toBeGreaterThan(3)
    expect(await count(db, 'fk_circle_a', 'b_id IS NOT NULL')).toBeGreaterThan(3)
    expect(await count(db, 'fk_circle_a', 'b_id IS NULL')).toBeGreaterThan(0)
    expect(await count(db, 'fk_ring_a JOIN fk_ring_b ON fk_ring_b.a_id = fk_ring_a.id')).toBeGreaterThan(3)
    expect(await count(db, 'fk_full', 'tenant IS NULL AND parent_id IS NULL')).toBeGreaterThan(0)
    expect(await count(db, 'fk_full', 'parent_id IS NOT NULL')).toBeGreaterThan(0)
  })

  test('leaves every constraint true, as the server itself checks anew', async () => {
    const { db } = await generated(await zoo())
    const constraints = await db.sql`
      SELECT conrelid::regclass::text AS "table", quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint WHERE contype IN ('c', 'f') AND conrelid <> 0 AND conparentid = 0 AND coninhcount = 0 AND convalidated`
    expect(constraints.length).toBeGreaterThan(60)
    for (const { table, name, definition } of constraints) {
      await db.sql.unsafe(`ALTER TABLE ${table} DROP CONSTRAINT ${name} CASCADE, ADD CONSTRAINT ${name} ${definition}`)
    }
  })

  test('says where triggers and rules had to be off, and keeps them on elsewhere', async () => {
    const { db, rows } = await generated(await zoo())
    expect(rows.notes.map(({ table }) => table)).toEqual([
      'public.rule_nothing',
      'public.trigger_drops',
      'public.trigger_refuses',
    ])
    expect(rows.notes[2]?.note).toBe('its triggers were off: with them on, no row was kept (append elsewhere)')
    expect(await count(db, 'trigger_changes', 'b = upper(a)')).toBe(await count(db, 'trigger_changes'))
    expect(await count(db, 'trigger_overflows', 'b = a * 2')).toBeGreaterThan(0)
    expect(await count(db, 'trigger_picky', 'a % 3 = 0')).toBe(await count(db, 'trigger_picky'))
  })

  test('is the same in every database of that schema', async () => {
    const first = await generated(await zoo())
    const second = await generated(await zoo())
    const snapshots = [
      await takeSnapshot(first.session, { own: [] }),
      await takeSnapshot(second.session, { own: [] }),
    ] as const
    expect(snapshots[0].tables.size).toBe(first.rows.tables.length)
    expect(compareData(...snapshots)).toEqual([])
  })
})

test("the product's own schema gets rows in every table, without a note", async () => {
  const { rows } = await generated(fixture('product'))
  expect(rows.unproven).toEqual([])
  expect(rows.notes).toEqual([])
  expect(rows.tables.map(({ table }) => table)).toHaveLength(7)
  expect(rows.tables.every(({ rows: made }) => made >= 8)).toBe(true)
})

describe('a table that no row can be made for', () => {
  const check = async (ddl: string, expected: Readonly<Record<string, RegExp>>) => {
    const { rows } = await generated(ddl)
    expect(rows.unproven.map(({ table }) => table)).toEqual(Object.keys(expected))
    for (const { table, why } of rows.unproven) expect(why).toMatch(expected[table] ?? /^$/)
  }

  test('is named with the check that nothing fulfils, and its children with it', async () => {
    await check(
      `CREATE TABLE never (id integer PRIMARY KEY CHECK (id > 5 AND id < 5)); CREATE TABLE child (id integer NOT NULL REFERENCES never);
       CREATE TABLE grandchild (id integer); CREATE TABLE aside (id integer)`,
      {
        'public.child': /^never, which its rows reference, has no rows$/,
        'public.never': /^no row satisfies never_id_check$/,
      },
    )
  })

  test('is named with what a hash would have to be', async () => {
    await check("CREATE TABLE hashed (a text NOT NULL CHECK (md5(a) = 'd131dd02c5e6eec4'))", {
      'public.hashed': /^no row satisfies hashed_a_check$/,
    })
  })

  test('is named when it is partitioned without partitions', async () => {
    await check('CREATE TABLE parted (a integer) PARTITION BY LIST (a)', { 'public.parted': /^it has no partition/ })
  })

  test('is named with the words of a trigger that no setting turns off', async () => {
    await check(
      `CREATE TABLE closed (a integer); CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'closed for good'; END $$;
       CREATE TRIGGER refuse BEFORE INSERT ON closed FOR EACH ROW EXECUTE FUNCTION refuse(); ALTER TABLE closed ENABLE ALWAYS TRIGGER refuse`,
      { 'public.closed': /^closed for good/ },
    )
  })

  test('is no secret when row-level security keeps its owner out', async () => {
    const { db } = await throwAway('')
    const role = `r_${randomUUID().slice(0, 8)}`
    await onServer((sql) => sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`))
    onTestFinished(async () => {
      await onServer((sql) => sql.unsafe(`DROP ROLE ${role}`))
    })
    onTestFinished(() => db.sql.unsafe(`DROP OWNED BY ${role}`).then(() => {}))
    await db.sql.unsafe(`GRANT ALL ON SCHEMA public TO ${role}; CREATE TABLE fenced (a integer); ALTER TABLE fenced OWNER TO ${role};
      ALTER TABLE fenced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`)
    const session = await sessionAt(db.as(role, 'x'))
    const rows = await generateRows(session, { own: [] })
    expect(rows.unproven).toEqual([{ table: 'public.fenced', why: expect.stringContaining('row-level security') }])
    expect(rows.notes).toEqual([{ table: 'public.fenced', note: 'row-level security hides rows from this role' }])
    expect((await takeSnapshot(session, { own: [] })).tables.get('public.fenced')?.hidesRows).toBe(true)
  })
})

describe('rows for what is new', () => {
  test('go into new and changed tables only, and leave old rows as they are', async () => {
    const { db, session, rows } = await generated(
      'CREATE TABLE old (id serial PRIMARY KEY, note varchar(5)); CREATE TABLE same (id integer PRIMARY KEY)',
    )
    const before = await takeSnapshot(session, { own: [] })
    await db.sql.unsafe(
      `ALTER TABLE old ALTER note TYPE text, ADD flag boolean; CREATE TABLE fresh (old_id integer NOT NULL REFERENCES old)`,
    )
    const written = await generateRows(session, { own: [], since: rows.shapes })
    expect(written.tables.map(({ table }) => table)).toEqual(['public.fresh', 'public.old'])
    expect(await count(db, 'old')).toBe(20)
    expect(await count(db, 'same')).toBe(8)
    expect(await count(db, 'old', 'flag IS NOT NULL')).toBeGreaterThan(3)
    expect(await count(db, 'old', 'char_length(note) > 5')).toBeGreaterThan(0)
    expect(compareData(before, await takeSnapshot(session, { own: [] }))).toEqual([])
  })

  test('take a label that an enum has got, and NULL where it is allowed at last', async () => {
    const { db, session, rows } = await generated(
      "CREATE TYPE k AS ENUM ('a'); CREATE TABLE t (id serial PRIMARY KEY, k k NOT NULL, n integer NOT NULL)",
    )
    await db.sql.unsafe("ALTER TYPE k ADD VALUE 'b'; ")
    await db.sql.unsafe('ALTER TABLE t ALTER n DROP NOT NULL')
    await generateRows(session, { own: [], since: rows.shapes })
    expect(await count(db, 't', "k = 'b'")).toBeGreaterThan(0)
    expect(await count(db, 't', 'n IS NULL')).toBeGreaterThan(0)
  })
})

describe('options', () => {
  test('a seed wins: its tables get no other rows, and others refer to them', async () => {
    const { db, session } = await throwAway(
      'CREATE TABLE plans (code text PRIMARY KEY); CREATE TABLE subscriptions (plan text NOT NULL REFERENCES plans)',
    )
    const seed = () => session.execute("INSERT INTO plans VALUES ('free'), ('pro')")
    const rows = await generateRows(session, { own: [], seed })
    expect(rows.tables).toEqual([{ table: 'public.subscriptions', rows: 10 }])
    expect(await count(db, 'plans')).toBe(2)
    expect(await count(db, '(SELECT DISTINCT plan FROM subscriptions) AS used')).toBe(2)
  })

  test('a serial whose numbers are taken still finds free ones', async () => {
    const { db } = await generated('CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)')
    expect(await count(db, 't', 'id > 3')).toBeGreaterThan(3)
  })

  test("the migrator's own tables are left alone", async () => {
    const own = [{ schema: 'public', table: 'schema_migrations' }]
    const { db, session } = await generated(
      'CREATE TABLE schema_migrations (version text PRIMARY KEY); CREATE TABLE t (a integer)',
      { own },
    )
    expect(await count(db, 'schema_migrations')).toBe(0)
    expect([...(await takeSnapshot(session, { own })).tables.keys()]).toEqual(['public.t'])
  })

  test('plain values stay clear of what overflows', async () => {
    const { db } = await generated('CREATE TABLE t (a integer NOT NULL, b text NOT NULL)', { style: 'plain' })
    expect(await count(db, 't', "abs(a) < 1000 AND b LIKE 'text%'")).toBe(10)
  })

  test('a sequence goes on behind the rows that were made', async () => {
    const { db } = await generated(
      'CREATE TABLE t (id serial PRIMARY KEY, a text); CREATE TABLE i (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY)',
    )
    await db.sql.unsafe("INSERT INTO t (a) VALUES ('x'); INSERT INTO i DEFAULT VALUES")
    expect(await count(db, 't')).toBe(11)
  })

  test('rows that stood there before stay, and are enough where no others can be made', async () => {
    const { rows } = await generated(
      "CREATE TABLE t (a text PRIMARY KEY CHECK (md5(a) = md5('secret word'))); INSERT INTO t VALUES ('secret word')",
    )
    expect(rows.unproven).toEqual([])
    expect(rows.notes).toEqual([{ table: 'public.t', note: expect.stringContaining('only its existing rows') }])
  })

  test('a session that is lost is an error, not a table without rows', async () => {
    const { db, session } = await throwAway('CREATE TABLE t (a integer)')
    const seed = async () => {
      await db.sql`SELECT pg_terminate_backend(${session.serverPid})`
    }
    await expect(generateRows(session, { own: [], seed })).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })
})
