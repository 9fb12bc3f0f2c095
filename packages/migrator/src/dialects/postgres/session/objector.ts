import type { MigratorError } from '../../../errors.ts'
import type { Objector } from '../../../ports/activity.ts'
import { serverErrorIn } from '../failure/server-error.ts'
import { quoted, type TableName } from '../history/table-name.ts'
import { literal } from '../script/literal.ts'
import type { SqlSession } from './sql-session.ts'

/**
 * The event trigger, or the trigger on the history table, whose function is named in the error's context. The context is in
 * whatever language `lc_messages` says, but names a function in all of them as the catalog does: `schema.name()`.
 */
export async function objectorOf(
  on: SqlSession,
  error: MigratorError,
  historyTable: TableName,
): Promise<Objector | undefined> {
  const context = serverErrorIn(error)?.where
  if (context === undefined || !context.includes('()')) return undefined
  const rows = await on.query(`${EVENT_TRIGGERS} UNION ALL ${triggersOf(quoted(historyTable))}`)
  const found = rows.find(({ function: called }) => context.includes(called ?? '\0'))
  if (!found) return undefined
  const { name = '', function: called = '', disable = '' } = found as Readonly<Record<string, string>>
  return { kind: found.kind === 'event trigger' ? 'event trigger' : 'trigger', name, function: called, disable }
}

const EVENT_TRIGGERS = `SELECT 'event trigger' AS kind, pg_catalog.quote_ident(e.evtname) AS name,
    pg_catalog.quote_ident(p.proname) || '()' AS function,
    pg_catalog.format('ALTER EVENT TRIGGER %I DISABLE', e.evtname) AS disable
  FROM pg_catalog.pg_event_trigger e JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid WHERE e.evtenabled <> 'D'`

function triggersOf(table: string): string {
  return `SELECT 'trigger' AS kind, pg_catalog.format('%I on %s', t.tgname, ${literal(table)}) AS name,
    pg_catalog.quote_ident(p.proname) || '()' AS function,
    pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER %I', ${literal(table)}, t.tgname) AS disable
  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
 WHERE t.tgrelid = pg_catalog.to_regclass(${literal(table)}) AND NOT t.tgisinternal AND t.tgenabled <> 'D'`
}
