/**
 * Data that steps down destroy: found in the catalog, counted, kept, and put back. Knows no migration files and no plan.
 * This file: what of it the ports offer.
 */
import { MigratorError } from '../../../errors.ts'
import type { ColumnInventory, KeptCopy, KeptData, KeptFor } from '../../../ports/kept-data.ts'
import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { discardRun, type Filed, isPart, readFiled, readKept, waitingIn } from './archive.ts'
import { compareRows } from './compare.ts'
import { keepLost } from './keep.ts'
import { watchMeanwhile } from './meanwhile.ts'
import { noteWhatIsLeft } from './narrowed.ts'
import { putBackKept } from './put-back.ts'
import { EXACT, withSettings } from './settings.ts'
import { applyKept, dropKept, filedUnder } from './settle.ts'

export const DEFAULT_PRESERVED_SCHEMA = 'migration_preserved'

/** Keeps data in a schema of the same database. The role must be allowed to create it and to read the tables whole. */
export function createKeptData(schema: string): KeptData {
  return {
    schema,
    waiting: (on: SqlSession) => waitingIn(on, schema),
    async keep(on: SqlSession, owner, statement, untold) {
      const kept = await keepLost(on, schema, owner, statement, untold)
      return kept.map(({ table, columns, rows, copy }) => ({ table, columns, rows, copy }))
    },
    inventory: (on: SqlSession) => inventory(on, schema),
    finish: (on: SqlSession, owner) => noteWhatIsLeft(on, schema, owner),
    refuseUnkept: (on: SqlSession, owner, before) => refuseUnkept(on, schema, owner, before),
    async returning(on: SqlSession, migration) {
      const kept = await readKept(on, schema, migration)
      const meanwhile = await watchMeanwhile(on, schema, kept)
      return {
        beforeStatement: (sql) => meanwhile.note(sql),
        async putBack() {
          if (kept.length === 0) return []
          await meanwhile.settle()
          return withSettings(on, EXACT, () => putBackKept(on, schema, kept, meanwhile))
        },
      }
    },
    list: async (on: SqlSession) => (await readFiled(on, schema)).map((each) => copyOf(schema, each)),
    compare: async (on: SqlSession, { id, key }, limit) =>
      compareRows(on, schema, await filedUnder(on, schema, id), key, limit),
    apply: (on: SqlSession, choice) => applyKept(on, schema, choice),
    drop: (on: SqlSession, choice) => dropKept(on, schema, choice),
    discard: (on: SqlSession, owner) => discardRun(on, schema, owner),
  }
}

function copyOf(archive: string, kept: Filed): KeptCopy {
  const { id, migration, state, schema, table, columns, rowCount, copy, why, preservedAt } = kept
  return {
    ...{ id, migration, state: state === 'kept' ? 'waiting' : 'left', table: `${schema}.${table}` },
    ...(isPart(kept) ? { columns: columns.map(({ name }) => name) } : {}),
    ...{ rows: rowCount, copy: `${archive}.${copy}`, preservedAt },
    ...(why === null ? {} : { why }),
  }
}

/** Columns of tables that hold rows of their own; partitions are covered by their tables. */
async function inventory(on: SqlSession, archive: string): Promise<ColumnInventory> {
  const rows = await on.query(`
    SELECT a.attrelid::text || ' ' || a.attnum AS id, n.nspname AS schema, c.relname AS name, a.attname AS part
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
       AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', ${literal(archive)})`)
  return new Map(rows.map(({ id, schema, name, part }) => [id ?? '', `${schema}.${name}.${part}`]))
}

async function refuseUnkept(on: SqlSession, archive: string, owner: KeptFor, before: ColumnInventory): Promise<void> {
  const after = await inventory(on, archive)
  const gone = [...before].filter(([id]) => !after.has(id))
  if (gone.length === 0) return
  const kept = await keptColumns(on, archive, owner)
  const unkept = gone.filter(([id]) => !kept.has(id)).map(([, name]) => name)
  if (unkept.length === 0) return
  throw new MigratorError(
    'DATA_NOT_PRESERVED',
    `The down of ${owner.migration} dropped ${unkept.slice(0, 5).join(', ')}${unkept.length > 5 ? ' …' : ''} in a way that cannot be determined beforehand, so it was not preserved.`,
  )
}

async function keptColumns(
  on: SqlSession,
  archive: string,
  { runId, migration }: KeptFor,
): Promise<ReadonlySet<string>> {
  const name = `${identifier(archive)}.preserved`
  const [found] = await on.query(`SELECT to_regclass(${literal(name)})::text AS found`)
  if (!found?.found) return new Set()
  const rows = await on.query(`
    SELECT c->>'id' AS id FROM ${name}, jsonb_array_elements(columns) c
     WHERE run_id = ${literal(runId)} AND migration = ${literal(migration)} AND kind IN ('table', 'columns')`)
  return new Set(rows.map(({ id }) => id ?? ''))
}
