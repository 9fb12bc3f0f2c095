import { ENABLING } from '../../script/enabling.ts'
import { identifier, literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'

/** What would act on rows that are put back: foreign keys from and to the tables, and their triggers. */
export interface Bindings {
  readonly foreignKeys: readonly ForeignKey[]
  readonly triggers: readonly Trigger[]
}

interface ForeignKey {
  /** Qualified and quoted. */
  readonly table: string
  readonly name: string
  readonly definition: string
  readonly comment: string | null
}

interface Trigger {
  readonly table: string
  readonly name: string
  /** As in pg_trigger: O, R or A; a disabled one is none of our business. */
  readonly enabled: string
}

/** Of these tables and of everything below them. Call it in a transaction. */
export async function readBindings(on: SqlSession, oids: readonly string[]): Promise<Bindings> {
  if (oids.length === 0) return { foreignKeys: [], triggers: [] }
  const query = `
    WITH RECURSIVE t(oid) AS (SELECT unnest(ARRAY[${oids.join(', ')}]::oid[])
      UNION SELECT i.inhrelid FROM t JOIN pg_inherits i ON i.inhparent = t.oid)
    SELECT jsonb_build_object(
      'foreignKeys', (SELECT coalesce(jsonb_agg(jsonb_build_object('table', format('%I.%I', n.nspname, c.relname), 'name', k.conname,
                               'definition', pg_get_constraintdef(k.oid), 'comment', obj_description(k.oid, 'pg_constraint')) ORDER BY k.oid), '[]')
          FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE k.contype = 'f' AND k.conparentid = 0 AND (k.conrelid IN (SELECT oid FROM t) OR k.confrelid IN (SELECT oid FROM t))),
      'triggers', (SELECT coalesce(jsonb_agg(jsonb_build_object('table', format('%I.%I', n.nspname, c.relname), 'name', g.tgname, 'enabled', g.tgenabled)), '[]')
          FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgrelid IN (SELECT oid FROM t)))::text AS bindings`
  const [, [row]] = await Promise.all([
    on.execute("SET LOCAL search_path TO ''"),
    on.query(query),
    on.execute('SET LOCAL search_path TO DEFAULT'),
  ])
  return JSON.parse(row?.bindings ?? '') as Bindings
}

/** Only their owner is needed for this, where switching them off takes a superuser; adding them again checks every row. */
export function dropForeignKeys(on: SqlSession, { foreignKeys }: Bindings): Promise<void> {
  return all(
    on,
    foreignKeys.map(({ table, name }) => `ALTER TABLE ${table} DROP CONSTRAINT ${identifier(name)}`),
  )
}

export function addForeignKeys(on: SqlSession, { foreignKeys }: Bindings): Promise<void> {
  return all(
    on,
    foreignKeys.flatMap(({ table, name, definition, comment }) => [
      `ALTER TABLE ${table} ADD CONSTRAINT ${identifier(name)} ${definition}`,
      ...(comment === null ? [] : [`COMMENT ON CONSTRAINT ${identifier(name)} ON ${table} IS ${literal(comment)}`]),
    ]),
  )
}

export function silenceTriggers(on: SqlSession, { triggers }: Bindings): Promise<void> {
  return all(
    on,
    triggers.map(({ table, name }) => `ALTER TABLE ONLY ${table} DISABLE TRIGGER ${identifier(name)}`),
  )
}

export function enableTriggers(on: SqlSession, { triggers }: Bindings): Promise<void> {
  return all(
    on,
    triggers.map(
      ({ table, name, enabled }) => `ALTER TABLE ONLY ${table} ${ENABLING[enabled]} TRIGGER ${identifier(name)}`,
    ),
  )
}

async function all(on: SqlSession, statements: readonly string[]): Promise<void> {
  if (statements.length > 0) await on.execute(statements.join(';\n'))
}
