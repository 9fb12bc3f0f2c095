import { expect, test } from 'vitest'
import { mayHarmHistory } from './harm.ts'

const name = { schema: 'public', table: 'schema_migrations' }

test.each([
  'TRUNCATE schema_migrations',
  'truncate table accounts, public."schema_migrations" cascade',
  'DELETE FROM public.schema_migrations',
  'ALTER TABLE IF EXISTS schema_migrations RENAME TO old',
  "UPDATE schema_migrations SET dirty = false WHERE version = 'a'",
  'REVOKE ALL ON schema_migrations FROM PUBLIC',
  'BEGIN; DROP TABLE schema_migrations; COMMIT',
  'DROP SCHEMA IF EXISTS public CASCADE',
])('%s may harm the history', (sql) => expect(mayHarmHistory(sql, name)).toBe(true))

test.each([
  'TRUNCATE accounts',
  'TRUNCATE schema_migrations_of_mine',
  'SELECT * FROM schema_migrations',
  'GRANT SELECT ON schema_migrations TO reader',
  'CREATE VIEW applied AS SELECT version FROM schema_migrations',
  'DROP SCHEMA other CASCADE',
])('%s does not', (sql) => expect(mayHarmHistory(sql, name)).toBe(false))
