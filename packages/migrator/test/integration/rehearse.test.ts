import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import type { Finished } from '../support/cli.ts'
import { pair } from '../support/cli.ts'
import { onServer, stateOf } from '../support/database.ts'
import { drizzle, module, outsidePair, saidBy, scene } from '../support/scene.ts'

interface Shown {
  readonly id: string
  readonly verdict: string
  readonly reasons: readonly string[]
  readonly statements: readonly {
    readonly direction: string
    readonly sql: string
    readonly locks: readonly { readonly relation: string; readonly mode: string }[]
    readonly rewrites: readonly string[]
    readonly scans: readonly { readonly relation: string; readonly rows: number }[]
    readonly durationMs: number
  }[]
}

function shownBy(finished: Finished): readonly Shown[] {
  return (finished.json() as unknown as { migrations: readonly Shown[] }).migrations
}

const scratch = () => ['--scratch-url', inject('serverUrl')]

const USERS = pair('0001_users', 'CREATE TABLE users (id serial PRIMARY KEY, name text);\n', 'DROP TABLE users;\n')

/** Migrations after one that creates `users`; `--all --json`. */
async function rehearse(files: Record<string, string>, words: readonly string[] = ['--all']) {
  const { project, db } = await scene({ ...USERS, ...files })
  const finished = await project.run(['rehearse', ...words, '--json', ...scratch()])
  return { finished, db, project, shown: shownBy(finished) }
}

