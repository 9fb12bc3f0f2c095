import { countText } from '../../../../core/figures.ts'
import { MigratorError } from '../../../../errors.ts'
import type { BackupScope, BackupWatch } from '../../../../ports/backup.ts'
import { identifier, jsonLiteral, literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { explained } from '../failure.ts'
import { cancelledBy } from '../in-session.ts'
import { backupId, clipped, NAME_BYTES, uniqueName } from '../name.ts'
import { type ArchivedBackup, prepareArchive, readBackups, readIds, recordTableStatement } from './archive.ts'
import type { Relation } from './catalog-view.ts'
import { keptColumns } from './columns.ts'
import type { TablesSettings } from './options.ts'
import { EXACT } from './plain-text.ts'
import { qualified, readShapes, type TableShape } from './shape.ts'
import { touchedTables } from './touched-tables.ts'

/** Copies what the steps touch, all of it as it was at one moment. After a failure or an abort there is no copy. */
export async function backUpTables(
  on: SqlSession,
  settings: TablesSettings,
  scope: BackupScope,
  watch: BackupWatch,
): Promise<ArchivedBackup> {
  const { schema, clock } = settings
  const started = clock.monotonicMs()
  const progress = (message: string) => watch.progress({ message, elapsedMs: clock.monotonicMs() - started })
  try {
    const tables = await touchedTables(on, settings, scope.steps)
    await prepareArchive(on, schema)
    const id = uniqueName(backupId(scope.operation, scope.askedAt), await readIds(on, schema))
    await watch.began({ id, details: { schema } })
    await cancelledBy(watch.signal, on, () => copyAll(on, settings, { id, scope, tables }, progress, watch.signal))
    const [backup] = await readBackups(on, schema, id)
    if (!backup) throw new MigratorError('BACKUP_FAILED', `Backup ${id} vanished from schema ${schema}.`)
    return backup
  } catch (error) {
    watch.signal.throwIfAborted()
    throw explained('BACKUP_FAILED', 'The touched tables were not copied', error)
  }
}

interface Task {
  readonly id: string
  readonly scope: BackupScope
  readonly tables: readonly Relation[]
}

async function copyAll(
  on: SqlSession,
  settings: TablesSettings,
  { id, scope, tables }: Task,
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const names = tables.map(({ schema, name }) => qualified(schema, name))
  // Locked before the first query takes the snapshot: a table that is rewritten in between would look empty to an older one.
  // https://www.postgresql.org/docs/current/mvcc-caveats.html
  const lock = names.length === 0 ? [] : [`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`]
  const limits = `SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO ${settings.lockTimeoutMs}`
  try {
    await on.execute(
      ['BEGIN ISOLATION LEVEL REPEATABLE READ', limits, EXACT, ...lock, recordStatement(settings, id, scope)].join(
        ';\n',
      ),
    )
    const shapes = await readShapes(
      on,
      tables.map(({ oid }) => oid),
    )
    for (const [index, shape] of shapes.entries()) {
      signal.throwIfAborted()
      progress(`Copying ${shape.schema}.${shape.table} (${index + 1} of ${shapes.length})`)
      const rows = await copyOne(on, settings.schema, id, shape, index + 1)
      progress(`Copied ${shape.schema}.${shape.table}: ${countText(rows)} rows`)
    }
    signal.throwIfAborted()
    await on.commit()
  } catch (error) {
    await on.abort()
    throw error
  }
}

function recordStatement({ schema, toolVersion }: TablesSettings, id: string, scope: BackupScope): string {
  const values = [id, scope.operation, scope.runId, toolVersion].map(literal).join(', ')
  const migrations = jsonLiteral(scope.steps.map((step) => step.id))
  return `INSERT INTO ${identifier(schema)}.backups (id, operation, run_id, tool_version, migrations) VALUES (${values}, ${migrations})`
}

/** One statement copies, counts and records: counting afterwards would read the whole copy again. */
async function copyOne(
  on: SqlSession,
  archive: string,
  id: string,
  shape: TableShape,
  position: number,
): Promise<number> {
  const { schema, table } = shape
  const copy = copyName(id, position, table)
  const from = `${shape.kind === 'r' ? 'ONLY ' : ''}${qualified(schema, table)}`
  const create = `CREATE TABLE ${qualified(archive, copy)} AS SELECT ${keptColumns(shape, 't')} FROM ${from} AS t`
  const record = recordTableStatement(archive, id, { position, schema, table, copy, shape })
  const body = `DECLARE counted bigint; BEGIN
    EXECUTE ${literal(create)}; GET DIAGNOSTICS counted = ROW_COUNT;
    EXECUTE ${literal(record)} || counted || ')'; END`
  const count = `SELECT row_count::text FROM ${identifier(archive)}.backup_tables WHERE backup_id = ${literal(id)} AND position = ${position}`
  const [, [row]] = await Promise.all([on.execute(`DO ${literal(body)}`), on.query(count)])
  return Number(row?.row_count)
}

/** `pre-migrate-20260131-235959_1_orders`; room is left for `_replaced_12` behind it. */
function copyName(id: string, position: number, table: string): string {
  const lead = `${id}_${position}_`
  return lead + clipped(table, NAME_BYTES - Buffer.byteLength(lead) - '_replaced_12'.length)
}
