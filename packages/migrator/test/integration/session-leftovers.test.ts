import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pair } from '../support/cli.ts'
import { onServer } from '../support/database.ts'
import { historyOf, tablesOf } from '../support/observe.ts'
import { module, OUTSIDE, outsidePair, saidBy, scene } from '../support/scene.ts'

const role = `t_leftover_${process.pid}`
beforeAll(() => onServer((sql) => sql.unsafe(`CREATE ROLE ${role}`)))
afterAll(() => onServer((sql) => sql.unsafe(`DROP ROLE ${role}`)))

const LEAVES: Readonly<Record<string, string>> = {
  temp_table: 'CREATE TEMP TABLE accounts (id int)',
  temp_view: 'CREATE TEMPORARY VIEW notes AS SELECT 1 AS id',
  temp_sequence: 'CREATE TEMP SEQUENCE numbers',
  temp_function: 'CREATE FUNCTION pg_temp.helper() RETURNS int LANGUAGE sql RETURN 1',
  temp_deferred: `BEGIN_ CREATE TEMP TABLE parents (id int PRIMARY KEY);
    CREATE TEMP TABLE children (id int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO children VALUES (1); INSERT INTO parents VALUES (1); COMMIT_`,
  in_a_function: `DO $do$ BEGIN CREATE TEMP TABLE accounts (id int); PERFORM pg_advisory_lock(8); END $do$`,
  prepared: 'PREPARE plan AS SELECT 1',
  cursor: 'BEGIN_ DECLARE held CURSOR WITH HOLD FOR SELECT 1; COMMIT_',
  listening: 'LISTEN news',
  advisory_lock: 'SELECT pg_advisory_lock(7)',
  role: `SET ROLE ${role}`,
  session_role: `SET SESSION AUTHORIZATION ${role}`,
  search_path: "SELECT set_config('search_path', '', false)",
  replication: 'SET session_replication_role = replica',
  read_only: 'SET default_transaction_read_only = on',
  isolation: "SET default_transaction_isolation = 'serializable'",
  encoding: "SET client_encoding = 'LATIN1'",
  names: "SET NAMES 'SJIS'",
  idle_limit: "SET idle_in_transaction_session_timeout = '45s'",
  row_security: 'SET row_security = off; SET check_function_bodies = off',
  sequence_value: "SELECT nextval('public.ids')",
}

const LOOK = `INSERT INTO public.seen SELECT
  (SELECT string_agg(relname, ',') FROM pg_class WHERE relnamespace = pg_my_temp_schema()) AS temporary,
  (SELECT count(*) FROM pg_proc WHERE pronamespace = pg_my_temp_schema()) AS functions,
  (SELECT count(*) FROM pg_prepared_statements) AS prepared, (SELECT count(*) FROM pg_cursors WHERE name <> '') AS cursors,
  (SELECT count(*) FROM pg_listening_channels()) AS channels,
  (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
  current_user = session_user AND current_user = 'postgres' AS own_role, current_setting('search_path') AS path,
  current_setting('session_replication_role') AS replication, current_setting('default_transaction_read_only') AS read_only,
  current_setting('default_transaction_isolation') AS isolation, current_setting('client_encoding') AS encoding,
  current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('row_security') AS security`
const CLEAN = {
  ...{ temporary: null, functions: '0', prepared: '0', cursors: '0', channels: '0', locks: '0', own_role: true },
  ...{
    path: '"$user", public',
    replication: 'origin',
    read_only: 'off',
    isolation: 'read committed',
    encoding: 'UTF8',
  },
  ...{ idle: '0', security: 'on' },
}
const FIRST = pair(
  '0001_first',
  `CREATE TABLE accounts (id int); CREATE SEQUENCE ids; ${LOOK.replace('INSERT INTO public.seen', 'CREATE TABLE seen AS')} LIMIT 0;`,
  'DROP TABLE accounts, seen; DROP SEQUENCE ids;',
)
const WRITE = "INSERT INTO public.accounts VALUES (1); ALTER TABLE accounts ADD COLUMN name text DEFAULT 'é';"

/** Behind each step that leaves something, one that looks at its session. */
function leavingAndLooking(step: (id: string, statement: string) => Record<string, string>): Record<string, string> {
  const steps = Object.entries(LEAVES).flatMap(([name, statement], at) => [
    step(`1${String(at).padStart(2, '0')}0_${name}`, `${statement} -- ä€`),
    pair(`1${String(at).padStart(2, '0')}1_after_${name}`, `${LOOK};`, 'SELECT 1;'),
  ])
  return Object.assign({}, FIRST, ...steps, pair('2000_write', WRITE, 'ALTER TABLE accounts DROP COLUMN name;'))
}

