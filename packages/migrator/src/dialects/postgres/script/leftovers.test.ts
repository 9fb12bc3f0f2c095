import { expect, test } from 'vitest'
import { mayLeaveSomething } from './leftovers.ts'

test.each([
  'CREATE TEMP TABLE a (id int)',
  'create temporary view a as table b',
  'CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql RETURN 1',
  'PREPARE a AS TABLE b',
  'DECLARE a CURSOR WITH HOLD FOR TABLE b',
  'LISTEN a',
  "LOAD 'auto_explain'",
  'SET ROLE a',
  "SELECT set_config('role', 'a', false)",
  'SELECT pg_advisory_lock(1)',
  'DO $$ BEGIN END $$',
  'CALL p()',
  'INSERT INTO has_a_trigger VALUES (1)',
  'MERGE INTO a USING b ON true WHEN MATCHED THEN DO NOTHING',
  'CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()',
])('%s may leave something in the session', (sql) => {
  expect(mayLeaveSomething(sql)).toBe(true)
})

test.each([
  'CREATE TABLE templates (id int PRIMARY KEY, preset text, offset_ms int)',
  'ALTER TABLE a ADD COLUMN b text NOT NULL DEFAULT now()',
  'CREATE INDEX a_b ON a (b); DROP TABLE c; COMMENT ON TABLE a IS NULL',
])('%s leaves nothing', (sql) => {
  expect(mayLeaveSomething(sql)).toBe(false)
})
