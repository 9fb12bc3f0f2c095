import { describe, expect, test } from 'vitest'
import { compareData, describeLoss, downLoss, roundTripLoss } from '../../src/core/data/data-loss.ts'
import { generateRows } from '../../src/dialects/postgres/rows/generate-rows.ts'
import { takeSnapshot } from '../../src/dialects/postgres/rows/take-snapshot.ts'
import { throwAway } from '../support/throw-away.ts'

interface Pair {
  readonly up: string
  readonly down: string
}

/** Rows before, up, rows in the up state, down: what up and down lost, and what the down did. */
async function rehearse(standing: string, { up, down }: Pair, distinct = false) {
  const { db, session } = await throwAway(standing)
  const { shapes } = await generateRows(session, { own: [], distinct })
  const before = await takeSnapshot(session, { own: [] })
  await db.sql.unsafe(up)
  await generateRows(session, { own: [], since: shapes, distinct })
  const written = await takeSnapshot(session, { own: [] })
  await db.sql.unsafe(down)
  const after = await takeSnapshot(session, { own: [] })
  return {
    roundTrip: roundTripLoss({ before, after, written }).map(describeLoss),
    byDown: downLoss(written, after).map(describeLoss),
  }
}

const ORDERS = `CREATE TABLE orders (id serial PRIMARY KEY, note text NOT NULL, price numeric(10,4) NOT NULL, at timestamptz NOT NULL, maybe text);
  CREATE TABLE lines (order_id integer NOT NULL REFERENCES orders ON DELETE CASCADE, quantity integer NOT NULL)`

describe('a round trip that loses', () => {
  const check = async (pair: Pair, expected: readonly (string | RegExp)[]) => {
    const { roundTrip } = await rehearse(ORDERS, pair)
    expect(roundTrip).toEqual(expected.map((each) => (typeof each === 'string' ? each : expect.stringMatching(each))))
  }

  test('a column, dropped and added anew', () =>
    check({ up: 'ALTER TABLE orders DROP note', down: 'ALTER TABLE orders ADD note text' }, [
      'orders.note: 10 of 10 values lost',
    ]))

  test('a column that comes back with a default', () =>
    check({ up: 'ALTER TABLE orders DROP note', down: "ALTER TABLE orders ADD note text NOT NULL DEFAULT '?'" }, [
      /^orders\.note: 10 of 10 values (narrowed|changed)$/,
    ]))

  test('a column that does not come back', () =>
    check({ up: 'ALTER TABLE orders DROP note', down: 'SELECT 1' }, ['orders.note: 10 of 10 values lost']))

  test('the ends of long texts', () =>
    check(
      {
        up: 'ALTER TABLE orders ALTER note TYPE varchar(10) USING left(note, 10)',
        down: 'ALTER TABLE orders ALTER note TYPE text',
      },
      [/^orders\.note: ([1-9]|10) of 10 values narrowed$/],
    ))

  test('the digits of numbers', () =>
    check(
      {
        up: 'ALTER TABLE orders ALTER price TYPE numeric(9,3) USING trunc(price, 3)',
        down: 'ALTER TABLE orders ALTER price TYPE numeric(10,4)',
      },
      [/^orders\.price: ([1-9]|10) of 10 values (narrowed|changed)$/],
    ))

  test('some rows', () =>
    check({ up: 'DELETE FROM orders WHERE id <= 3', down: 'SELECT 1' }, [
      /^lines: \d of 8 rows lost$/,
      'orders: 3 of 10 rows lost',
    ]))

  test('all rows of a table', () => check({ up: 'TRUNCATE lines', down: 'SELECT 1' }, ['lines: 8 of 8 rows lost']))

  test('a table, dropped and created anew', () =>
    check(
      {
        up: 'DROP TABLE lines',
        down: 'CREATE TABLE lines (order_id integer NOT NULL REFERENCES orders ON DELETE CASCADE, quantity integer NOT NULL)',
      },
      ['lines: 8 of 8 rows lost'],
    ))

  test('the instant of a time, read in another zone', () =>
    check(
      {
        up: "SET TimeZone = 'Asia/Kathmandu'; ALTER TABLE orders ALTER at TYPE timestamp; RESET TimeZone",
        down: "SET TimeZone = 'UTC'; ALTER TABLE orders ALTER at TYPE timestamptz; RESET TimeZone",
      },
      [/^orders\.at: ([1-9]|10) of 10 values (changed|narrowed)$/],
    ))

  test('NULLs, by a backfill that is not rolled back', () =>
    check({ up: "UPDATE orders SET maybe = 'x' WHERE maybe IS NULL", down: 'SELECT 1' }, [
      /^orders\.maybe: \d values? that (was|were) not there before$/,
    ]))

  test('the count, by rows that a down leaves behind', () =>
    check({ up: 'SELECT 1', down: 'INSERT INTO lines SELECT id, 12345 FROM orders LIMIT 2' }, [
      'lines: 2 rows that were not there before',
    ]))

  test('labels of an enum, mapped to another one', async () => {
    const { roundTrip } = await rehearse(
      "CREATE TYPE s AS ENUM ('new', 'paid', 'void'); CREATE TABLE t (id serial PRIMARY KEY, s s NOT NULL)",
      {
        up: "CREATE TYPE s2 AS ENUM ('new', 'paid'); ALTER TABLE t ALTER s TYPE s2 USING (CASE s WHEN 'void' THEN 'new' ELSE s::text END)::s2",
        down: 'ALTER TABLE t ALTER s TYPE s USING s::text::s; DROP TYPE s2',
      },
    )
    expect(roundTrip).toEqual([expect.stringMatching(/^t\.s: [1-8] of 8 values (narrowed|changed)$/)])
  })

  test('spaces and doubles of a document, kept as jsonb for a while', async () => {
    const { roundTrip } = await rehearse('CREATE TABLE t (id serial PRIMARY KEY, d json NOT NULL)', {
      up: 'ALTER TABLE t ALTER d TYPE jsonb USING d::jsonb',
      down: 'ALTER TABLE t ALTER d TYPE json USING d::json',
    })
    expect(roundTrip).toEqual([expect.stringMatching(/^t\.d: [1-8] of 8 values narrowed$/)])
  })

  test('values in a table without a key', async () => {
    const { roundTrip } = await rehearse('CREATE TABLE t (a text NOT NULL, b integer NOT NULL, c date)', {
      up: 'ALTER TABLE t DROP c',
      down: 'ALTER TABLE t ADD c date',
    })
    expect(roundTrip).toEqual([expect.stringMatching(/^t\.c: (\d) of \1 values lost$/)])
  })
})

