import type { RehearsalTools } from '../../ports/rehearsal.ts'
import type { Session } from '../../ports/session.ts'
import type { TableName } from './history/table-name.ts'
import { observeFromBeside } from './observe/from-beside.ts'
import { observeInTransaction } from './observe/in-transaction.ts'
import { generateRows } from './rows/generate-rows.ts'
import { readShapes } from './rows/read-shapes.ts'
import { rememberRows } from './rows/remember-rows.ts'
import { removeRows } from './rows/remove-rows.ts'
import { readSequences } from './rows/sequences.ts'
import { takeSnapshot } from './rows/take-snapshot.ts'
import { uninvolvedTables } from './rows/uninvolved.ts'

/** The tools of a rehearsal on PostgreSQL. `own` are the migrator's tables, which are no part of what is rehearsed. */
export function createRehearsalTools(own: readonly TableName[]): RehearsalTools {
  return {
    uninvolvedTables,
    rememberRows: (on, leftOut) => rememberRows(on, { own, leftOut }),
    makeRows: (on, wish) => generateRows(on, { own, ...wish }),
    removeRows,
    readShapes: (on, leftOut) => readShapes(on, { own, leftOut }),
    takeSnapshot: (on, leftOut) => takeSnapshot(on, { own, leftOut }),
    readSequences: (on, leftOut) => readSequences(on, { own, leftOut }),
    observe: (on, way) => (way.within === 'transaction' ? observeInTransaction(on, way) : observeFromBeside(on, way)),
    availableExtensions: (on) => names(on, 'SELECT name FROM pg_catalog.pg_available_extensions'),
    roles: (on) => names(on, 'SELECT rolname AS name FROM pg_catalog.pg_roles'),
  }
}

async function names(on: Session, query: string): Promise<ReadonlySet<string>> {
  const rows = await on.query(query)
  return new Set(rows.map(({ name }) => name ?? ''))
}
