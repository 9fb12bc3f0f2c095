import { sizeText } from '../../../../core/figures.ts'
import { MigratorError } from '../../../../errors.ts'
import type { BackupScope, BackupWatch } from '../../../../ports/backup.ts'
import { identifier, literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { commentStatement, dropStatement, propertyStatements, readProperties } from '../database-properties.ts'
import { explained, sqlstateOf } from '../failure.ts'
import { cancelledBy } from '../in-session.ts'
import { backupId, uniqueName } from '../name.ts'
import { type Copy, type CopyFacts, commentOf, copyName, findCopy, readCopies } from './copies.ts'
import type { TemplateProviderOptions } from './options.ts'
import { sessionsText } from './sessions.ts'

/**
 * Copies the database. CREATE DATABASE itself lets nobody in meanwhile and waits five seconds for those connected, so
 * nothing has to be shut that a killed process would leave shut. After a failure or an abort there is no copy.
 */
export async function copyDatabase(
  on: SqlSession,
  options: TemplateProviderOptions,
  scope: BackupScope,
  watch: BackupWatch,
): Promise<Copy> {
  const source = options.location.database
  const started = options.clock.monotonicMs()
  const progress = (message: string) => watch.progress({ message, elapsedMs: options.clock.monotonicMs() - started })
  await lockAgainstOthers(on, source)
  const copies = await removeUnfinished(on, await readCopies(on, source), progress)
  const id = uniqueName(backupId(scope.operation, scope.askedAt), new Set(copies.map((copy) => copy.id)))
  const database = copyName(source, id)
  await watch.began({ id, details: { database } })
  progress(`Copying database "${source}" to "${database}"`)
  await create(on, source, database, watch.signal)
  try {
    await complete(on, database, factsOf(id, options, scope), watch.signal)
  } catch (error) {
    await on.execute(dropStatement(database))
    throw error
  }
  const copy = await findCopy(on, source, id)
  if (!copy) throw new MigratorError('BACKUP_FAILED', `Database "${database}" disappeared while it was being created.`)
  progress(`Copied: ${sizeText(copy.sizeBytes ?? 0)}`)
  return copy
}

/** Held by this session until it closes, also when its process is killed. */
async function lockAgainstOthers(on: SqlSession, source: string): Promise<void> {
  const key = literal(`migrator template backup of ${source}`)
  const [row] = await on.query(
    `SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended(${key}, 0))::text AS locked`,
  )
  if (row?.locked === 'true') return
  throw new MigratorError('BACKUP_FAILED', `Another process is copying database "${source}" right now.`)
}

/** A process that was killed leaves a copy that nobody described. Under the lock it is nobody's work any more. */
async function removeUnfinished(
  on: SqlSession,
  copies: readonly Copy[],
  progress: (message: string) => void,
): Promise<readonly Copy[]> {
  for (const { made, database } of copies) {
    if (made) continue
    await on.execute(dropStatement(database))
    progress(`Removed "${database}", an unfinished copy of a process that has ended`)
  }
  return copies.filter(({ made }) => made)
}

async function create(on: SqlSession, source: string, database: string, signal: AbortSignal): Promise<void> {
  const [row] = await on.query(`
    SELECT pg_catalog.pg_get_userbyid(datdba) AS owner FROM pg_catalog.pg_database WHERE datname = ${literal(source)}`)
  await on.execute('SET statement_timeout = 0')
  const statement = `CREATE DATABASE ${identifier(database)} TEMPLATE ${identifier(source)} OWNER ${identifier(row?.owner ?? '')} ALLOW_CONNECTIONS false`
  try {
    await cancelledBy(signal, on, () => on.execute(statement))
  } catch (error) {
    throw await createFailure(on, source, error)
  }
}

async function createFailure(on: SqlSession, source: string, error: unknown): Promise<unknown> {
  const state = sqlstateOf(error)
  if (state === '55006') {
    const message = `Database "${source}" can't be copied while others are connected to it: ${await sessionsText(on, source)}.`
    return new MigratorError('BACKUP_FAILED', message, {
      hint: 'Close them, then run the command again.',
      cause: error,
    })
  }
  if (state === '42501') {
    const message = `This role may not copy database "${source}": it needs CREATEDB and ownership of the database, or superuser.`
    return new MigratorError('BACKUP_UNAVAILABLE', message, { hint: 'Use --backup pg-dump or tables.', cause: error })
  }
  return state === undefined ? error : explained('BACKUP_FAILED', `Database "${source}" was not copied`, error)
}

async function complete(on: SqlSession, database: string, facts: CopyFacts, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const properties = await readProperties(on, facts.source)
  const comment = commentStatement(database, commentOf({ ...facts, comment: properties?.comment ?? null }))
  await on.execute([...(properties ? propertyStatements(database, properties) : []), comment].join(';\n'))
}

function factsOf(id: string, { location, clock, toolVersion }: TemplateProviderOptions, scope: BackupScope): CopyFacts {
  return {
    id,
    source: location.database,
    createdAt: clock.now().toISOString(),
    operation: scope.operation,
    runId: scope.runId,
    migrations: scope.steps.map((step) => step.id),
    toolVersion,
    comment: null,
  }
}