const inTransaction = (statement: string) => statement.replace('BEGIN_', '').replace('COMMIT_', '')
const outsideOne = (statement: string) => statement.replace('BEGIN_', 'BEGIN;').replace('COMMIT_', 'COMMIT;')
const run = (statement: string) => `await db.execute(${JSON.stringify(statement)})`
const KINDS = {
  'a pair': (id: string, text: string) => pair(id, inTransaction(text), 'SELECT 1;'),
  'a module': (id: string, text: string) => module(id, { up: run(inTransaction(text)), down: '' }),
  'a pair outside a transaction': (id: string, text: string) => pair(id, `${OUTSIDE}${outsideOne(text)}`, 'SELECT 1;'),
  'a module outside a transaction': (id: string, text: string) =>
    module(id, {
      up: (text.startsWith('DO') ? [text] : outsideOne(text).split(';')).map(run).join('; '),
      down: '',
      more: 'export const transaction = false',
    }),
} as const

describe.each([
  ['a pair', 'batch'],
  ['a pair', 'each'],
  ['a module', 'batch'],
  ['a module', 'each'],
  ['a pair outside a transaction', 'each'],
  ['a module outside a transaction', 'each'],
] as const)('%s, --transaction %s', (kind, transaction) => {
  test('leaves nothing in its session for the next step', async () => {
    const files = leavingAndLooking(KINDS[kind])
    const { db, project } = await scene(files)
    const done = await project.run(['migrate', '--transaction', transaction])
    expect(done.code, saidBy(done)).toBe(0)
    const seen = await db.sql`SELECT * FROM seen`
    expect(seen).toEqual(Object.keys(LEAVES).map(() => CLEAN))
    expect(await db.sql`SELECT * FROM accounts`).toEqual([{ id: 1, name: 'é' }])
    const garbled = await db.sql`
      SELECT version FROM schema_migrations WHERE version LIKE '1__0%' AND position('ä€' IN sources::text) = 0`
    expect(garbled).toEqual([])
  })
})

test.each(['batch', 'each'])('going down, nothing is left for the next step either, --transaction %s', async (mode) => {
  const { db, project } = await scene({
    ...pair(
      '0001_accounts',
      'CREATE TABLE accounts (id int);',
      'INSERT INTO accounts VALUES (1); DROP TABLE accounts;',
    ),
    ...pair('0002_two', 'CREATE TABLE two ();', 'DROP TABLE two; CREATE TEMP TABLE accounts (id int);'),
  })
  expect((await project.run(['migrate'])).code).toBe(0)
  const done = await project.run(['rollback', '--all', '--force', '--transaction', mode])
  expect(done.code, saidBy(done)).toBe(0)
  expect(await tablesOf(db)).toEqual([])
})

test('a failed step leaves nothing for the downs that undo the steps before it', async () => {
  const leaving = 'CREATE TEMP TABLE accounts (id int); PREPARE plan AS SELECT 1; SELECT pg_advisory_lock(7);'
  const { db, project } = await scene({
    ...pair(
      '0001_accounts',
      'CREATE TABLE accounts (id int); CREATE TABLE locks (n int);',
      `PREPARE plan AS SELECT 2; DROP TABLE accounts; DROP TABLE locks;
       DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()); END $$;`,
    ),
    ...pair('0002_two', 'CREATE TABLE two ();', `DROP TABLE two; ${leaving}`),
    ...pair('0003_fails', `${leaving} SELECT 1/0;`, 'SELECT 1;'),
  })
  const failed = await project.run(['migrate', '--transaction', 'each', '--json'])
  expect(failed.json().error.rollbackError, saidBy(failed)).toBeUndefined()
  expect(await tablesOf(db)).toEqual([])
  expect(await historyOf(db)).toEqual([])
})

