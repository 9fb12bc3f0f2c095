import { mapHistory } from '../../core/foreign-history.ts'
import { plural } from '../../core/plural.ts'
import { MigratorError } from '../../errors.ts'
import type { ForeignHistories } from '../../ports/foreign-history.ts'
import { withSession } from '../run/begin.ts'
import type { Context, MigrationSet } from '../run/context.ts'
import { candidatesOf } from './import-history.ts'

/**
 * Rejects with HISTORY_NOT_IMPORTED if another tool's history in the database says that migrations of this folder are
 * applied, while this tool's own history is still empty: a run would apply them a second time. Only reads, and only
 * where the folder has another tool's format: in one of this tool's own, a number that both use means nothing.
 */
export async function refuseNotImported(
  context: Context,
  histories: ForeignHistories,
  set: MigrationSet,
): Promise<void> {
  if (set.tool === undefined) return
  await withSession(context, async (session) => {
    if ((await context.store.read(session)).length > 0) return
    for (const { table } of await histories.list(session)) {
      const history = await histories.read(session, table)
      const { mapped } = mapHistory(history, candidatesOf(set))
      const [first] = mapped
      if (first) throw notImported(history, mapped.length, first.id)
    }
  })
}

function notImported({ tool, table }: { readonly tool: string; readonly table: string }, count: number, id: string) {
  const message = `${tool} has already applied ${plural(count, 'migration', 'migrations')} of this folder to this database, ${id} among them: its history is ${table}. Running them again could fail, or change data twice.`
  return new MigratorError('HISTORY_NOT_IMPORTED', message, {
    hint: `Nothing was changed. Take that history over first: db:import ${table}`,
    details: { tool, table, count },
  })
}
