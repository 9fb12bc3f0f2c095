import { describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { ALL, done, expectEmptyArchive, note, orders, roundTrip, rowsOf, THREE } from '../support/kept.ts'
import { module, outsidePair, scene } from '../support/scene.ts'

describe('what comes up in another shape', () => {
  const edited = async (up: string, between = '') => {
    const at = await scene(pair('0001_t', 'CREATE TABLE t (id int PRIMARY KEY, a text, b int); ', 'DROP TABLE t;'), {
      standing: 'CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1), (2)',
    })
    await done(at, 'migrate')
    await at.db.sql.unsafe(`INSERT INTO t VALUES (1, '10', 1), (2, 'x', 2), (3, NULL, 3)`)
    await done(at, 'rollback', '--preserve-data')
    if (between) await at.db.sql.unsafe(between)
    await at.project.write(pair('0001_t', up, 'DROP TABLE t;'))
    return { at, said: await done(at, 'migrate') }
  }

  test('takes the rows that fit its types; the others are kept and named', async () => {
    const { at, said } = await edited('CREATE TABLE t (id int PRIMARY KEY, a int, b int);')
    expect(said).toMatch(/Put back 2 rows of public\.t; 1 row of public\.t was NOT restored .*invalid input syntax/)
    expect(await rowsOf(at.db, 'SELECT * FROM t ORDER BY id')).toEqual([
      { id: 1, a: 10, b: 1 },
      { id: 3, a: null, b: 3 },
    ])
  })

  test('takes the rows that fit its constraints, so a row whose parent is gone is kept and named', async () => {
    const { at, said } = await edited(
      'CREATE TABLE t (id int PRIMARY KEY REFERENCES p, a text, b int);',
      'DELETE FROM p WHERE id = 2',
    )
    expect(said).toContain('2 rows of public.t were NOT restored')
    expect(await rowsOf(at.db, 'SELECT id FROM t')).toEqual([{ id: 1 }])
    const [{ copy_name = '' } = {}] = await at.db.sql`SELECT copy_name FROM migration_preserved.preserved`
    expect(await rowsOf(at.db, `SELECT id FROM migration_preserved."${copy_name}" ORDER BY id`)).toEqual([
      { id: 2 },
      { id: 3 },
    ])
  })

  test('with a shorter type takes what fits by being cut, and leaves the whole value in the copy', async () => {
    const { at, said } = await edited('CREATE TABLE t (id int PRIMARY KEY, a varchar(1), b int);')
    expect(said).toMatch(
      /1 row of public\.t was NOT restored and stays in migration_preserved\.t_\w+: .*do not fit their type/,
    )
    const [{ copy_name = '' } = {}] = await at.db.sql`SELECT copy_name FROM migration_preserved.preserved`
    expect(await rowsOf(at.db, `SELECT id, a FROM migration_preserved."${copy_name}"`)).toEqual([{ id: 1, a: '10' }])
  })

  test('without one of the columns takes the others and leaves the copy whole', async () => {
    const { at, said } = await edited('CREATE TABLE t (id int PRIMARY KEY, b int);')
    expect(said).toContain('has no column "a" any more')
    expect(await rowsOf(at.db, 'SELECT * FROM t ORDER BY id')).toHaveLength(3)
    const [{ copy_name = '' } = {}] = await at.db.sql`SELECT copy_name FROM migration_preserved.preserved`
    expect(await rowsOf(at.db, `SELECT a FROM migration_preserved."${copy_name}" WHERE id = 2`)).toEqual([{ a: 'x' }])
  })

  test('without the table leaves everything where it is and says so', async () => {
    const { at, said } = await edited('CREATE TABLE elsewhere (id int);')
    expect(said).toContain('3 rows of public.t were NOT restored')
    expect(await rowsOf(at.db, 'SELECT state, row_count FROM migration_preserved.preserved')).toEqual([
      { state: 'left', row_count: 3 },
    ])
  })
})

describe('a run', () => {
  test.each([[['--transaction', 'batch']], [['--transaction', 'each']]])(
    '%s of several keeps all of it, twice over',
    async (mode) => {
      const at = await scene({ ...orders, ...note })
      await done(at, 'migrate')
      await at.db.sql.unsafe(THREE)
      const before = (await rowsOf(at.db, ALL)) as unknown[]
      await roundTrip(at, { down: ['--all', '--force', ...mode] })
      expect(await rowsOf(at.db, ALL)).toEqual(before)
      await at.db.sql.unsafe("INSERT INTO orders (total, note) VALUES (4, 'four')")
      await done(at, 'rollback', '--preserve-data', ...mode)
      await done(at, 'rollback', '--preserve-data', '--force', ...mode)
      await done(at, 'migrate', '--transaction', 'each')
      expect(await rowsOf(at.db, ALL)).toEqual([...before, { id: 4, total: 4, note: 'four' }])
      await expectEmptyArchive(at.db)
    },
  )

  test('outside a transaction keeps it, too', async () => {
    const at = await scene({
      ...orders,
      ...outsidePair(
        '0002_note',
        'ALTER TABLE orders ADD COLUMN note text; CREATE INDEX CONCURRENTLY notes ON orders (note);',
        'DROP INDEX CONCURRENTLY notes; ALTER TABLE orders DROP COLUMN note;',
      ),
    })
    await done(at, 'migrate')
    await at.db.sql.unsafe(THREE)
    const before = await rowsOf(at.db, ALL)
    await roundTrip(at)
    expect(await rowsOf(at.db, ALL)).toEqual(before)
    await expectEmptyArchive(at.db)
  })

  test('of modules keeps what their statements destroy as they are sent', async () => {
    const at = await scene(
      module('0001_t', {
        up: 'await db.execute("CREATE TABLE t_1 (id int PRIMARY KEY)"); await db.execute("CREATE TABLE t_2 (id int PRIMARY KEY)")',
        down: 'for (const n of [1, 2]) await db.execute("DROP TABLE t_" + n)',
      }),
    )
    await done(at, 'migrate')
    await at.db.sql.unsafe('INSERT INTO t_1 VALUES (1); INSERT INTO t_2 VALUES (1), (2)')
    await roundTrip(at, { down: ['--force'] })
    expect(await rowsOf(at.db, 'SELECT (SELECT count(*) FROM t_1) AS a, (SELECT count(*) FROM t_2) AS b')).toEqual([
      { a: 1, b: 2 },
    ])
  })

  test('down that fails leaves nothing in the archive', async () => {
    const at = await scene({
      ...orders,
      ...pair(
        '0002_note',
        'ALTER TABLE orders ADD COLUMN note text;',
        'ALTER TABLE orders DROP COLUMN note; SELECT 1 / 0;',
      ),
    })
    await done(at, 'migrate')
    await at.db.sql.unsafe(THREE)
    const { code } = await at.project.run(['rollback', '--preserve-data'])
    expect(code).toBe(1)
    expect(await rowsOf(at.db, "SELECT to_regnamespace('migration_preserved') AS found")).toEqual([{ found: null }])
    expect(await rowsOf(at.db, 'SELECT note FROM orders WHERE id = 1')).toEqual([{ note: 'one' }])
  })

  test('outside a transaction whose first statement fails leaves nothing in the archive either', async () => {
    const at = await scene({
      ...orders,
      ...outsidePair(
        '0002_note',
        'ALTER TABLE orders ADD COLUMN note text; CREATE VIEW v AS SELECT note FROM orders;',
        'ALTER TABLE orders DROP COLUMN note; DROP VIEW v;',
      ),
    })
    await done(at, 'migrate')
    await at.db.sql.unsafe(THREE)
    expect((await at.project.run(['rollback', '--preserve-data'])).code).toBe(1)
    expect(await rowsOf(at.db, 'SELECT * FROM migration_preserved.preserved')).toEqual([])
  })

  test('up that fails leaves the archive as it is, for the next', async () => {
    const at = await scene({ ...orders, ...note })
    await done(at, 'migrate')
    await at.db.sql.unsafe(THREE)
    await done(at, 'rollback', '--preserve-data')
    await at.project.write(pair('0003_bad', 'SELECT 1 / 0;', 'SELECT 1;'))
    expect((await at.project.run(['migrate', '--transaction', 'each'])).code).toBe(1)
    expect(await rowsOf(at.db, 'SELECT state FROM migration_preserved.preserved')).toEqual([{ state: 'kept' }])
    await at.project.write(pair('0003_bad', 'SELECT 1;', 'SELECT 1;'))
    await done(at, 'migrate')
    expect(await rowsOf(at.db, 'SELECT note FROM orders ORDER BY id')).toEqual([
      { note: 'one' },
      { note: null },
      { note: 'drei ä' },
    ])
  })

  test.each([
    ['DO $$ BEGIN DROP TABLE orders; END $$;', 'cannot be determined beforehand'],
    [
      'CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DROP TABLE orders $$; SELECT f(); DROP FUNCTION f();',
      'public.orders.id',
    ],
  ])('stops, with nothing changed, where it cannot tell what goes: %s', async (down, says) => {
    const at = await scene(pair('0001_orders', 'CREATE TABLE orders (id int);', down))
    await done(at, 'migrate')
    await at.db.sql.unsafe('INSERT INTO orders VALUES (1)')
    const { code, stderr } = await at.project.run(['rollback', '--preserve-data'])
    expect([code, stderr]).toEqual([3, expect.stringContaining(says)])
    expect(stderr).toContain('DATA_NOT_PRESERVED')
    expect(await rowsOf(at.db, 'SELECT * FROM orders')).toEqual([{ id: 1 }])
    expect((await at.project.run(['rollback', '--preserve-data', '--accept-loss'])).code).toBe(0)
  })

  test('says in --json and in the history what it kept and what came back; the archive is no drift', async () => {
    const at = await scene({ ...orders, ...note })
    await done(at, 'migrate')
    const fingerprint = "SELECT schema_fingerprint AS f FROM schema_migrations WHERE version = '0001_orders'"
    await at.db.sql.unsafe(THREE)
    const down = (await at.project.run(['rollback', '--preserve-data', '--json'])).json() as unknown as Record<
      string,
      unknown
    >
    expect(down).toMatchObject({
      preserved: [{ migration: '0002_note', table: 'public.orders', columns: ['note'], rows: 3 }],
    })
    const [{ f: kept } = {}] = (await rowsOf(at.db, fingerprint)) as { f?: string }[]
    const up = (await at.project.run(['migrate', '--json'])).json() as unknown as Record<string, unknown>
    expect(up).toMatchObject({ putBack: [{ migration: '0002_note', putBack: 3, left: 0, gone: 0 }] })
    await done(at, 'rollback', '--accept-loss')
    const [{ f: again } = {}] = (await rowsOf(at.db, fingerprint)) as { f?: string }[]
    expect([again, typeof kept]).toEqual([kept, 'string'])
    const history = await done(at, 'history')
    expect(history).toContain('Preserved the values of note of 3 rows of public.orders')
    expect(history).toContain('Put back the values of note of 3 rows')
  })
})