describe('a round trip that keeps everything', () => {
  const check = async (standing: string, pair: Pair, distinct = false) =>
    expect((await rehearse(standing, pair, distinct)).roundTrip).toEqual([])

  test('renames a column and a table, there and back', async () => {
    await check(ORDERS, {
      up: 'ALTER TABLE orders RENAME note TO remark; ALTER TABLE lines RENAME TO items',
      down: 'ALTER TABLE items RENAME TO lines; ALTER TABLE orders RENAME remark TO note',
    })
  })

  test('widens a type, there and back', async () => {
    const standing = 'CREATE TABLE t (id integer PRIMARY KEY, a smallint, b varchar(5), c real, d timestamp)'
    const up =
      "ALTER TABLE t ALTER id TYPE bigint, ALTER a TYPE integer, ALTER b TYPE text, ALTER c TYPE double precision, ALTER d TYPE timestamptz USING d AT TIME ZONE 'UTC'"
    const down =
      "DELETE FROM t WHERE id > 2147483647 OR id < -2147483648 OR a > 32767 OR a < -32768; ALTER TABLE t ALTER id TYPE integer, ALTER a TYPE smallint, ALTER b TYPE varchar(5) USING left(b, 5), ALTER c TYPE real USING (CASE WHEN abs(c) < 1e30 THEN c END)::real, ALTER d TYPE timestamp USING d AT TIME ZONE 'UTC'"
    await check(standing, { up, down })
  })

  test('adds and drops a table, a column, a constraint and an index', async () => {
    await check(
      ORDERS,
      {
        up: 'CREATE TABLE extra (id serial PRIMARY KEY); ALTER TABLE orders ADD extra text; ALTER TABLE lines ADD UNIQUE (order_id, quantity)',
        down: 'ALTER TABLE lines DROP CONSTRAINT lines_order_id_quantity_key; ALTER TABLE orders DROP extra; DROP TABLE extra',
      },
      true,
    )
  })

  test('moves a table to another schema and back, and its columns into another order', async () => {
    await check(ORDERS, {
      up: 'CREATE SCHEMA s; ALTER TABLE lines SET SCHEMA s',
      down: 'ALTER TABLE s.lines SET SCHEMA public; DROP SCHEMA s',
    })
    await check(ORDERS, {
      up: 'ALTER TABLE lines ADD copy integer; UPDATE lines SET copy = quantity; ALTER TABLE lines DROP quantity',
      down: 'ALTER TABLE lines ADD quantity integer; UPDATE lines SET quantity = copy; ALTER TABLE lines DROP copy',
    })
  })
})

