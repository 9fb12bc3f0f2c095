import type { BackupWatch, RestoredPlace } from '../../../../ports/backup.ts'
import { identifier } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { commentStatement, dropStatement, propertyStatements, readProperties } from '../database-properties.ts'
import { explained, sqlstateOf, targetExists } from '../failure.ts'
import { cancelledBy } from '../in-session.ts'
import { restoredDatabase, restoredName } from '../restored-database.ts'
import type { Copy } from './copies.ts'
import type { TemplateProviderOptions } from './options.ts'

/** Makes a new database of a copy, which stays. After a failure or an abort there is no new database. */
export async function restoreCopy(
  on: SqlSession,
  { location, clock }: TemplateProviderOptions,
  copy: Copy,
  to: string | undefined,
  watch: BackupWatch,
): Promise<RestoredPlace> {
  const started = clock.monotonicMs()
  const name = to ?? restoredName(location.database, clock.now())
  watch.progress({ message: `Copying "${copy.database}" to database "${name}"`, elapsedMs: 0 })
  await create(on, copy, name, watch.signal)
  try {
    await complete(on, copy, name, watch.signal)
  } catch (error) {
    await on.execute(dropStatement(name))
    throw error
  }
  watch.progress({ message: `Database "${name}" is ready`, elapsedMs: clock.monotonicMs() - started })
  return restoredDatabase(name, location)
}

async function create(on: SqlSession, copy: Copy, name: string, signal: AbortSignal): Promise<void> {
  await on.execute('SET statement_timeout = 0')
  try {
    const statement = `CREATE DATABASE ${identifier(name)} TEMPLATE ${identifier(copy.database)}`
    await cancelledBy(signal, on, () => on.execute(statement))
  } catch (error) {
    if (sqlstateOf(error) === '42P04') throw targetExists('database', name)
    if (sqlstateOf(error) === undefined) throw error
    throw explained('RESTORE_FAILED', `Database "${name}" was not created from "${copy.database}"`, error)
  }
}

async function complete(on: SqlSession, copy: Copy, name: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const properties = await readProperties(on, copy.database)
  if (!properties) return
  const owner = `ALTER DATABASE ${identifier(name)} OWNER TO ${identifier(properties.owner)}`
  const comment = commentStatement(name, copy.made?.comment ?? null)
  await on.execute([owner, ...propertyStatements(name, properties), comment].join(';\n'))
}