describe('a verdict', () => {
  const check = async (files: Record<string, string>, verdict: string, reason: RegExp | undefined, code = 0) => {
    const { finished, shown } = await rehearse(files)
    const last = shown.at(-1)
    expect(last?.verdict, saidBy(finished)).toBe(verdict)
    if (reason) expect(last?.reasons.join('\n')).toMatch(reason)
    else expect(last?.reasons).toEqual([])
    expect(finished.code).toBe(code)
  }

  test('lossless: schema and rows come back', () =>
    check(pair('0002_index', 'CREATE INDEX by_name ON users (name);', 'DROP INDEX by_name;'), 'lossless', undefined))

  test('lossy names what the down loses of what was written since', () =>
    check(
      pair('0002_mail', 'ALTER TABLE users ADD mail text;', 'ALTER TABLE users DROP mail;'),
      'lossy',
      /down loses[\s\S]*users\.mail: \d+ of \d+ values lost/,
    ))

  describe('does not blame an up for texts that it takes for something else', () => {
    const to = (type: string, more = '') =>
      pair(
        '0002_type',
        `${more}ALTER TABLE users ALTER name TYPE ${type} USING name::${type};`,
        `ALTER TABLE users ALTER name TYPE text;${more && 'DROP TYPE kind;'}`,
      )

    test.each(['integer', 'uuid', 'boolean', 'numeric(10,2)', 'jsonb', 'date', 'timestamptz', 'inet', 'integer[]'])(
      '%s',
      (type) =>
        check(
          to(type),
          /numeric|jsonb|timestamptz|inet|\[\]/.test(type) ? 'lossy' : 'lossless',
          /users\.name can be read as/,
        ),
    )

    test('an enum of its own', () =>
      check(to('kind', "CREATE TYPE kind AS ENUM ('it''s', 'b');"), 'lossless', /users\.name can be read as kind/))

    test('a column that takes the place of the old one', () =>
      check(
        pair(
          '0002_swap',
          'ALTER TABLE users ADD n int; UPDATE users SET n = trim(name)::int; ALTER TABLE users DROP name; ALTER TABLE users RENAME n TO name;',
          'ALTER TABLE users ADD t text; UPDATE users SET t = name; ALTER TABLE users DROP name; ALTER TABLE users RENAME t TO name;',
        ),
        'lossless',
        /users\.name can be read as integer/,
      ))

    test('a text of its own for the server to run', () =>
      check(
        pair(
          '0002_do',
          "DO $$ BEGIN EXECUTE 'ALTER TABLE users ALTER name TYPE bigint USING name::bigint'; END $$;",
          'ALTER TABLE users ALTER name TYPE text;',
        ),
        'lossless',
        /users\.name can be read as bigint/,
      ))

    test('beside NULLs that it does not take', () =>
      check(
        pair(
          '0002_both',
          'ALTER TABLE users ALTER name TYPE int USING name::int, ALTER name SET NOT NULL;',
          'ALTER TABLE users ALTER name DROP NOT NULL, ALTER name TYPE text;',
        ),
        'lossless',
        /users\.name can be read as integer[\s\S]*users\.name is never NULL/,
      ))

    test('but does for texts that it does not get through at all', () =>
      check(
        pair('0002_no', "UPDATE users SET name = (name || ' of them')::int;", 'SELECT 1;'),
        'unproven',
        /Its up rejects every generated row \(export a seed/,
      ))
  })

  test.each([
    ['in the text of a statement', "sql`DELETE FROM users WHERE name = 'debug' AND about = 'x'`"],
    ['bound to its parameters', `sql\`DELETE FROM users WHERE name = \${'debug'} AND about = \${'x'}\``],
  ])('lossy: rows that a module deletes by constants %s', (_, statement) =>
    check(
      {
        ...pair('0002_about', 'ALTER TABLE users ADD about text;', 'ALTER TABLE users DROP about;'),
        ...module('0003_debug', {
          up: `await db.execute(${statement})`,
          down: '',
          more: `import { sql } from '${drizzle()}'`,
        }),
      },
      'lossy',
      /users: \d+ of \d+ rows? lost/,
    ),
  )

  test('unproven: a DELETE that no generated row meets', () =>
    check(
      pair(
        '0002_none',
        "DELETE FROM users WHERE md5(name) = 'd41d8cd98f00b204e9800998ecf8427f' AND name <> '';",
        'SELECT 1;',
      ),
      'unproven',
      /A statement of its up matched no generated row \(export a seed[\s\S]*DELETE FROM users/,
    ))

  test.each([
    ['its own RAISE', "DO $$ BEGIN IF EXISTS (SELECT FROM users) THEN RAISE 'not with users'; END IF; END $$;"],
    ['a subquery of one row', 'ALTER TABLE users ADD other int; UPDATE users SET other = (SELECT id FROM users);'],
  ])('unproven: %s rejects every generated row', (_, up) =>
    check(
      pair('0002_raise', up, 'ALTER TABLE users DROP IF EXISTS other;'),
      'unproven',
      /Its up rejects every generated row/,
    ),
  )

  test('lossy names what up and down together do not keep', () =>
    check(
      pair('0002_drop', 'ALTER TABLE users DROP name;', 'ALTER TABLE users ADD name text;'),
      'lossy',
      /do not preserve existing data[\s\S]*users\.name: (\d+) of \1 values lost/,
    ))

  describe('tells what the up has written from what was written since', () => {
    const SETTINGS = pair(
      '0002_settings',
      'CREATE TABLE settings (k text PRIMARY KEY, v text, n int); CREATE TABLE log (msg text); CREATE TABLE jobs (id serial PRIMARY KEY, name text);',
      'DROP TABLE jobs; DROP TABLE log; DROP TABLE settings;',
    )
    const checkNext = (up: string, down: string, verdict: string, reason: RegExp | undefined) =>
      check({ ...SETTINGS, ...pair('0003_next', up, down) }, verdict, reason)

    test('rows that the up adds and the down rolls back are no loss', () =>
      checkNext(
        "INSERT INTO settings VALUES ('signup', 'open');",
        "DELETE FROM settings WHERE k = 'signup';",
        'lossless',
        undefined,
      ))

    test('values that the up changes and the down changes back are none either', () =>
      checkNext(
        "UPDATE settings SET v = v || '!' WHERE k = 'text 1';",
        "UPDATE settings SET v = left(v, -1) WHERE k = 'text 1';",
        'lossless',
        undefined,
      ))

    test('values are lost that were there before the up made others like them', () =>
      checkNext(
        "UPDATE settings SET v = v || '!' WHERE v = 'text 1';",
        "UPDATE settings SET v = 'text 1' WHERE v = 'text 1!';",
        'lossy',
        /settings\.v: 1 of \d+ values narrowed/,
      ))

    test.each([
      ['with a key', "INSERT INTO jobs (name) VALUES ('nightly');", /jobs: 1 row that was not there before/],
      ['without one', "INSERT INTO log VALUES ('x'), ('y');", /log: 2 rows that were not there before/],
    ])('reports rows that the down leaves behind: %s', (_, up, reason) =>
      checkNext(`${up} CREATE TABLE new (id int);`, 'DROP TABLE new;', 'lossy', reason),
    )

    test('a column that is computed from others holds nothing of its own', () =>
      checkNext(
        'ALTER TABLE settings ADD upper_k text GENERATED ALWAYS AS (upper(k)) STORED;',
        'ALTER TABLE settings DROP upper_k;',
        'lossless',
        undefined,
      ))
  })

  test('unproven where no row could be made for a table of its own', () =>
    check(
      pair(
        '0002_cart',
        'CREATE TABLE cart (id int PRIMARY KEY, body text NOT NULL CHECK (md5(body) = id::text));',
        'DROP TABLE cart;',
      ),
      'unproven',
      /No row could be generated for cart/,
    ))

  test('a table for one row, which the up writes, wants no other', () =>
    check(
      pair(
        '0002_one',
        'CREATE TABLE one (id int PRIMARY KEY CHECK (id = 1)); INSERT INTO one VALUES (1);',
        'DROP TABLE one;',
      ),
      'lossy',
      /one: 1 of 1 row lost/,
    ))

  test('order-only: columns stand in another order, and nothing is lost', () =>
    check(
      {
        ...pair('0002_two', 'CREATE TABLE two (a int, b int);', 'DROP TABLE two;'),
        ...pair(
          '0003_copy',
          'ALTER TABLE two ADD c int; UPDATE two SET c = a; ALTER TABLE two DROP a;',
          'ALTER TABLE two ADD a int; UPDATE two SET a = c; ALTER TABLE two DROP c;',
        ),
      },
      'order-only',
      /columns: a, b → b, a/,
    ))

  test('broken names every object that does not come back, and ends with 1', () =>
    check(
      pair('0002_index', 'CREATE INDEX by_name ON users (name);', 'SELECT 1;'),
      'broken',
      /does not restore the schema:\n {2}\+ index public\.by_name/,
      1,
    ))

  test('broken where the down fails, with its error', () =>
    check(
      pair('0002_index', 'CREATE INDEX by_name ON users (name);', 'DROP INDEX by_nam;'),
      'broken',
      /The down fails: 0002_index\.down\.sql:.*"by_nam" does not exist/,
      1,
    ))

  test('broken where the up fails on any row at all', () =>
    check(
      pair('0002_mail', 'ALTER TABLE users ADD mail text NOT NULL;', 'ALTER TABLE users DROP mail;'),
      'broken',
      /The up fails:.*on tables with rows; it works on empty tables/,
      1,
    ))

  test('broken where the down works only as long as nobody writes', () =>
    check(
      pair(
        '0002_long',
        'ALTER TABLE users ALTER id DROP DEFAULT, ADD CHECK (id > 0); ALTER TABLE users DROP CONSTRAINT users_id_check; CREATE UNIQUE INDEX u ON users (name); DROP INDEX u; ALTER TABLE users ADD x int;',
        "ALTER TABLE users DROP x; ALTER TABLE users ALTER id SET DEFAULT nextval('users_id_seq'); ALTER TABLE users ALTER name SET NOT NULL; ALTER TABLE users ALTER name DROP NOT NULL;",
      ),
      'broken',
      /The down fails:.*contains null values/,
      1,
    ))

  test('broken where the down is one that always raises, with the way to say so', () =>
    check(
      pair('0002_no', 'ALTER TABLE users ADD mail text;', "DO $$ BEGIN RAISE 'cannot be undone'; END $$;"),
      'broken',
      /The down fails:.*cannot be undone.*irreversible="why"/,
      1,
    ))

  const KEYLESS = [
    'ALTER TABLE users DROP CONSTRAINT users_name_key; ALTER TABLE users ADD nick text;',
    'ALTER TABLE users DROP nick; ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);',
  ] as const
  const keyed = pair(
    '0002_key',
    'ALTER TABLE users ADD UNIQUE (name);',
    'ALTER TABLE users DROP CONSTRAINT users_name_key;',
  )

  test('lossy where the down brings a key back over what else it loses, and says both', () =>
    check(
      { ...keyed, ...pair('0003_no_key', ...KEYLESS) },
      'lossy',
      /users\.nick: \d+ of \d+ values lost[\s\S]*Its down fails and changes nothing on rows written .*could not create unique index/,
    ))

  test('unproven where the down looks first, and raises an error', () =>
    check(
      pair(
        '0002_careful',
        'ALTER TABLE users ADD mail text;',
        "DO $$ BEGIN IF EXISTS (SELECT FROM users WHERE mail <> '') THEN RAISE 'there is mail'; END IF; END $$; ALTER TABLE users DROP mail;",
      ),
      'unproven',
      /Its down rejects rows written after the up:[\s\S]*there is mail/,
    ))

  test('irreversible, and why', () =>
    check(
      {
        'migrations/0002_gone.up.sql':
          '-- migrator: irreversible="the names are secret"\nUPDATE users SET name = NULL;\n',
      },
      'irreversible',
      /the names are secret/,
    ))

  test('unproven where a touched table can get no row', () =>
    check(
      {
        ...pair('0002_odd', 'CREATE TABLE odd (n int NOT NULL CHECK (n * n < 0));', 'DROP TABLE odd;'),
        ...pair('0003_more', 'ALTER TABLE odd ADD COLUMN m int;', 'ALTER TABLE odd DROP COLUMN m;'),
      },
      'unproven',
      /No row could be generated for odd/,
    ))

  test('unproven where the down fails on some rows only', () =>
    check(
      {
        ...pair('0002_n', 'CREATE TABLE c (id serial PRIMARY KEY, n int NOT NULL);', 'DROP TABLE c;'),
        ...pair('0003_wide', 'ALTER TABLE c ALTER n TYPE bigint;', 'ALTER TABLE c ALTER n TYPE int;'),
      },
      'unproven',
      /down fails on some rows that the up allows.*out of range/,
    ))
})

test('an up that makes demands on the data is reported, and rehearsed without the rows that it refuses', async () => {
  const { finished, shown } = await rehearse(
    pair('0002_required', 'ALTER TABLE users ALTER name SET NOT NULL;', 'ALTER TABLE users ALTER name DROP NOT NULL;'),
  )
  expect(finished.code).toBe(0)
  expect(shown[1]?.verdict).toBe('lossless')
  expect(shown[1]?.reasons.join()).toMatch(/Its up requires data where users\.name is never NULL/)
})

test('rows go through the migration before where a step needs what it did', async () => {
  const { shown } = await rehearse({
    ...pair('0002_fill', "UPDATE users SET name = 'nobody' WHERE name IS NULL;", 'SELECT 1;'),
    ...pair(
      '0003_required',
      'ALTER TABLE users ALTER name SET NOT NULL;',
      'ALTER TABLE users ALTER name DROP NOT NULL;',
    ),
  })
  expect(shown[2]).toMatchObject({ verdict: 'lossless', reasons: [] })
})

test('a pair brings rows of its own beside it, which win over made-up ones', async () => {
  const only = `DO $$ BEGIN IF (SELECT string_agg(name, ',' ORDER BY name) FROM users) <> 'Ada,Bob' THEN RAISE 'other rows'; END IF; END $$;`
  const { shown } = await rehearse({
    ...pair('0002_only', only, 'SELECT 1;'),
    'migrations/0002_only.seed.sql':
      "INSERT INTO users (name) VALUES ('Ada');\nINSERT INTO users (name) VALUES ('Bob');\n",
  })
  expect(shown[1]).toMatchObject({ verdict: 'lossless', reasons: [] })
})

describe('modules', () => {
  test('run as they do, and every statement of theirs is seen', async () => {
    const { shown } = await rehearse(
      module('0002_mail', {
        up: "await db.execute('ALTER TABLE users ADD mail text'); await db.execute('CREATE INDEX by_mail ON users (mail)')",
        down: "await db.execute('ALTER TABLE users DROP mail')",
      }),
    )
    expect(shown[1]?.statements.map(({ direction, sql }) => [direction, sql])).toEqual([
      ['up', 'ALTER TABLE users ADD mail text'],
      ['up', 'CREATE INDEX by_mail ON users (mail)'],
      ['down', 'ALTER TABLE users DROP mail'],
    ])
  })

  test('bring rows of their own, which win over made-up ones', async () => {
    const { shown } = await rehearse(
      module('0002_only', {
        up: "await db.execute(`DO $$ BEGIN IF (SELECT string_agg(name, ',') FROM users) <> 'Ada' THEN RAISE 'other rows'; END IF; END $$`)",
        down: "await db.execute('SELECT 1')",
        more: "export async function seed(db) { await db.execute(`INSERT INTO users (name) VALUES ('Ada')`) }",
      }),
    )
    expect(shown[1]).toMatchObject({ verdict: 'lossless', reasons: [] })
  })

  test('whose guard refuses every made-up row are unproven, not broken', async () => {
    const { finished, shown } = await rehearse(
      module('0002_guarded', {
        up: "await db.execute('CREATE INDEX n ON users (name)')",
        down: "await db.execute('DROP INDEX n')",
        more: "export async function validate(db) { const rows = await db.execute('SELECT 1 FROM users'); if (rows.length > 0) throw new Error('empty it first') }",
      }),
    )
    expect(shown[1]?.verdict).toBe('unproven')
    expect(shown[1]?.reasons.join()).toMatch(/empty it first/)
    expect(finished.code).toBe(0)
  })
})

describe('what a statement does is measured', () => {
  const TWO =
    'CREATE TABLE parents (id serial PRIMARY KEY); CREATE TABLE children (id serial PRIMARY KEY, parent_id int NOT NULL REFERENCES parents, v varchar(20), n int NOT NULL);'
  const measured = async (up: string, down: string, how = pair) => {
    const { finished, shown } = await rehearse({
      ...pair('0002_two', TWO, 'DROP TABLE children; DROP TABLE parents;'),
      ...how('0003_change', up, down),
    })
    expect(finished.code, saidBy(finished)).toBe(0)
    return shown[2]?.statements ?? []
  }

  test('locks on the tables that were there, in both directions', async () => {
    const statements = await measured('CREATE INDEX i ON children (n);', 'DROP INDEX i;')
    expect(statements.map(({ direction, locks }) => ({ direction, locks }))).toEqual([
      { direction: 'up', locks: [{ relation: 'children', mode: 'SHARE' }] },
      { direction: 'down', locks: [{ relation: 'children', mode: 'ACCESS EXCLUSIVE' }] },
    ])
  })

  test('both tables of a foreign key, and the scan that checks it', async () => {
    const [add, drop] = await measured(
      'ALTER TABLE children ADD FOREIGN KEY (n) REFERENCES parents NOT VALID;',
      'ALTER TABLE children DROP CONSTRAINT children_n_fkey;',
    )
    expect(add?.locks).toEqual(['children', 'parents'].map((relation) => ({ relation, mode: 'SHARE ROW EXCLUSIVE' })))
    expect(drop?.locks).toEqual(['children', 'parents'].map((relation) => ({ relation, mode: 'ACCESS EXCLUSIVE' })))
    expect([...(add?.scans ?? []), ...(drop?.scans ?? [])]).toEqual([])
  })

  test('a table that is written anew, and one that is only read', async () => {
    const [rewrite] = await measured(
      'ALTER TABLE children ALTER n TYPE bigint;',
      'ALTER TABLE children ALTER n TYPE int USING (n % 1000)::int;',
    )
    expect(rewrite?.rewrites).toContain('children')
    const [scan, drop] = await measured(
      'ALTER TABLE children ADD CONSTRAINT c CHECK (n > -2147483648 OR n <= 0 OR n > 0);',
      'ALTER TABLE children DROP CONSTRAINT c;',
    )
    expect(scan).toMatchObject({ rewrites: [], scans: [{ relation: 'children', rows: 10 }] })
    expect(drop).toMatchObject({ rewrites: [], scans: [] })
  })

  test('a statement that is concurrent, by those who watch from beside', async () => {
    const [create, drop] = await measured(
      'CREATE INDEX CONCURRENTLY i ON children (n);',
      'DROP INDEX CONCURRENTLY i;',
      outsidePair,
    )
    expect(create?.locks).toEqual([{ relation: 'children', mode: 'SHARE UPDATE EXCLUSIVE' }])
    expect(drop?.locks).toEqual([{ relation: 'children', mode: 'SHARE UPDATE EXCLUSIVE' }])
  })

  test('a plain statement outside a transaction, as exactly as inside one', async () => {
    const [add] = await measured(
      'ALTER TABLE children ADD CONSTRAINT c CHECK (n > -2147483648 OR n <= 0 OR n > 0);',
      'ALTER TABLE children DROP CONSTRAINT c;',
      outsidePair,
    )
    expect(add).toMatchObject({
      locks: [{ relation: 'children', mode: 'ACCESS EXCLUSIVE' }],
      scans: [{ relation: 'children', rows: 10 }],
    })
  })
})

describe('what is rehearsed', () => {
  const TWO = pair('0002_two', 'CREATE TABLE two (id int);', 'DROP TABLE two;')
  const ids = (finished: Finished) => shownBy(finished).map(({ id }) => id)

  test('is what the history of the live database does not hold, which is only read', async () => {
    const { project, db } = await scene({ ...USERS, ...TWO })
    await project.run(['migrate', '--steps', '1'])
    const before = await stateOf(db)
    expect(ids(await project.run(['rehearse', '--json', ...scratch()]))).toEqual(['0002_two'])
    expect(await stateOf(db)).toBe(before)
  })

  test('is what has no certificate, where no database can be reached', async () => {
    const { project } = await scene({ ...USERS, ...TWO })
    const unreachable = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing' }
    await project.run(['rehearse', '0001_users', '--write', ...scratch()], unreachable)
    const finished = await project.run(['rehearse', '--json', ...scratch()], unreachable)
    expect(ids(finished)).toEqual(['0002_two'])
    expect(finished.stderr).toMatch(/Migrations without a certificate count as pending/)
  })

  test('is what is named, in the order of the history', async () => {
    const { project } = await scene({ ...USERS, ...TWO })
    expect(ids(await project.run(['rehearse', '0002_two', '0001_users', '--json', ...scratch()]))).toEqual([
      '0001_users',
      '0002_two',
    ])
    const unknown = await project.run(['rehearse', '0002_tow', '--json', ...scratch()])
    expect(unknown.code).toBe(2)
    expect(unknown.json().error).toMatchObject({ code: 'TARGET_UNKNOWN', message: /Nearest: 0002_two/ })
    expect((await project.run(['rehearse', '0002_two', '--all'])).code).toBe(2)
  })

  test('is what has another seed than a commit', async () => {
    const { project } = await scene({ ...USERS, ...TWO })
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...words], { cwd: project.directory })
    git('init', '-q')
    git('add', '.')
    git('commit', '-qm', 'one')
    await project.write({ 'migrations/0002_two.seed.sql': "INSERT INTO users (name) VALUES ('Ada');" })
    expect(ids(await project.run(['rehearse', '--since', 'HEAD', '--json', ...scratch()]))).toEqual(['0002_two'])
  })

  test('is what differs from a commit, committed or not', async () => {
    const { project } = await scene(USERS)
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...words], { cwd: project.directory })
    git('init', '-q')
    git('add', '.')
    git('commit', '-qm', 'one')
    await project.write({ ...TWO, ...pair('0003_three', 'CREATE TABLE three (id int);', 'DROP TABLE three;') })
    git('add', 'migrations/0002_two.up.sql', 'migrations/0002_two.down.sql')
    git('commit', '-qm', 'two')
    const since = await project.run(['rehearse', '--since', 'HEAD~1', '--json', ...scratch()])
    expect(ids(since)).toEqual(['0002_two', '0003_three'])
    expect(ids(await project.run(['rehearse', '--since', 'HEAD', '--json', ...scratch()]))).toEqual(['0003_three'])
    const unknown = await project.run(['rehearse', '--since', 'nowhere'])
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toMatch(/git cannot list what changed since nowhere/)
  })
})

