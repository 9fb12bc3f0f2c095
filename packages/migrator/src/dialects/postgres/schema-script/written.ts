import { MigratorError } from '../../../errors.ts'
import { PIN, UNPIN } from '../catalog/settings.ts'
import type { Row, SqlSession } from '../session/sql-session.ts'
import { COMPLETING } from './completing.ts'
import { CREATING } from './creating.ts'
import type { Graph, SchemaObject } from './objects.ts'
import { inOrder } from './order.ts'
import { defaultPrivilegeQuery, privilegeQueries } from './privileges.ts'

/**
 * The statements that make these objects, from the system catalogs alone: for where there is no pg_dump that fits. Rejects with
 * NOT_SUPPORTED, naming every object of a kind that it cannot write.
 */
export async function writeSchema(
  on: SqlSession,
  graph: Graph,
  mainOwner: string | undefined,
): Promise<readonly string[]> {
  const creating = await readAll(on, CREATING)
  const statements = new Map(creating.map(({ key, sql }) => [key ?? '', sql ?? '']))
  const groups = inOrder(graph)
  refuse(
    groups.flat().filter(({ key }) => !statements.has(key)),
    'is of a kind that only pg_dump writes',
  )
  refuse(groups.filter((group) => group.length > 1).flat(), 'needs another object that needs it')
  const completing = await readAll(on, [...COMPLETING, ...privilegeQueries(mainOwner)])
  const rest = completing.filter(({ key }) => key === PUBLIC || graph.has(key ?? ''))
  const defaults = await readAll(on, [defaultPrivilegeQuery(mainOwner)])
  const functions = groups.flat().some(({ key }) => key.startsWith('pg_proc '))
  return [
    ...(functions ? [UNCHECKED_BODIES] : []),
    ...groups.flat().map(({ key }) => statements.get(key) ?? ''),
    ...[...rest, ...defaults].flatMap(({ sql }) => sql ?? []),
  ]
}

/** A function may name what is created after it. */
export const UNCHECKED_BODIES = 'SET LOCAL check_function_bodies = false'

/** The schema that a database has from the beginning; privileges on it belong to no object that is created. */
const PUBLIC = 'public'

async function readAll(on: SqlSession, queries: readonly string[]): Promise<readonly Row[]> {
  const [, ...results] = await on.queryAll([PIN, ...queries, UNPIN])
  return results.slice(0, -1).flat()
}

function refuse(objects: readonly SchemaObject[], why: string): void {
  if (objects.length === 0) return
  const names = objects.map(({ kind, identity }) => `${kind} ${identity}`)
  throw new MigratorError('NOT_SUPPORTED', names.map((each) => `${each} ${why}.`).join('\n'), {
    details: { objects: names },
  })
}