describe('a transaction that a step outside a transaction does not end', () => {
  const open = outsidePair(
    '0002_open',
    'CREATE TABLE kept ();\nBEGIN;\nCREATE TABLE two ();',
    'DROP TABLE IF EXISTS two; DROP TABLE kept;',
  )
  const body = (text: string) =>
    module('0002_open', {
      up: `await db.execute('CREATE TABLE kept ()'); ${text}`,
      down: "await db.execute('DROP TABLE kept')",
      more: 'export const transaction = false',
    })
  const swallowed = "await db.execute('BEGIN'); await db.execute('SELECT 1/0').catch(() => {})"

  test.each([
    ['by a pair', open, '0002_open.up.sql'],
    ['by a module', body("await db.execute('BEGIN'); await db.execute('CREATE TABLE two ()')"), '0002_open.ts'],
    ['by COMMIT AND CHAIN', body("await db.execute('BEGIN'); await db.execute('COMMIT AND CHAIN')"), '0002_open.ts'],
    ['by a module that swallows its error', body(swallowed), 'division by zero'],
    ['by validate()', body("}\nexport async function validate(db) { await db.execute('BEGIN')"), '0002_open.ts'],
    ['by verify()', body("}\nexport async function verify(db) { await db.execute('BEGIN')"), '0002_open.ts'],
  ])('%s fails the step, is rolled back, and nothing of it is left', async (_, files, says) => {
    const { db, project } = await scene({
      ...pair('0001_one', 'CREATE TABLE one ();', 'DROP TABLE one;'),
      ...files,
      ...pair('0003_three', 'CREATE TABLE three ();', 'DROP TABLE three;'),
    })
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ code: 'TRANSACTION_CONTROL', id: '0002_open' })
    expect(failed.json().error.message).toContain('left a transaction open')
    expect(failed.json().error.message).toContain(says)
    expect(await tablesOf(db)).toEqual([])
    expect(await historyOf(db)).toEqual([])
  })

  test('in a down leaves the migration dirty, and the next rollback finishes it', async () => {
    const down = 'DROP TABLE two;\nBEGIN;\nDROP TABLE three;\nSELECT 1 / n FROM gate;\nCOMMIT;'
    const { db, project } = await scene(
      outsidePair('0001_tables', 'CREATE TABLE two ();\nCREATE TABLE three ();', down),
      { standing: 'CREATE TABLE gate AS SELECT 0 AS n;' },
    )
    expect((await project.run(['migrate'])).code).toBe(0)
    const failed = await project.run(['rollback'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(await historyOf(db)).toEqual(['0001_tables dirty'])
    expect(await tablesOf(db)).toEqual(['gate', 'three'])
    await db.sql`UPDATE gate SET n = 1`
    const done = await project.run(['rollback'])
    expect(done.code, saidBy(done)).toBe(0)
    expect(await tablesOf(db)).toEqual(['gate'])
    expect(await historyOf(db)).toEqual([])
  })
})

describe('a deferred constraint in one transaction with later steps', () => {
  const tables = pair(
    '0001_tables',
    `CREATE TABLE parents (id int PRIMARY KEY);
     CREATE TABLE children (id int CONSTRAINT late REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
     CREATE TABLE others (id int CONSTRAINT soon UNIQUE DEFERRABLE);`,
    'DROP TABLE children, parents, others;',
  )
  const filled = pair(
    '0002_rows',
    'INSERT INTO children VALUES (1); INSERT INTO parents VALUES (1);',
    'DELETE FROM parents; DELETE FROM children;',
  )
  const altered = pair(
    '0003_alter',
    'ALTER TABLE children ADD COLUMN name text;',
    'ALTER TABLE children DROP COLUMN name; ALTER TABLE parents ADD COLUMN IF NOT EXISTS again text;',
  )
  const deferredAgain = pair(
    '0004_again',
    `INSERT INTO children VALUES (2); INSERT INTO parents VALUES (2);
     CREATE TABLE grandchildren (id int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
     INSERT INTO grandchildren VALUES (3); INSERT INTO parents VALUES (3);`,
    'DROP TABLE grandchildren; DELETE FROM children WHERE id = 2; DELETE FROM parents WHERE id > 1;',
  )
  const immediate = pair(
    '0005_immediate',
    'DO $$ BEGIN INSERT INTO others VALUES (1), (1); RAISE assert_failure; EXCEPTION WHEN unique_violation THEN NULL; END $$;',
    'SELECT 1;',
  )

  test('does not keep them from altering the table, and stays deferred for them; up and down', async () => {
    const { db, project } = await scene({ ...tables, ...filled, ...altered, ...deferredAgain, ...immediate })
    const up = await project.run(['migrate', '--transaction', 'batch'])
    expect(up.code, saidBy(up)).toBe(0)
    const down = await project.run(['rollback', '--all', '--force', '--transaction', 'batch', '--accept-loss'])
    expect(down.code, saidBy(down)).toBe(0)
    expect(await tablesOf(db)).toEqual([])
  })

  test('that a step deferred itself is checked at its end', async () => {
    const { db, project } = await scene({
      ...tables,
      ...pair('0002_twice', 'SET CONSTRAINTS ALL DEFERRED; INSERT INTO others VALUES (1), (1);', 'SELECT 1;'),
      ...pair('0003_alter', 'ALTER TABLE others ADD COLUMN name text;', 'SELECT 1;'),
    })
    const failed = await project.run(['migrate', '--json'])
    expect(failed.code, saidBy(failed)).toBe(1)
    expect(failed.json().error).toMatchObject({ id: '0002_twice', sqlstate: '23505' })
    expect(await tablesOf(db)).toEqual([])
  })
})