test('people get a table, the reasons, and the next command', async () => {
  const { project } = await scene({ ...USERS, ...pair('0002_i', 'CREATE INDEX i ON users (name);', 'SELECT 1;') })
  const { stdout, stderr, code } = await project.run(['rehearse', '--all', ...scratch()])
  expect(code).toBe(1)
  expect(stdout).toMatch(/migration +verdict +up +down +strongest lock up/)
  expect(stdout).toMatch(/0002_i +broken .*SHARE users/)
  expect(stdout).toMatch(/\+ index public\.i/)
  expect(stderr).toMatch(/0002_i is broken.*[\s\S]*REHEARSAL_FAILED/)
})

test('nothing is left on the scratch server, broken or not, and after Ctrl-C', async () => {
  const sleeping = pair('0002_slow', 'SELECT pg_sleep(60);', 'SELECT 1;')
  const { project } = await scene({ ...USERS, ...sleeping })
  const running = project.start(['rehearse', '0002_slow', '--json', ...scratch()])
  await expect
    .poll(
      () =>
        onServer(
          (sql) => sql`SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`,
        ),
      { timeout: 30_000 },
    )
    .toHaveLength(1)
  const [mine] = await onServer(
    (sql) =>
      sql<
        { datname: string }[]
      >`SELECT datname FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`,
  )
  running.process.kill('SIGINT')
  const { code } = await running.finished
  expect(code).toBe(130)
  const owner = mine?.datname.split('_')[1]
  const left = await onServer(
    (sql) => sql`SELECT datname FROM pg_database WHERE datname LIKE ${`scratch\\_${owner}\\_%`}`,
  )
  expect(left).toHaveLength(0)
})

