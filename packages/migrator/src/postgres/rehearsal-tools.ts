import type { RehearsalTools } from '../ports/rehearsal.ts'
import type { Session } from '../ports.ts'
import { generateRows } from './data/generate-rows.ts'
import { readShapes } from './data/read-shapes.ts'
import { rememberRows } from './data/remember-rows.ts'
import { removeRows } from './data/remove-rows.ts'
import { readSequences } from './data/sequences.ts'
import { takeSnapshot } from './data/take-snapshot.ts'
import { uninvolvedTables } from './data/uninvolved.ts'
import { observeFromBeside } from './observe/from-beside.ts'
import { observeInTransaction } from './observe/in-transaction.ts'
import type { TableName } from './table-name.ts'

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
