import { expect } from 'vitest'
import { pair } from './cli.ts'
import type { TestDatabase } from './database.ts'
import { type Scene, saidBy } from './scene.ts'

/** Rows of a query as JSON, for comparing what there was with what there is. */
export async function rowsOf({ sql }: TestDatabase, query: string): Promise<unknown> {
  const [row] = await sql.unsafe(`SELECT coalesce(jsonb_agg(r), '[]')::text AS rows FROM (${query}) r`)
  return JSON.parse(row?.rows)
}

export async function done({ project }: Scene, ...words: string[]): Promise<string> {
  const finished = await project.run(words)
  expect(saidBy(finished) && finished.code, saidBy(finished)).toBe(0)
  return saidBy(finished)
}

/** Down with --preserve-data, something in between, and up again. */
export async function roundTrip(at: Scene, { down = [] as string[], between = '' } = {}): Promise<string> {
  const said = await done(at, 'rollback', '--preserve-data', ...down)
  if (between !== '') await at.db.sql.unsafe(between)
  return said + (await done(at, 'migrate'))
}

/** Nothing waits, nothing is left over. */
export async function expectEmptyArchive({ sql }: TestDatabase): Promise<void> {
  const rows = await sql`
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'migration_preserved' AND c.relkind = 'r' ORDER BY 1`
  expect(rows.map(({ relname }) => relname)).toEqual(['preserved'])
  expect(await sql`SELECT * FROM migration_preserved.preserved`).toHaveLength(0)
}

export const orders = pair(
  '0001_orders',
  'CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total numeric NOT NULL);',
  'DROP TABLE orders;',
)
export const note = pair(
  '0002_note',
  "ALTER TABLE orders ADD COLUMN note text DEFAULT 'none';",
  'ALTER TABLE orders DROP COLUMN note;',
)
export const THREE = "INSERT INTO orders (total, note) VALUES (1.50, 'one'), (2, NULL), (3, 'drei ä')"
export const ALL = 'SELECT * FROM orders ORDER BY id'