test('a migration that needs an extension that the server lacks is named', async () => {
  const { finished } = await rehearse(
    pair('0002_ext', 'CREATE EXTENSION no_such_thing;', 'DROP EXTENSION no_such_thing;'),
  )
  expect(finished.code).toBe(1)
  expect(finished.json().error).toMatchObject({
    code: 'SCRATCH_UNAVAILABLE',
    message: /0002_ext needs the extension no_such_thing/,
    hint: /--scratch-url/,
  })
})

test('a role that the server lacks is named, and what came before it is proven', async () => {
  const { finished, shown } = await rehearse({
    ...pair('0002_i', 'CREATE INDEX i ON users (name);', 'DROP INDEX i;'),
    ...pair('0003_grant', 'GRANT SELECT ON users TO nobody_by_that_name;', 'SELECT 1;'),
    ...pair('0004_j', 'CREATE INDEX j ON users (name);', 'DROP INDEX j;'),
  })
  expect(finished.code).toBe(1)
  expect(finished.json().error).toMatchObject({
    code: 'SCRATCH_UNAVAILABLE',
    message: /0003_grant needs the role nobody_by_that_name/,
    hint: /--scratch-url/,
  })
  expect(shown.map(({ verdict }) => verdict)).toEqual(['lossy', 'lossless', 'unproven', 'unproven'])
})

