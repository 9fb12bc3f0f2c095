import { describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { done, expectEmptyArchive, note, orders, roundTrip, rowsOf, THREE } from '../support/kept.ts'
import { drizzle, module, outsidePair, type Scene, scene } from '../support/scene.ts'

const USERS =
  "CREATE TABLE users (id int PRIMARY KEY, address text); INSERT INTO users VALUES (1, 'old 1'), (2, 'old 2')"
const SPLIT_UP = `CREATE TABLE addresses (user_id int PRIMARY KEY REFERENCES users, address text, verified boolean NOT NULL DEFAULT false);
  INSERT INTO addresses (user_id, address) SELECT id, address FROM users; ALTER TABLE users DROP COLUMN address;`
const SPLIT_DOWN = `ALTER TABLE users ADD COLUMN address text;
  UPDATE users SET address = a.address FROM addresses a WHERE a.user_id = id; DROP TABLE addresses;`

async function conflictsIn({ db }: Scene): Promise<unknown> {
  return rowsOf(
    db,
    'SELECT migration, table_name AS t, state, row_count AS n FROM migration_preserved.preserved ORDER BY id',
  )
}

async function kept({ db }: Scene, columns = '*'): Promise<unknown> {
  const [{ copy_name = '' } = {}] =
    await db.sql`SELECT copy_name FROM migration_preserved.preserved WHERE state = 'left'`
  return rowsOf(db, `SELECT ${columns} FROM migration_preserved."${copy_name}" ORDER BY 1`)
}

describe('what was written meanwhile stays, and the kept value with it in the archive', () => {
  test('in a table that a split makes from another', async () => {
    const at = await scene(pair('0001_split', SPLIT_UP, SPLIT_DOWN), { standing: USERS })
    await done(at, 'migrate')
    await at.db.sql.unsafe('UPDATE addresses SET verified = true')
    const said = await roundTrip(at, { between: "UPDATE users SET address = 'new 1' WHERE id = 1" })
    expect(await rowsOf(at.db, 'SELECT * FROM addresses ORDER BY 1')).toEqual([
      { user_id: 1, address: 'new 1', verified: true },
      { user_id: 2, address: 'old 2', verified: true },
    ])
    expect(await conflictsIn(at)).toEqual([{ migration: '0001_split', t: 'addresses', state: 'left', n: 1 }])
    expect(await kept(at)).toEqual([{ user_id: 1, address: 'old 1', verified: true }])
    expect(said).toMatch(
      /1 row of public\.addresses was NOT restored and stays in migration_preserved\.addresses_\w+: rows with the same keys hold newer/,
    )
    expect(said).toMatch(/user_id=1 \(address\): kept [0-9a-f]{16}, now [0-9a-f]{16}/)
    expect(said).toContain('preserved list')
    expect(said).not.toContain('NOTICE')
  })

  test('also a value that was removed meanwhile', async () => {
    const at = await scene(pair('0001_split', SPLIT_UP, SPLIT_DOWN), { standing: USERS })
    await done(at, 'migrate')
    await roundTrip(at, { between: 'UPDATE users SET address = NULL WHERE id = 2' })
    expect(await rowsOf(at.db, 'SELECT address FROM addresses ORDER BY user_id')).toEqual([
      { address: 'old 1' },
      { address: null },
    ])
    expect(await kept(at, 'address')).toEqual([{ address: 'old 2' }])
  })

  test('in a column that the up computes from its row', async () => {
    const at = await scene(
      pair(
        '0001_full',
        "ALTER TABLE p ADD COLUMN name text; UPDATE p SET name = a || ' ' || b;",
        'ALTER TABLE p DROP COLUMN name;',
      ),
      {
        standing:
          "CREATE TABLE p (id int PRIMARY KEY, a text, b text); INSERT INTO p VALUES (1, 'A', 'B'), (2, 'C', 'D'), (3, 'E', 'F')",
      },
    )
    await done(at, 'migrate')
    await at.db.sql.unsafe("UPDATE p SET name = 'Bob' WHERE id = 3")
    await roundTrip(at, { between: "UPDATE p SET a = 'Z' WHERE id = 1" })
    expect(await rowsOf(at.db, 'SELECT id, name FROM p ORDER BY id')).toEqual([
      { id: 1, name: 'Z B' },
      { id: 2, name: 'C D' },
      { id: 3, name: 'Bob' },
    ])
    expect(await kept(at, 'id, name')).toEqual([{ id: 1, name: 'A B' }])
  })

  test('in a column that the up computes from another table, and in one that constants of a condition fill', async () => {
    const at = await scene(
      pair(
        '0001_more',
        `ALTER TABLE p ADD COLUMN city text, ADD COLUMN tier text DEFAULT 'free'; UPDATE p SET city = c.name FROM c WHERE c.id = p.id;
         UPDATE p SET tier = 'paid' WHERE sum > 10;`,
        'ALTER TABLE p DROP COLUMN city, DROP COLUMN tier;',
      ),
      {
        standing: `CREATE TABLE p (id int PRIMARY KEY, sum int); CREATE TABLE c (id int, name text); INSERT INTO p VALUES (1, 1), (2, 20), (3, 1);
          INSERT INTO c VALUES (1, 'Rome'), (2, 'Oslo'), (3, 'Bonn')`,
      },
    )
    await done(at, 'migrate')
    await at.db.sql.unsafe("UPDATE p SET tier = 'trial' WHERE id = 3")
    await roundTrip(at, { between: "UPDATE c SET name = 'Paris' WHERE id = 1; UPDATE p SET sum = 11 WHERE id = 3" })
    expect(await rowsOf(at.db, 'SELECT id, city, tier FROM p ORDER BY id')).toEqual([
      { id: 1, city: 'Paris', tier: 'free' },
      { id: 2, city: 'Oslo', tier: 'paid' },
      { id: 3, city: 'Bonn', tier: 'paid' },
    ])
    expect(await kept(at, 'id, city, tier')).toEqual([
      { id: 1, city: 'Rome', tier: 'free' },
      { id: 3, city: 'Bonn', tier: 'trial' },
    ])
  })

  test('in rows that the down deleted and the up inserts from elsewhere, or that came with the same key', async () => {
    const at = await scene(
      pair(
        '0001_move',
        'INSERT INTO t SELECT id, v FROM src ON CONFLICT (id) DO UPDATE SET v = t.v;',
        'DELETE FROM t WHERE id < 10;',
      ),
      {
        standing:
          "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE src (id int, v text); INSERT INTO src VALUES (1, 'a'), (2, 'b'), (3, 'c')",
      },
    )
    await done(at, 'migrate')
    await roundTrip(at, { between: "UPDATE src SET v = 'A' WHERE id = 1; INSERT INTO t VALUES (2, 'B')" })
    expect(await rowsOf(at.db, 'SELECT * FROM t ORDER BY id')).toEqual([
      { id: 1, v: 'A' },
      { id: 2, v: 'B' },
      { id: 3, v: 'c' },
    ])
    expect(await kept(at)).toEqual([
      { id: 1, v: 'a' },
      { id: 2, v: 'b' },
    ])
  })

  test('from a module, whose values are parameters', async () => {
    const at = await scene(
      module('0001_split', {
        up: `await db.execute('CREATE TABLE addresses (user_id int PRIMARY KEY, address text)')
             const rows = await db.execute('SELECT id, address FROM users')
             for (const { id, address } of rows) await db.execute(sql\`INSERT INTO addresses VALUES (\${id}, \${address})\`)`,
        down: "await db.execute('DROP TABLE addresses')",
        more: `import { sql } from '${drizzle()}'`,
      }),
      { standing: USERS },
    )
    await done(at, 'migrate')
    await roundTrip(at, { down: ['--force'], between: "UPDATE users SET address = 'new 1' WHERE id = 1" })
    expect(await rowsOf(at.db, 'SELECT address FROM addresses ORDER BY user_id')).toEqual([
      { address: 'new 1' },
      { address: 'old 2' },
    ])
    expect(await kept(at, 'address')).toEqual([{ address: 'old 1' }])
  })

  test('outside a transaction, and from code that nobody can look into', async () => {
    const at = await scene(
      {
        ...outsidePair('0001_split', SPLIT_UP, SPLIT_DOWN),
        ...pair(
          '0002_do',
          "ALTER TABLE users ADD COLUMN tag text; DO $$ BEGIN UPDATE users SET tag = 'u' || nick; END $$;",
          'ALTER TABLE users DROP COLUMN tag;',
        ),
      },
      { standing: `${USERS}; ALTER TABLE users ADD COLUMN nick text DEFAULT 'x'` },
    )
    await done(at, 'migrate')
    await roundTrip(at, {
      down: ['--all', '--force'],
      between: "UPDATE users SET address = 'new 1', nick = 'y' WHERE id = 1",
    })
    expect(
      await rowsOf(at.db, 'SELECT a.address, u.tag FROM addresses a JOIN users u ON id = user_id ORDER BY id'),
    ).toEqual([
      { address: 'new 1', tag: 'uy' },
      { address: 'old 2', tag: 'ux' },
    ])
    expect(await conflictsIn(at)).toEqual([
      { migration: '0002_do', t: 'users', state: 'left', n: 1 },
      { migration: '0001_split', t: 'addresses', state: 'left', n: 1 },
    ])
  })

  test('in a table that a trigger fills', async () => {
    const fill = 'INSERT INTO found VALUES (NEW.id, (SELECT v FROM src WHERE src.id = NEW.id))'
    const at = await scene(
      pair(
        '0001_trigger',
        `CREATE TABLE found (id int PRIMARY KEY, v text);
         CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${fill}; RETURN NEW; END $$;
         CREATE TRIGGER fill AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION fill(); UPDATE t SET id = id;`,
        'DROP TRIGGER fill ON t; DROP FUNCTION fill(); DROP TABLE found;',
      ),
      {
        standing: `CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE src (id int, v text); INSERT INTO t VALUES (1), (2);
          INSERT INTO src VALUES (1, 'a'), (2, 'b')`,
      },
    )
    await done(at, 'migrate')
    await at.db.sql.unsafe("UPDATE found SET v = 'mine' WHERE id = 2")
    await roundTrip(at, { between: "UPDATE src SET v = 'A' WHERE id = 1" })
    expect(await rowsOf(at.db, 'SELECT * FROM found ORDER BY id')).toEqual([
      { id: 1, v: 'A' },
      { id: 2, v: 'b' },
    ])
    expect(await kept(at)).toEqual([
      { id: 1, v: 'a' },
      { id: 2, v: 'mine' },
    ])
  })

  test('in a column that came back by hand, and in one that a new default filled', async () => {
    const at = await scene({
      ...orders,
      ...pair(
        '0002_note',
        "ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text DEFAULT 'none';",
        'ALTER TABLE orders DROP COLUMN note;',
      ),
    })
    await done(at, 'migrate')
    await at.db.sql.unsafe(THREE)
    await roundTrip(at, {
      between: "ALTER TABLE orders ADD COLUMN note text DEFAULT 'none'; UPDATE orders SET note = 'mine' WHERE id = 1",
    })
    expect(await rowsOf(at.db, 'SELECT note FROM orders ORDER BY id')).toEqual([
      { note: 'mine' },
      { note: null },
      { note: 'drei ä' },
    ])
    expect(await kept(at, 'note')).toEqual([{ note: 'one' }])

    await done(at, 'rollback', '--preserve-data')
    await at.project.write(
      pair(
        '0002_note',
        "ALTER TABLE orders ADD COLUMN note text DEFAULT 'new';",
        'ALTER TABLE orders DROP COLUMN note;',
      ),
    )
    await done(at, 'migrate')
    expect(await rowsOf(at.db, 'SELECT note FROM orders ORDER BY id')).toEqual([
      { note: 'new' },
      { note: 'new' },
      { note: 'new' },
    ])
    expect(await conflictsIn(at)).toMatchObject([{ n: 1 }, { n: 3 }])
  })
})

describe('where nothing was written meanwhile, everything comes back', () => {
  test.each([
    [
      'a backfill by a condition',
      "ALTER TABLE users ADD COLUMN c text; UPDATE users SET c = 'far' WHERE address LIKE 'old%';",
      'ALTER TABLE users DROP COLUMN c;',
      "UPDATE users SET c = 'near' WHERE id = 2",
      'SELECT * FROM users ORDER BY id',
    ],
    [
      'a split whose down loses something',
      SPLIT_UP,
      SPLIT_DOWN,
      "UPDATE addresses SET verified = true, address = 'own' WHERE user_id = 2",
      'SELECT * FROM addresses ORDER BY 1',
    ],
    [
      'an identity column',
      'ALTER TABLE users ADD COLUMN n int GENERATED ALWAYS AS IDENTITY (START 100);',
      'ALTER TABLE users DROP COLUMN n;',
      'UPDATE users SET n = DEFAULT WHERE id = 1',
      'SELECT * FROM users ORDER BY id',
    ],
    [
      'a copy of a whole table',
      'CREATE TABLE c AS SELECT * FROM users; ALTER TABLE c ADD PRIMARY KEY (id);',
      'DROP TABLE c;',
      "UPDATE c SET address = 'own' WHERE id = 1",
      'SELECT * FROM c ORDER BY id',
    ],
  ])('%s', async (_, up, down, written, all) => {
    const at = await scene(pair('0001_t', up, down), { standing: USERS })
    await done(at, 'migrate')
    await at.db.sql.unsafe(written)
    const before = await rowsOf(at.db, all)
    await roundTrip(at)
    expect(await rowsOf(at.db, all)).toEqual(before)
    await expectEmptyArchive(at.db)
  })
})

test('triggers that write elsewhere, or nowhere, keep nothing from coming back', async () => {
  const at = await scene(
    pair(
      '0001_t',
      "ALTER TABLE users ADD COLUMN c text; UPDATE users SET c = 'far' WHERE address LIKE 'old%';",
      'ALTER TABLE users DROP COLUMN c;',
    ),
    {
      standing: `${USERS}; ALTER TABLE users ADD COLUMN changed_at timestamptz; CREATE TABLE audit (what text);
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN IF TG_OP = 'UPDATE' THEN NEW.changed_at := now(); END IF; RETURN NEW; END $$;
        CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN INSERT INTO audit VALUES (NEW::text); PERFORM pg_notify('changes', 'x'); RETURN NULL; END $$;
        CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
        CREATE TRIGGER log AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION log();`,
    },
  )
  await done(at, 'migrate')
  await at.db.sql.unsafe("UPDATE users SET c = 'near' WHERE id = 2")
  await roundTrip(at)
  expect(await rowsOf(at.db, 'SELECT id, c FROM users ORDER BY id')).toEqual([
    { id: 1, c: 'far' },
    { id: 2, c: 'near' },
  ])
})

describe('db:preserved', () => {
  const conflicting = async () => {
    const at = await scene(pair('0001_split', SPLIT_UP, SPLIT_DOWN), { standing: USERS })
    await done(at, 'migrate')
    await roundTrip(at, { between: "UPDATE users SET address = 'new ' || id" })
    const { json } = await at.project.run(['preserved', 'list', '--json'])
    const { preserved } = json() as unknown as { preserved: { id: string }[] }
    return { at, id: preserved[0]?.id ?? '', preserved }
  }
  const addresses = ({ db }: Scene) => rowsOf(db, 'SELECT address FROM addresses ORDER BY user_id')

  test('lists copies, and shows keys and digests, but no value', async () => {
    const { at, id, preserved } = await conflicting()
    expect(preserved).toMatchObject([{ migration: '0001_split', table: 'public.addresses', state: 'left', rows: 2 }])
    const shown = await done(at, 'preserved', 'show', id)
    expect(shown).toMatch(/user_id=1\s+address\s+[0-9a-f]{16}\s+[0-9a-f]{16}/)
    expect(shown).not.toMatch(/old 1|new 1/)
    const document = (
      await at.project.run(['preserved', 'show', id, '--key', 'user_id=2', '--json'])
    ).json() as unknown as {
      conflicts: object[]
    }
    expect(document).toMatchObject({ rows: 1, conflicts: [{ key: { user_id: '2' }, columns: ['address'] }] })
    expect((await at.project.run(['preserved', 'list', '--check'])).code).toBe(5)
  })

  test('applies what is chosen, and drops the rest', async () => {
    const { at, id } = await conflicting()
    expect(await done(at, 'preserved', 'apply', id, '--key', 'user_id=1', '--dry-run')).toContain('Would apply 1 row')
    expect(await addresses(at)).toEqual([{ address: 'new 1' }, { address: 'new 2' }])
    await done(at, 'preserved', 'apply', id, '--key', 'user_id=1', '--yes')
    expect(await addresses(at)).toEqual([{ address: 'old 1' }, { address: 'new 2' }])
    await done(at, 'preserved', 'drop', id, '--yes')
    expect(await addresses(at)).toEqual([{ address: 'old 1' }, { address: 'new 2' }])
    await expectEmptyArchive(at.db)
    expect((await at.project.run(['preserved', 'list', '--check'])).code).toBe(0)
    expect(await done(at, 'history')).toContain('Applied 1 row')
  })

  test('changes nothing without a yes, under an unknown id, or where a row does not fit', async () => {
    const { at, id } = await conflicting()
    const run = async (...words: string[]) => {
      const { code, stderr } = await at.project.run(['preserved', ...words])
      return [code, stderr] as const
    }
    expect(await run('apply', id)).toEqual([3, expect.stringContaining('CONFIRMATION_REQUIRED')])
    expect(await run('drop', id)).toEqual([3, expect.stringContaining('CONFIRMATION_REQUIRED')])
    expect(await run('apply', '99', '--yes')).toEqual([2, expect.stringContaining('PRESERVED_DATA_UNKNOWN')])
    expect(await run('show', id, '--key', 'nope=1')).toEqual([2, expect.stringContaining('no column "nope"')])
    expect(await run('show', id, '--key', 'user_id')).toEqual([2, expect.stringContaining('COLUMN=VALUE')])
    expect(await run('show')).toEqual([2, expect.stringContaining('ID')])
    expect(await run('list', id)).toEqual([2, expect.stringContaining('list')])
    await at.db.sql.unsafe("ALTER TABLE addresses ADD CHECK (address LIKE 'new%')")
    expect(await run('apply', id, '--yes')).toEqual([3, expect.stringContaining('PRESERVED_DATA_UNFIT')])
    expect(await addresses(at)).toEqual([{ address: 'new 1' }, { address: 'new 2' }])
    expect(await kept(at, 'address')).toEqual([{ address: 'old 1' }, { address: 'old 2' }])
  })

  test('asks for the name of a protected database', async () => {
    const { at, id } = await conflicting()
    await done(at, 'protect')
    for (const what of ['apply', 'drop']) {
      const refused = await at.project.run(['preserved', what, id, '--yes'])
      expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('--confirm')])
    }
    expect(await addresses(at)).toEqual([{ address: 'new 1' }, { address: 'new 2' }])
    const name = new URL(at.url).pathname.slice(1)
    await done(at, 'preserved', 'apply', id, '--confirm', name)
    expect(await addresses(at)).toEqual([{ address: 'old 1' }, { address: 'old 2' }])
  })

  test('does not apply what still waits for its migration, and tells so', async () => {
    const at = await scene({ ...orders, ...note })
    await done(at, 'migrate')
    await at.db.sql.unsafe(THREE)
    expect(await done(at, 'preserved', 'list')).toContain('Nothing is preserved')
    await done(at, 'rollback', '--preserve-data')
    expect(await done(at, 'preserved', 'list')).toMatch(/waiting.*public\.orders/)
    const { code, stderr } = await at.project.run(['preserved', 'apply', '1', '--yes'])
    expect([code, stderr]).toEqual([3, expect.stringContaining('waits for 0002_note')])
    await done(at, 'preserved', 'drop', '1', '--yes')
    await done(at, 'migrate')
    expect(await rowsOf(at.db, 'SELECT DISTINCT note FROM orders')).toEqual([{ note: 'none' }])
  })
})
