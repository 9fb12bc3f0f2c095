import { describe, expect, test } from 'vitest'
import { findForbidden, mayBeForbidden } from './forbidden.ts'

/** What is found as the runner looks for it: only a text that looks suspicious is parsed. */
function check(sql: string, within: 'transaction' | 'no-transaction', expected: string | undefined): void {
  const found = mayBeForbidden(sql) ? findForbidden(sql, within) : undefined
  expect(found && `${found.what} ${found.at.line}:${found.at.column} ${found.statement}`, sql).toBe(expected)
}

const refused = (sql: string) => check(sql, 'transaction', `transaction-control 1:1 ${sql}`)
const allowed = (sql: string) => check(sql, 'transaction', undefined)

describe('in a transaction', () => {
  test.each([
    'BEGIN',
    'begin work',
    'START TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    'COMMIT',
    'Commit AND CHAIN',
    'END',
    'END TRANSACTION',
    'ROLLBACK',
    'ROLLBACK AND CHAIN',
    'ABORT',
    "PREPARE TRANSACTION 'a'",
    "COMMIT PREPARED 'a'",
    "ROLLBACK PREPARED 'a'",
  ])('%s is refused', refused)

  test.each(['SAVEPOINT a', 'RELEASE a', 'RELEASE SAVEPOINT a', 'ROLLBACK TO a', 'ROLLBACK WORK TO SAVEPOINT a'])(
    '%s is allowed: it stays inside',
    allowed,
  )

  test.each([
    'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$',
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END; -- it''s; COMMIT; '",
    'CREATE PROCEDURE p() LANGUAGE plpgsql AS $body$ BEGIN COMMIT; BEGIN ROLLBACK; END; END $body$',
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END',
    'DO $$ BEGIN EXECUTE $x$ COMMIT; $x$; END $$',
    'DO $a$ BEGIN BEGIN NULL; EXCEPTION WHEN others THEN NULL; END; END $a$ LANGUAGE plpgsql',
  ])('the words of a body are not control: %s', allowed)

  test.each([
    'SELECT CASE WHEN true THEN 1 ELSE 2 END',
    "SELECT 'COMMIT;', $$ ROLLBACK; $$, E'\\'; COMMIT; --'",
    'SELECT 1 AS "COMMIT; BEGIN"',
    '-- COMMIT;\nSELECT 1',
    '/* BEGIN; /* COMMIT; */ END; */ SELECT 1',
    'CREATE TABLE a (start timestamp, "end" timestamp)',
    'SELECT start FROM a',
    'PREPARE q AS SELECT 1',
    'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    "INSERT INTO a VALUES ('begin'), ('commit')",
    'CREATE TABLE a (b int) ON COMMIT DROP',
  ])('the words elsewhere are not control: %s', allowed)

  test('the first is named, where it stands', () => {
    check("SELECT '😀;';\n  COMMIT; ROLLBACK", 'transaction', 'transaction-control 2:3 COMMIT')
    check('-- BEGIN\n/* COMMIT */ END;', 'transaction', 'transaction-control 2:14 END')
  })
})

test('outside a transaction control is the text its own', () => {
  for (const sql of ['BEGIN; SELECT 1; COMMIT', 'ROLLBACK', 'START TRANSACTION'])
    check(sql, 'no-transaction', undefined)
})

test('COPY from a stream is refused everywhere, COPY from a file nowhere', () => {
  for (const within of ['transaction', 'no-transaction'] as const) {
    check('COPY a FROM STDIN', within, 'copy-from-stdin 1:1 COPY a FROM STDIN')
    check(
      'copy a (b) from stdin with (format csv)',
      within,
      'copy-from-stdin 1:1 copy a (b) from stdin with (format csv)',
    )
    check("COPY a FROM '/tmp/a.csv'", within, undefined)
    check("COPY a FROM PROGRAM 'cat /tmp/a.csv'", within, undefined)
    check("COPY (SELECT 1) TO '/tmp/a.csv'", within, undefined)
  }
})

test('it is found in a text that does not parse, and what pg_dump writes behind a COPY does not', () => {
  check('SELEKT; COMMIT', 'transaction', 'transaction-control 1:9 COMMIT')
  check(
    "SELECT 1;\nCOPY a (b) FROM stdin;\n1\tit's; (\n\\.\n",
    'transaction',
    'copy-from-stdin 2:1 COPY a (b) FROM stdin',
  )
})

test('most texts are not worth looking through', () => {
  const worth = (sql: string) => mayBeForbidden(sql)
  expect(worth('CREATE TABLE a (beginning int, ending int, committed bool, copies int, started_at date)')).toBe(false)
  expect(worth('CREATE TABLE a ();COMMIT')).toBe(true)
  expect(worth('/**/bEgIn')).toBe(true)
})