test('behind a migration that does not apply nothing is proven, and all the rest is', async () => {
  const { finished, shown, project } = await rehearse({
    ...pair('0002_i', 'CREATE INDEX i ON users (name);', 'DROP INDEX i;'),
    ...pair('0003_bad', 'CREATE INDEX CONCURRENTLY j ON users (name);', 'DROP INDEX j;'),
    ...pair('0004_k', 'CREATE INDEX k ON users (name);', 'DROP INDEX k;'),
    ...pair('0005_l', 'CREATE INDEX l ON users (name);', 'DROP INDEX l;'),
  })
  expect(finished.code).toBe(1)
  expect(finished.json().error).toMatchObject({ code: 'REHEARSAL_FAILED', ids: ['0003_bad'] })
  expect(shown.map(({ verdict }) => verdict)).toEqual(['lossy', 'lossless', 'broken', 'unproven', 'unproven'])
  expect(shown[2]?.reasons.join()).toMatch(/The up fails:[\s\S]*set transaction=false/)
  expect(shown[3]?.reasons.join()).toMatch(/0003_bad cannot be applied/)

  const later = await project.run(['rehearse', '0005_l', '--write', ...scratch()])
  expect(later.code).toBe(1)
  expect(later.stdout).toMatch(/0005_l +unproven/)
  expect(later.stderr).toMatch(/0003_bad cannot be applied[\s\S]*MIGRATION_FAILED/)
  expect(readFileSync(join(project.migrations, 'migrations.lock.json'), 'utf8')).not.toContain('0005_l')
})

