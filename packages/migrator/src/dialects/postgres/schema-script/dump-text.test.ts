import { expect, test } from 'vitest'
import { cleanDump } from './dump-text.ts'

const clean = (dump: string) => cleanDump(dump, { mainOwner: 'app' })

test('removes what belongs to psql, to the session and to the main owner', () => {
  const { statements } = clean(`--
-- PostgreSQL database dump
--
\\restrict abcDEF
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
SET default_table_access_method = heap;
--
-- Name: a; Type: TABLE; Schema: public; Owner: app
--
CREATE TABLE public.a (
    id integer
);
ALTER TABLE public.a OWNER TO app;
ALTER TABLE public.b OWNER TO other;
COMMENT ON SCHEMA public IS '';
\\unrestrict abcDEF
`)
  expect(statements).toEqual(['CREATE TABLE public.a (\n    id integer\n)', 'ALTER TABLE public.b OWNER TO other'])
})

test('keeps a body that mentions \\restrict, and semicolons in it', () => {
  const body = 'CREATE FUNCTION public.f() RETURNS text\n    LANGUAGE sql\n    AS $$\n\\restrict other\n; SELECT 1;\n$$'
  expect(clean(`\\restrict abc\n${body};\n\\unrestrict abc\n`).statements).toEqual([body])
})

test('keeps a tablespace that is not the default, for this transaction only', () => {
  const { statements } = clean(
    "SET default_tablespace = fast;\nCREATE TABLE a ();\nSET default_tablespace = '';\nSET row_security = off;",
  )
  expect(statements).toEqual([
    'SET LOCAL default_tablespace = fast',
    'CREATE TABLE a ()',
    "SET LOCAL default_tablespace = ''",
  ])
})

test('undoes privileges on public and default privileges, the last first', () => {
  const { statements, undo } = clean(`
GRANT SELECT ON TABLE public.a TO reader;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO "Other" WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO reader;`)
  expect(statements.at(-1)).toBe('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader')
  expect(undo).toEqual([
    'ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM reader',
    'REVOKE ALL ON SCHEMA public FROM "Other"',
    'GRANT USAGE ON SCHEMA public TO PUBLIC',
  ])
})

test('leaves user mappings out, because they hold passwords', () => {
  const { statements, credentials } = clean("CREATE USER MAPPING FOR bob SERVER far OPTIONS (password 'secret');")
  expect(statements).toEqual([])
  expect(credentials).toEqual(['user mapping for bob server far'])
})
