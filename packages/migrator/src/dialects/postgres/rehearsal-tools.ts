import type { NeededObject, RehearsalTools } from '../../ports/rehearsal.ts'
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
import { castsIn } from './script/casts.ts'
import { hintsIn, isHintOf } from './script/hints-in.ts'
import { neededBy } from './script/needed.ts'
import { loadParser, parseStatements, type Statement } from './script/statements.ts'
import type { SqlSession } from './session/sql-session.ts'

/** The tools of a rehearsal on PostgreSQL. `own` are the migrator's tables, which are left out of what is rehearsed. */
export function createRehearsalTools(own: readonly TableName[]): RehearsalTools {
  return {
    uninvolvedTables,
    rememberRows: (on: SqlSession, leftOut) => rememberRows(on, { own, leftOut }),
    makeRows: (on: SqlSession, wish) => generateRows(on, { own, ...wish }),
    removeRows,
    readShapes: (on: SqlSession, leftOut) => readShapes(on, { own, leftOut }),
    takeSnapshot: (on: SqlSession, leftOut, place) => takeSnapshot(on, { own, leftOut }, place),
    readSequences: (on: SqlSession, leftOut) => readSequences(on, { own, leftOut }),
    observe: (on: SqlSession, way) =>
      way.within === 'transaction' ? observeInTransaction(on, way) : observeFromBeside(on, way),
    missingFrom,
    castsIn: async (script) => (await statementsIn(script)).flatMap(castsIn),
    hintsIn: async (script, direction, parameters) =>
      (await statementsIn(script))
        .filter((each) => isHintOf(each, direction))
        .flatMap((each) => hintsIn(each, parameters)),
  }
}

async function statementsIn(script: string): Promise<readonly Statement[]> {
  await loadParser()
  const parsed = parseStatements(script)
  return parsed.ok ? parsed.statements : []
}

async function missingFrom(on: SqlSession, script: string): Promise<readonly NeededObject[]> {
  const needed = (await statementsIn(script)).flatMap(neededBy)
  const unique = [...new Map(needed.map((each) => [`${each.kind} ${each.name}`, each])).values()]
  const known = new Map<NeededObject['kind'], ReadonlySet<string>>()
  for (const kind of new Set(unique.map((each) => each.kind))) known.set(kind, await names(on, KNOWN[kind]))
  return unique.filter(({ kind, name }) => !known.get(kind)?.has(name))
}

const KNOWN = {
  extension: 'SELECT name FROM pg_catalog.pg_available_extensions',
  role: 'SELECT rolname AS name FROM pg_catalog.pg_roles',
} as const

async function names(on: SqlSession, query: string): Promise<ReadonlySet<string>> {
  const rows = await on.query(query)
  return new Set(rows.map(({ name }) => name ?? ''))
}
