import { countText } from '../../../../core/figures.ts'
import { MigratorError } from '../../../../errors.ts'
import type { BackupWatch, RestoreOccasion } from '../../../../ports/backup.ts'
import { literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { cancelledBy } from '../in-session.ts'
import type { ArchivedBackup, ArchivedTable } from './archive.ts'
import { addForeignKeys, dropForeignKeys, enableTriggers, readBindings, silenceTriggers } from './bindings.ts'
import { missingColumns } from './columns.ts'
import { type Difference, differenceOf, exchangeRows, type TablePair } from './exchange.ts'
import type { TablesSettings } from './options.ts'
import { EXACT } from './plain-text.ts'
import { addReferences, addRest, createPlain, notKeptOf } from './rebuild.ts'
import { putBackSequences } from './sequences.ts'
import { qualified, readShapes, type TableShape } from './shape.ts'

/**
 * Makes the rows of the tables exactly what they were, in one transaction. Rows that are the same stay untouched; those that
 * were not in the backup move to a table beside their copy. Tables that are gone are made again. Foreign keys are taken off
 * meanwhile and checked anew at the end; triggers are silent. After a failed run nothing is done when no row is missing.
 */
export async function putBack(
  on: SqlSession,
  settings: TablesSettings,
  backup: ArchivedBackup,
  occasion: RestoreOccasion['kind'],
  watch: BackupWatch | undefined,
): Promise<void> {
  const started = settings.clock.monotonicMs()
  const tell: Tell = (message, kept) =>
    watch?.progress({ message, elapsedMs: settings.clock.monotonicMs() - started, kept })
  await cancelledBy(watch?.signal, on, async () => {
    await on.execute(
      `BEGIN; SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO ${settings.lockTimeoutMs}; ${EXACT}`,
    )
    try {
      await putAllBack(on, settings.schema, backup, occasion, tell)
      watch?.signal.throwIfAborted()
      await on.commit()
    } catch (error) {
      await on.abort()
      throw error
    }
  })
}

type Tell = (message: string, kept?: string) => void

async function putAllBack(
  on: SqlSession,
  archive: string,
  backup: ArchivedBackup,
  occasion: RestoreOccasion['kind'],
  tell: Tell,
): Promise<void> {
  const found = await lockTables(on, backup.tables)
  const gone = backup.tables.filter((table) => !found.has(table))
  const standing = backup.tables.filter((table) => found.has(table))
  const pairs = await pairUp(on, standing, found)
  refuseOtherShapes(backup, pairs, gone)
  const differing: (TablePair & { readonly difference: Difference })[] = []
  for (const pair of pairs) {
    const difference = await differenceOf(on, archive, pair)
    if (difference.lost + difference.extra > 0) differing.push({ ...pair, difference })
  }
  if (occasion === 'failed-run' && gone.length === 0 && differing.every(({ difference }) => difference.lost === 0)) {
    return tell('Every row of the backup still exists unchanged; nothing was restored')
  }
  for (const { shape } of gone) await createPlain(on, shape)
  const rebuilt = await pairUp(on, gone, await lockTables(on, gone))
  await exchange(on, archive, backup, [...differing, ...rebuilt], tell)
  for (const { archived } of rebuilt) await addRest(on, archived.shape)
  for (const { archived } of rebuilt) await addReferences(on, archived.shape)
  for (const { shape } of gone) tell(`Made ${shape.schema}.${shape.table} again, without ${notKeptOf(shape)}`)
  await putBackSequences(on, backup.tables)
}

async function exchange(
  on: SqlSession,
  archive: string,
  backup: ArchivedBackup,
  pairs: readonly TablePair[],
  tell: Tell,
): Promise<void> {
  const bindings = await readBindings(
    on,
    pairs.map(({ now }) => now.oid),
  )
  await dropForeignKeys(on, bindings)
  await silenceTriggers(on, bindings)
  for (const pair of pairs) {
    const { schema, table } = pair.now
    const { putIn, takenOut, replaced } = await exchangeRows(on, archive, backup.id, pair)
    tell(`Put back ${countText(putIn)} rows of ${schema}.${table}`)
    if (replaced)
      tell(
        `Moved ${countText(takenOut)} rows of ${schema}.${table}, which the backup does not have, to ${archive}.${replaced}`,
        `table ${archive}.${replaced}`,
      )
    const { lost, extra } = await differenceOf(on, archive, pair)
    if (lost + extra > 0) throw differs(pair.now)
  }
  await enableTriggers(on, bindings)
  await addForeignKeys(on, bindings)
}

/** The oids of the existing tables, locked against everybody. */
async function lockTables(
  on: SqlSession,
  tables: readonly ArchivedTable[],
): Promise<ReadonlyMap<ArchivedTable, string>> {
  const found = new Map<ArchivedTable, string>()
  for (const table of tables) {
    const name = qualified(table.schema, table.table)
    const [row] = await on.query(`
      SELECT c.oid::text AS oid FROM pg_catalog.pg_class c WHERE c.oid = to_regclass(${literal(name)}) AND c.relkind IN ('r', 'p')`)
    if (!row?.oid) continue
    await on.execute(`LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`)
    found.set(table, row.oid)
  }
  return found
}

async function pairUp(
  on: SqlSession,
  tables: readonly ArchivedTable[],
  oids: ReadonlyMap<ArchivedTable, string>,
): Promise<readonly TablePair[]> {
  const shapes = await readShapes(on, [...oids.values()])
  return tables.flatMap((archived) => {
    const now = shapes.find(({ oid }) => oid === oids.get(archived))
    return now ? [{ archived, now }] : []
  })
}

/** Structure is what migrations bring back; only a plain table can be made again from its copy. */
function refuseOtherShapes(backup: ArchivedBackup, pairs: readonly TablePair[], gone: readonly ArchivedTable[]): void {
  const problems = [
    ...pairs.flatMap(({ archived, now }) =>
      missingColumns(archived.shape, now).map(
        (column) => `${now.schema}.${now.table} no longer has the column "${column}"`,
      ),
    ),
    ...gone
      .filter(({ shape }) => shape.related || shape.kind === 'p')
      .map(({ schema, table }) => `${schema}.${table} is gone, and had partitions or was part of another table`),
  ]
  if (problems.length === 0) return
  throw new MigratorError('RESTORE_FAILED', `Backup ${backup.id} was not restored: ${problems.join('; ')}.`, {
    hint: `Restore the structure with migrations first (${backup.migrations.join(', ')}), or inspect the rows with db:restore ${backup.id} --to NEW_NAME.`,
    details: { id: backup.id, problems },
  })
}

function differs({ schema, table }: TableShape): MigratorError {
  const message = `The rows of ${schema}.${table} could not be restored exactly: a rule, or a type that reads its own text as a different value, prevents it. Nothing was changed.`
  return new MigratorError('RESTORE_FAILED', message, { details: { table: `${schema}.${table}` } })
}
