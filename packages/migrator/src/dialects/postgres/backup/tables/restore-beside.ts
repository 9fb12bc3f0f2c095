import { countText } from '../../../../core/figures.ts'
import type { BackupWatch, RestoredPlace } from '../../../../ports/backup.ts'
import { identifier, literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { explained, targetExists } from '../failure.ts'
import { cancelledBy } from '../in-session.ts'
import { stampOf, suffixed } from '../name.ts'
import type { ArchivedBackup, ArchivedTable } from './archive.ts'
import type { TablesSettings } from './options.ts'
import { qualified } from './shape.ts'

/** Copies the copies into a new schema, under the tables' own names. One transaction: after a failure there is no schema. */
export async function restoreBeside(
  on: SqlSession,
  { schema: archive, clock, location }: TablesSettings,
  backup: ArchivedBackup,
  to: string | undefined,
  watch: BackupWatch,
): Promise<RestoredPlace> {
  const started = clock.monotonicMs()
  const name = to ?? `restored_${stampOf(clock.now(), '_')}`
  const [row] = await on.query(`SELECT (to_regnamespace(${literal(identifier(name))}) IS NOT NULL)::text AS found`)
  if (row?.found === 'true') throw targetExists('schema', name)
  await on.execute(`BEGIN; SET LOCAL statement_timeout TO 0; CREATE SCHEMA ${identifier(name)}`)
  try {
    for (const table of backup.tables) {
      const statement = `CREATE TABLE ${qualified(name, nameIn(backup, table))} AS TABLE ${qualified(archive, table.copy)}`
      await cancelledBy(watch.signal, on, () => on.execute(statement))
      const message = `Restored ${countText(table.rowCount)} rows of ${table.schema}.${table.table}`
      watch.progress({ message, elapsedMs: clock.monotonicMs() - started })
    }
    await on.commit()
  } catch (error) {
    await on.abort()
    watch.signal.throwIfAborted()
    throw explained('RESTORE_FAILED', `Backup ${backup.id} was not restored to schema "${name}"`, error)
  }
  return {
    kind: 'schema',
    name,
    connection: `${location.host}:${location.port}/${location.database}`,
    nextSteps: nextSteps(backup, name),
  }
}

/** Two tables of one name, from two schemas, both carry their schema's name. */
function nameIn({ tables }: ArchivedBackup, { schema, table }: ArchivedTable): string {
  const alone = tables.filter((each) => each.table === table).length === 1
  return alone ? table : suffixed(schema, `_${table}`)
}

function nextSteps(backup: ArchivedBackup, to: string): readonly string[] {
  const [first] = backup.tables
  if (!first) return ['The backup holds no tables.']
  const from = qualified(to, nameIn(backup, first))
  return [
    `Compare: SELECT * FROM ${from} EXCEPT SELECT … FROM ${qualified(first.schema, first.table)};`,
    'Columns of user-defined types (enums, domains …) hold their values as text: cast them when you copy rows.',
    `To restore everything at once instead: db:restore ${backup.id} --in-place`,
    `When nobody needs it any more: DROP SCHEMA ${identifier(to)} CASCADE;`,
  ]
}
