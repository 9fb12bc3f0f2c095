import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { MigratorError } from '../../../../errors.ts'
import type { BackupWatch, RestoredPlace } from '../../../../ports/backup.ts'
import { identifier, literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { commentStatement, propertyStatements } from '../database-properties.ts'
import { explained, sqlstateOf, targetExists } from '../failure.ts'
import { cancelledBy, inSession } from '../in-session.ts'
import { restoredDatabase, restoredName } from '../restored-database.ts'
import { endText, startChild } from './child.ts'
import { childEnvironment, databaseArgument } from './child-environment.ts'
import { dumpPath } from './files.ts'
import { createMeter, everySecond } from './metered.ts'
import type { PgDumpProviderOptions } from './options.ts'
import { findPrograms, type Programs } from './programs.ts'
import type { DumpRecord } from './record.ts'
import { readServer } from './server-facts.ts'
import { onlyUnknownTimeout } from './unknown-timeout.ts'
import { verifyDump } from './verify.ts'

/**
 * Restores a dump into a new database with the locale, settings and grants of the old one. After a failure or an abort the
 * new database is dropped again.
 */
export async function restoreDump(
  options: PgDumpProviderOptions,
  record: DumpRecord,
  to: string | undefined,
  watch: BackupWatch,
): Promise<RestoredPlace> {
  const { location, clock } = options
  const started = clock.monotonicMs()
  const name = to ?? restoredName(location.database, clock.now())
  const tell = (message: string, percent?: number) =>
    watch.progress({ message, percent, elapsedMs: clock.monotonicMs() - started })
  tell(`Checking ${record.id}.dump`)
  await verifyDump(options.directory, record, watch.signal)
  return inSession(
    () => options.connectTo(location.database),
    async (on) => {
      const { major, pooled } = await readServer(on)
      if (pooled)
        throw new MigratorError('RESTORE_FAILED', 'pg_restore needs the server itself, not a connection pooler.')
      const programs = await findPrograms(
        Math.max(major, record.tool?.major ?? 0),
        options.environment,
        options.programs,
      )
      const owners = await ownersOf(on, record)
      await create(on, name, record, owners)
      try {
        await fill(options, { name, record, programs, owners, serverMajor: major }, watch, tell)
      } catch (error) {
        await on.execute(`DROP DATABASE ${identifier(name)} WITH (FORCE)`)
        throw error
      }
      tell(`Database "${name}" is ready`, 100)
      return restoredDatabase(name, location, notesOf(record, owners))
    },
  )
}

/** Whether this role may give everything back to those who owned it. */
type Owners = 'the same' | 'this role'

interface Task {
  readonly name: string
  readonly record: DumpRecord
  readonly programs: Programs
  readonly owners: Owners
  readonly serverMajor: number
}

async function ownersOf(on: SqlSession, { owners, properties }: DumpRecord): Promise<Owners> {
  if (!owners) return 'this role'
  const roles = properties ? [...owners, properties.owner] : owners
  if (roles.length === 0) return 'the same'
  const [row] = await on.query(`
    SELECT bool_and(EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = o.name
                             AND pg_catalog.pg_has_role(r.oid, 'MEMBER')))::text AS may
      FROM pg_catalog.unnest(ARRAY[${roles.map((role) => literal(role)).join(', ')}]::name[]) AS o(name)`)
  return row?.may === 'true' ? 'the same' : 'this role'
}

function notesOf({ owners, checksum }: DumpRecord, given: Owners): readonly string[] {
  const unverified = checksum === undefined ? ['The dump has no record, so its content could not be verified.'] : []
  if (given === 'the same') return unverified
  const whose = owners ? ` Before, there were these owners: ${owners.join(', ')}.` : ''
  return [...unverified, `Everything in it belongs to the role that restored it, which may not act for others.${whose}`]
}

async function create(on: SqlSession, name: string, { properties }: DumpRecord, owners: Owners): Promise<void> {
  const owner = properties && owners === 'the same' ? `OWNER ${identifier(properties.owner)}` : ''
  try {
    await on.execute('SET statement_timeout = 0')
    await on.execute(`CREATE DATABASE ${identifier(name)} TEMPLATE template0 ${owner} ${properties?.locale ?? ''}`)
  } catch (error) {
    if (sqlstateOf(error) === '42P04') throw targetExists('database', name)
    throw explained('RESTORE_FAILED', `Database "${name}" could not be made`, error)
  }
}

async function fill(
  options: PgDumpProviderOptions,
  task: Task,
  watch: BackupWatch,
  tell: (message: string, percent?: number) => void,
): Promise<void> {
  const { name, record, owners } = task
  await inSession(
    () => options.connectTo(name),
    async (on) => {
      // A new database has this schema whether the old one had it or not.
      if (record.hasPublic === false) await on.execute('DROP SCHEMA public')
    },
  )
  await pour(options, task, watch.signal, tell)
  await inSession(
    () => options.connectTo(name),
    async (on) => {
      tell('Gathering statistics for the planner', 99)
      await cancelledBy(watch.signal, on, () => on.execute('ANALYZE'))
      if (!record.properties) return
      await on.execute(commentStatement(name, record.properties.comment))
      if (owners === 'the same') await on.execute(propertyStatements(name, record.properties).join(';\n'))
    },
  ).catch((error: unknown) => {
    watch.signal.throwIfAborted()
    throw explained('RESTORE_FAILED', `Database "${name}" was not completed`, error, { database: name })
  })
}

/** The dump goes in through a pipe: pg_restore ends when this process does, and the bytes tell how far it has come. */
async function pour(
  options: PgDumpProviderOptions,
  { name, record, programs, owners, serverMajor }: Task,
  signal: AbortSignal,
  tell: (message: string, percent?: number) => void,
): Promise<void> {
  signal.throwIfAborted()
  const tolerant = programs.major >= 17 && serverMajor < 17
  const args = [
    ...(tolerant ? [] : ['--exit-on-error']),
    ...(owners === 'the same' ? [] : ['--no-owner']),
    '--no-password',
    databaseArgument(name),
  ]
  const environment = childEnvironment(options.connectionString, options.location, options.environment)
  const child = startChild(programs.restore, args, environment, signal)
  child.stdout.resume()
  const meter = createMeter()
  const share = () => Math.floor((meter.bytes / (record.sizeBytes || 1)) * 98)
  const [piped, ended] = await everySecond(
    () => tell(`pg_restore: into database "${name}"`, share()),
    () =>
      Promise.allSettled([
        pipeline(createReadStream(dumpPath(options.directory, record.id)), meter.stream, child.stdin),
        child.ended,
      ]),
  )
  signal.throwIfAborted()
  if (ended.status === 'rejected') throw ended.reason
  if (ended.value.code !== 0 && !(tolerant && onlyUnknownTimeout(ended.value.said))) {
    const message = `pg_restore ${programs.version} ${endText(ended.value)}`
    throw new MigratorError('RESTORE_FAILED', message, { details: { version: programs.version, database: name } })
  }
  if (piped.status === 'rejected' && !isBrokenPipe(piped.reason)) throw piped.reason
}

/** pg_restore stops reading when it has what it needs; its exit code has told that all is well. */
function isBrokenPipe(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
  )
}
