import type { BackupStep } from '../../../../ports/backup.ts'
import { loadParser, parseStatements } from '../../script/statements.ts'
import { movesSearchPath, type Touched, touchedBy } from '../../script/touched.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { type CatalogView, type Relation, readCatalog } from './catalog-view.ts'
import { dependentsOf } from './dependents.ts'
import type { TablesSettings } from './options.ts'
import { reach } from './reach.ts'

/**
 * The tables whose rows the steps may change or lose; without steps, of all. Of a partitioned table only the
 * table itself, through which all of its rows are read.
 */
export async function touchedTables(
  on: SqlSession,
  { schema, leaveOut }: Pick<TablesSettings, 'schema' | 'leaveOut'>,
  steps: readonly BackupStep[],
): Promise<readonly Relation[]> {
  const view = await readCatalog(on, schema, leaveOut)
  const all = steps.length === 0 || steps.some(({ sql, source }) => sql === undefined && source === undefined)
  const oids = all ? new Set(view.relations.map(({ oid }) => oid)) : await followed(on, view, await read(steps))
  return rootsOf(view, oids)
}

interface Reading {
  readonly touched: readonly Touched[]
  /** Unqualified names may lead anywhere. */
  readonly moved: boolean
}

async function read(steps: readonly BackupStep[]): Promise<Reading> {
  await loadParser()
  const readings = steps.map(({ sql, source }): Reading => {
    const text = sql ?? source ?? ''
    const parsed = sql === undefined ? undefined : parseStatements(sql)
    // Code, and what is no SQL: it may still come to run in part.
    if (!parsed?.ok) return { touched: [{ kind: 'text', name: text, spreads: 'rows' }], moved: true }
    return { touched: parsed.statements.flatMap(touchedBy), moved: parsed.statements.some(movesSearchPath) }
  })
  return {
    touched: readings.flatMap(({ touched }) => touched),
    moved: readings.some(({ moved }) => moved),
  }
}

/** Follows what is touched to what that touches, until nothing is new. */
async function followed(on: SqlSession, view: CatalogView, { touched, moved }: Reading): Promise<ReadonlySet<string>> {
  const { oids, dropped } = reach(view, touched, moved)
  return new Set([...oids, ...(await dependentsOf(on, dropped))])
}

function rootsOf({ relations, inherits }: CatalogView, oids: ReadonlySet<string>): readonly Relation[] {
  const partitioned = new Set(relations.filter(({ kind }) => kind === 'p').map(({ oid }) => oid))
  const parents = new Map(inherits)
  const covered = (oid: string): boolean => {
    const parent = parents.get(oid)
    return parent !== undefined && partitioned.has(parent) && (oids.has(parent) || covered(parent))
  }
  return relations.filter((relation) => isTable(relation) && oids.has(relation.oid) && !covered(relation.oid))
}

function isTable({ kind }: Relation): boolean {
  return kind === 'r' || kind === 'p'
}