test('roles that migrations create do not stand in the way of the next rehearsal', async () => {
  const role = `role_${Math.random().toString(36).slice(2)}`
  const files = pair(
    '0002_role',
    `CREATE ROLE ${role}; GRANT SELECT ON users TO ${role};`,
    `REVOKE SELECT ON users FROM ${role}; DROP ROLE ${role};`,
  )
  try {
    for (let time = 0; time < 2; time++) expect((await rehearse(files)).shown[1]?.verdict).toBe('lossless')
  } finally {
    await onServer((sql) => sql.unsafe(`DROP ROLE IF EXISTS ${role}`)).catch(() => undefined)
  }
})

test('the lock file is the same however often it is written', async () => {
  const { project } = await scene({
    ...USERS,
    ...outsidePair('0002_i', 'CREATE INDEX CONCURRENTLY i ON users (name);', 'DROP INDEX CONCURRENTLY i;'),
  })
  const texts: string[] = []
  for (let time = 0; time < 2; time++) {
    expect((await project.run(['rehearse', '--all', '--write', ...scratch()])).code).toBe(0)
    texts.push(readFileSync(join(project.migrations, 'migrations.lock.json'), 'utf8'))
  }
  expect(texts[0]).toBe(texts[1])
  expect(Object.keys(JSON.parse(texts[0] ?? '').migrations)).toEqual(['0001_users', '0002_i'])
})
