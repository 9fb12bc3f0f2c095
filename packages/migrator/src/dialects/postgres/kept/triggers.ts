import { ENABLING } from '../script/enabling.ts'
import { identifier } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { isPart } from './archive.ts'
import type { Pair } from './pair.ts'

/**
 * Triggers of the tables are off meanwhile: what they did for these rows is kept with them, and an `updated_at` is not to move.
 * Columns that are always generated as identity take values meanwhile.
 */
export async function silently<T>(on: SqlSession, pairs: readonly Pair[], work: () => Promise<T>): Promise<T> {
  const triggers = await triggersOf(on, pairs)
  const always = pairs.flatMap(({ kept, table, columns }) =>
    isPart(kept) ? columns.filter(({ now }) => now.identity === 'a').map(({ now }) => ({ table, name: now.name })) : [],
  )
  const identity = (how: string) =>
    always.map(({ table, name }) => `ALTER TABLE ${table} ALTER COLUMN ${identifier(name)} SET GENERATED ${how}`)
  // A table with deferred checks pending can't be altered: those of the step come first.
  if (triggers.length + always.length > 0) await on.checkConstraints()
  await all(on, [
    ...triggers.map(({ table, name }) => `ALTER TABLE ONLY ${table} DISABLE TRIGGER ${name}`),
    ...identity('BY DEFAULT'),
  ])
  const result = await work()
  // And those of what was put back.
  if (triggers.length + always.length > 0) await on.execute('SET CONSTRAINTS ALL IMMEDIATE')
  await all(on, [
    ...triggers.map(({ table, name, enabled }) => `ALTER TABLE ONLY ${table} ${ENABLING[enabled]} TRIGGER ${name}`),
    ...identity('ALWAYS'),
  ])
  return result
}

interface Trigger {
  readonly table: string
  readonly name: string
  readonly enabled: string
}

async function triggersOf(on: SqlSession, pairs: readonly Pair[]): Promise<readonly Trigger[]> {
  if (pairs.length === 0) return []
  const oids = [...new Set(pairs.map(({ now }) => now.oid))].join(', ')
  const rows = await on.query(`
    WITH RECURSIVE t(oid) AS (SELECT unnest(ARRAY[${oids}]::oid[]) UNION SELECT i.inhrelid FROM t JOIN pg_inherits i ON i.inhparent = t.oid)
    SELECT format('%I.%I', n.nspname, c.relname) AS "table", format('%I', g.tgname) AS name, g.tgenabled AS enabled
      FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgrelid IN (SELECT oid FROM t)`)
  return rows as unknown as readonly Trigger[]
}

async function all(on: SqlSession, statements: readonly string[]): Promise<void> {
  if (statements.length > 0) await on.execute(statements.join(';\n'))
}
