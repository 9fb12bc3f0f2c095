import { hasObject } from '../../core/catalog-identity.ts'
import type { CatalogDigest } from '../../core/history.ts'
import { MigratorError } from '../../errors.ts'
import type { NamedObject } from '../../ports/catalog.ts'
import type { ScriptStatement } from '../../ports/script-language.ts'
import { refuseWithoutLock } from './lock-held.ts'
import type { ReadyStep, Run } from './types.ts'

/** What a recovery's `down` may touch is decided by what is there, and by what was there before. */
export interface RecoveryConstraints {
  /** What is there when the recovery begins. */
  readonly present: CatalogDigest
  /** What was there before the `up` began and so is not its own. */
  readonly foreign: CatalogDigest | undefined
  /** Whether it is on record what stood there before. Without that, nothing that holds data is dropped. */
  readonly proven: boolean
  /** Statements that are known to have run already. */
  skip: number
  /** Code that can't be looked into: where nothing can be undone afterwards it is refused. */
  readonly opaque: 'allowed' | 'refused'
}

/** Whether a statement of the `down` may run under these constraints; rejects with RECOVERY_FAILED to stop the recovery. */
export async function decideStatement(
  run: Run,
  { id }: ReadyStep,
  constraints: RecoveryConstraints,
  sql: string,
): Promise<'run' | 'skip'> {
  await refuseWithoutLock(run)
  if (constraints.skip > 0) {
    constraints.skip--
    return 'skip'
  }
  const read = await run.context.database.script?.statements(sql)
  if (!read && constraints.foreign && constraints.opaque === 'refused') throw untold(id, sql)
  const statements = read ?? []
  refuseWipes(statements, constraints, id)
  const dropped = statements.flatMap(({ drops }) => drops)
  if (dropped.length === 0) return 'run'
  return decideDrops(run, statements, dropped, constraints, id)
}

async function decideDrops(
  run: Run,
  statements: readonly ScriptStatement[],
  dropped: readonly NamedObject[],
  constraints: RecoveryConstraints,
  id: string,
): Promise<'run' | 'skip'> {
  const { present, foreign } = constraints
  const removes = statements.every(({ isRemoval }) => isRemoval)
  const left = dropped.filter((object) => object.kind !== 'database' && hasObject(present, object))
  const others = foreign ? left.filter((object) => hasObject(foreign, object)) : []
  if (left.length === 0 && removes) return 'skip'
  if (!constraints.proven) await refuseToLoseData(run, left, id)
  if (others.length === 0) return 'run'
  if (others.length === left.length && removes) return 'skip'
  throw destroys(id, others.map(nameOf).join(', '))
}

/** All rows of a table that was there before; and what code does shows only afterwards. */
function refuseWipes(
  statements: readonly ScriptStatement[],
  { foreign, opaque }: RecoveryConstraints,
  id: string,
): void {
  if (!foreign) return
  for (const { wipes, isOpaque, sql } of statements) {
    if (wipes && hasObject(foreign, wipes)) throw destroys(id, `all rows of ${wipes.name}`)
    if (opaque === 'refused' && isOpaque) throw untold(id, sql)
  }
}

function untold(id: string, sql: string): MigratorError {
  const message = `The effect of this statement in the down of ${id} cannot be determined beforehand: ${sql.split('\n')[0]}`
  return new MigratorError('RECOVERY_FAILED', message)
}

function destroys(id: string, what: string): MigratorError {
  return new MigratorError(
    'RECOVERY_FAILED',
    `The down of ${id} would destroy ${what}, which existed before its up began`,
  )
}

async function refuseToLoseData(run: Run, dropped: readonly NamedObject[], id: string): Promise<void> {
  for (const object of dropped) {
    if (!(await run.context.database.catalog.holdsData(run.session, object))) continue
    const message = `The down of ${id} would drop ${nameOf(object)}, which holds data and may have existed before`
    throw new MigratorError('RECOVERY_FAILED', message)
  }
}

function nameOf({ kind, schema, name, part }: NamedObject): string {
  return `${kind} ${[schema, name, part].filter(Boolean).join('.')}`
}