describe('what a down loses of rows written in the up state', () => {
  const check = async (pair: Pair, expected: readonly RegExp[]) => {
    const { roundTrip, byDown } = await rehearse(ORDERS, pair)
    expect(roundTrip).toEqual([])
    expect(byDown).toEqual(expected.map((each) => expect.stringMatching(each)))
  }

  test('is the rows of a new table and the values of a new column', () =>
    check(
      {
        up: 'CREATE TABLE fresh (id serial PRIMARY KEY); ALTER TABLE orders ADD extra text',
        down: 'DROP TABLE fresh; ALTER TABLE orders DROP extra',
      },
      [/^fresh: 8 of 8 rows lost$/, /^orders\.extra: (\d) of \1 values lost$/],
    ))

  test('is nothing where old names come back', () =>
    check(
      {
        up: 'ALTER TABLE orders RENAME note TO remark; ALTER TABLE lines RENAME TO items',
        down: 'ALTER TABLE items RENAME TO lines; ALTER TABLE orders RENAME remark TO note',
      },
      [],
    ))

  test('is nothing where values are computed there and back', () =>
    check(
      {
        up: 'ALTER TABLE orders ALTER price TYPE numeric(20,0) USING price * 10000',
        down: 'ALTER TABLE orders ALTER price TYPE numeric(10,4) USING (price % 10000000000) / 10000',
      },
      [],
    ))
})

describe('a snapshot', () => {
  const MANY =
    'CREATE TABLE big (id integer PRIMARY KEY, a text NOT NULL); INSERT INTO big SELECT n, md5(n::text) FROM generate_series(1, 20000) n'

  test('of many rows stays small, and still tells of what part of them was lost', async () => {
    const { db, session } = await throwAway(MANY)
    const before = await takeSnapshot(session, { own: [] })
    expect(before.tables.get('public.big')?.rows).toBe(20_000)
    expect(before.tables.get('public.big')?.sample.length).toBeLessThan(2500)
    await db.sql`UPDATE big SET a = NULL WHERE false`
    await db.sql`DELETE FROM big WHERE id > 10000`
    await db.sql`UPDATE big SET a = left(a, 5) WHERE id <= 5000`
    const found = compareData(before, await takeSnapshot(session, { own: [] }))
    expect(found.map(({ column, how, estimated }) => [column, how, estimated])).toEqual([
      [undefined, 'removed', true],
      ['a', 'narrowed', true],
    ])
    for (const [at, expected] of [10_000, 5_000].entries())
      expect(Math.abs((found[at]?.count ?? 0) - expected)).toBeLessThan(1500)
  })

  test('of many rows without a key counts them all', async () => {
    const { db, session } = await throwAway(`${MANY}; ALTER TABLE big DROP CONSTRAINT big_pkey, ALTER a DROP NOT NULL`)
    const before = await takeSnapshot(session, { own: [] })
    await db.sql`UPDATE big SET a = NULL WHERE id <= 77`
    expect(compareData(before, await takeSnapshot(session, { own: [] })).map(describeLoss)).toEqual([
      'big.a: 77 of 20000 values lost',
    ])
    await db.sql`UPDATE big SET a = 'x' WHERE id <= 77`
    expect(compareData(before, await takeSnapshot(session, { own: [] })).map(describeLoss)).toEqual([
      'big.a: about 20000 of 20000 values changed',
    ])
  })

  test('reads alike whatever the session is set to, and leaves its settings', async () => {
    const { session } = await throwAway(
      "CREATE TABLE t (a timestamptz, b interval, c bytea, d float8, e money); INSERT INTO t VALUES (now(), '1 day', '\\x01', 0.1, 1.5)",
    )
    const before = await takeSnapshot(session, { own: [] })
    await session.execute(
      "SET TimeZone = 'Asia/Kathmandu'; SET DateStyle = 'German'; SET IntervalStyle = 'postgres_verbose'; SET bytea_output = 'escape'; SET extra_float_digits = 0",
    )
    expect(compareData(before, await takeSnapshot(session, { own: [] }))).toEqual([])
    expect(await session.query('SHOW TimeZone')).toEqual([{ TimeZone: 'Asia/Kathmandu' }])
  })

  test('holds no value', async () => {
    const { session } = await throwAway(
      "CREATE TABLE t (id text PRIMARY KEY, a text); INSERT INTO t VALUES ('key-secret', 'cell-secret')",
    )
    const snapshot = await takeSnapshot(session, { own: [] })
    expect(snapshot.tables.get('public.t')?.rows).toBe(1)
    expect(JSON.stringify([...snapshot.tables])).not.toContain('secret')
  })
})
