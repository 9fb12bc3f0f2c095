import { hasObject } from '../../core/catalog-identity.ts'
import type { CatalogDigest } from '../../core/history.ts'
import { type DroppedObject, droppedBy } from '../../dialects/postgres/script/drops.ts'
import { parseStatements, type Statement } from '../../dialects/postgres/script/statements.ts'
import { MigratorError } from '../../errors.ts'
import { refuseWithoutLock } from './lock-held.ts'
import type { ReadyStep } from './prepare.ts'
import type { Run } from './steps.ts'

/** What a recovery's `down` may touch is decided by what is there, and by what was there before. */
export interface Scene {
  /** What is there when the recovery begins. */
  readonly present: CatalogDigest
  /** What was there before the `up` began and so is not its own. */
  readonly foreign: CatalogDigest | undefined
  /** Whether it is on record what stood there before. Without that, nothing that holds data is dropped. */
  readonly proven: boolean
  /** Statements that are known to have run already. */
  skip: number
  /** Code that can't be looked into (DO, CALL): where nothing can be undone afterwards it is refused. */
  readonly opaque: 'allowed' | 'refused'
}

/** Whether a statement of the `down` may run in this scene; rejects with RECOVERY_FAILED to stop the recovery. */
export async function judge(run: Run, { id }: ReadyStep, scene: Scene, sql: string): Promise<'run' | 'skip'> {
  await refuseWithoutLock(run)
  if (scene.skip > 0) {
    scene.skip--
    return 'skip'
  }
  const parsed = parseStatements(sql)
  if (!parsed.ok) return 'run'
  const { statements } = parsed
  refuseWipes(statements, scene, id)
  const dropped = statements.flatMap(droppedBy)
  if (dropped.length === 0) return 'run'
  return judgeDrops(run, statements, dropped, scene, id)
}

async function judgeDrops(
  run: Run,
  statements: readonly Statement[],
  dropped: readonly DroppedObject[],
  scene: Scene,
  id: string,
): Promise<'run' | 'skip'> {
  const { present, foreign } = scene
  const onlyDrops = statements.every(({ type }) => type === 'DropStmt' || type === 'AlterTableStmt')
  const left = dropped.filter((object) => object.kind !== 'database' && hasObject(present, object))
  const others = foreign ? left.filter((object) => hasObject(foreign, object)) : []
  if (left.length === 0 && onlyDrops) return 'skip'
  if (!scene.proven) await refuseToLoseData(run, left, id)
  if (others.length === 0) return 'run'
  if (others.length === left.length && onlyDrops) return 'skip'
  throw destroys(id, others.map(nameOf).join(', '))
}

/** A DELETE without WHERE empties a table that was there before; what a DO block does shows only afterwards. */
function refuseWipes(statements: readonly Statement[], { foreign, opaque }: Scene, id: string): void {
  if (!foreign) return
  for (const { type, node, sql } of statements) {
    const relation = (node.relation ?? {}) as { schemaname?: string; relname?: string }
    const name = relation.relname ?? ''
    if (
      type === 'DeleteStmt' &&
      node.whereClause === undefined &&
      hasObject(foreign, { kind: 'table', schema: relation.schemaname, name })
    ) {
      throw destroys(id, `all rows of ${name}`)
    }
    if (opaque === 'refused' && (type === 'DoStmt' || type === 'CallStmt')) {
      throw new MigratorError(
        'RECOVERY_FAILED',
        `What this statement of the down of ${id} does can't be told beforehand: ${sql.split('\n')[0]}`,
      )
    }
  }
}

function destroys(id: string, what: string): MigratorError {
  return new MigratorError(
    'RECOVERY_FAILED',
    `The down of ${id} would destroy ${what}, which stood there before its up began`,
  )
}

async function refuseToLoseData(run: Run, dropped: readonly DroppedObject[], id: string): Promise<void> {
  for (const object of dropped) {
    if (!(await run.context.database.catalog.holdsData(run.session, object))) continue
    const message = `The down of ${id} would drop ${nameOf(object)}, which holds data, and nothing on record tells whether it stood there before`
    throw new MigratorError('RECOVERY_FAILED', message)
  }
}

function nameOf({ kind, schema, name, part }: DroppedObject): string {
  return `${kind} ${[schema, name, part].filter(Boolean).join('.')}`
}
