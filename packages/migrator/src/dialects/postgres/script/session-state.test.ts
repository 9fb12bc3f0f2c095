import { expect, test } from 'vitest'
import { findSessionState } from './session-state.ts'

test.each([
  'SET search_path = app',
  "set session statement_timeout = '1s'",
  'SET ROLE app',
  'SET SESSION AUTHORIZATION app',
  'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
  'RESET ALL',
  'DISCARD TEMP',
  "SELECT set_config('search_path', 'app', false)",
  "SELECT pg_catalog.set_config('search_path', lower('APP'), $1)",
  "DO $$ BEGIN PERFORM set_config('role', 'app', false); END $$",
  'DO $$ BEGIN\n  SET search_path = app; END $$',
  'PREPARE a AS SELECT 1',
  'DECLARE a CURSOR WITH HOLD FOR SELECT 1',
  'LISTEN news',
  'CREATE TEMP TABLE a (id int)',
  'CREATE OR REPLACE TEMPORARY VIEW a AS SELECT 1',
  'CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql RETURN 1',
  'SELECT 1 AS id INTO TEMP a',
  'SELECT pg_advisory_lock(1)',
  'SELECT pg_try_advisory_lock(1)',
])('%s lasts longer than its transaction', (sql) => {
  const text = `SELECT 1;\n  ${sql};\nSELECT 2`
  expect(findSessionState(text)).toEqual({ statement: sql, at: { line: 2, column: 3 } })
})

test.each([
  "SET LOCAL lock_timeout = '1s'",
  'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
  'SET CONSTRAINTS ALL DEFERRED',
  "SELECT set_config('search_path', 'app', true)",
  'UPDATE a SET b = 1',
  'ALTER ROLE app SET search_path = app',
  'ALTER TABLE a ALTER b SET NOT NULL',
  'CREATE TABLE a (b int REFERENCES c ON DELETE SET NULL)',
  'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET search_path = app; END $$',
  'CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = app RETURN 1',
  'DO $$ BEGIN UPDATE a SET b = 1; SET LOCAL search_path = app; END $$',
  "PREPARE TRANSACTION 'a'",
  'SELECT pg_advisory_xact_lock(1)',
  "INSERT INTO a VALUES ('SET ROLE x; LISTEN y')",
  'CREATE TABLE temp_rows (id int)',
])('%s does not', (sql) => {
  expect(findSessionState(sql)).toBeUndefined()
})
