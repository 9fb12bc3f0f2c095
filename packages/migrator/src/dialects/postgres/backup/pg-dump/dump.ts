import { createWriteStream } from 'node:fs'
import { hostname } from 'node:os'
import { pipeline } from 'node:stream/promises'
import { sizeText } from '../../../../core/figures.ts'
import { MigratorError } from '../../../../errors.ts'
import type { BackupScope, BackupWatch } from '../../../../ports/backup.ts'
import { inSession } from '../in-session.ts'
import { backupId, uniqueName } from '../name.ts'
import { endText, startChild } from './child.ts'
import { childEnvironment, databaseArgument } from './child-environment.ts'
import { complete, explainingFiles, partialPath, prepareDirectory, readDumps, removeDump, reserve } from './files.ts'
import { createMeter, everySecond } from './metered.ts'
import type { PgDumpProviderOptions } from './options.ts'
import { findPrograms, type Programs } from './programs.ts'
import type { DumpRecord } from './record.ts'
import { readServer, type ServerFacts } from './server-facts.ts'

/** A table that others keep locked must not keep the run waiting for ever. */
const LOCK_WAIT_MS = 60_000

/** Writes a dump. It is complete and on the disk when this resolves; after a failure or an abort nothing of it is left. */
export async function dump(
  options: PgDumpProviderOptions,
  scope: BackupScope,
  watch: BackupWatch,
): Promise<DumpRecord> {
  const { directory, location, clock } = options
  const started = clock.monotonicMs()
  const server = await inSession(() => options.connectTo(location.database), readServer)
  if (server.pooled) throw behindPooler(options)
  const programs = await findPrograms(server.major, options.environment, options.programs)
  return explainingFiles(directory, async () => {
    await prepareDirectory(directory)
    await removeUnfinished(directory)
    const record = await reserveRecord(options, scope, server, programs)
    try {
      await watch.began({ id: record.id, details: { directory } })
      const progress = (message: string) => watch.progress({ message, elapsedMs: clock.monotonicMs() - started })
      const done = {
        ...record,
        state: 'available' as const,
        ...(await write(options, programs, record.id, watch, progress)),
      }
      await complete(directory, done)
      progress(`pg_dump: done, ${sizeText(done.sizeBytes)}`)
      return done
    } catch (error) {
      await removeDump(directory, record.id)
      throw error
    }
  })
}

async function removeUnfinished(directory: string): Promise<void> {
  for (const { id, state } of await readDumps(directory)) if (state === 'failed') await removeDump(directory, id)
}

/** Another process may take the same id in the same second. */
async function reserveRecord(
  options: PgDumpProviderOptions,
  scope: BackupScope,
  server: ServerFacts,
  programs: Programs,
): Promise<DumpRecord> {
  const { host, port, database } = options.location
  const record = {
    schemaVersion: 1,
    state: 'creating',
    createdAt: options.clock.now().toISOString(),
    operation: scope.operation,
    runId: scope.runId,
    migrations: scope.steps.map((step) => step.id),
    source: { host, port, database },
    process: { host: hostname(), pid: process.pid },
    toolVersion: options.toolVersion,
    ...server.recorded,
    tool: { version: programs.version, major: programs.major },
  } as const
  for (const taken = new Set<string>(); ; ) {
    const id = uniqueName(backupId(scope.operation, scope.askedAt), taken)
    if (await reserve(options.directory, { ...record, id })) return { ...record, id }
    taken.add(id)
  }
}

/** The dump comes through this process, so that it ends with it, and is counted and summed on its way. */
async function write(
  options: PgDumpProviderOptions,
  programs: Programs,
  id: string,
  { signal }: BackupWatch,
  progress: (message: string) => void,
): Promise<{ sizeBytes: number; checksum: string }> {
  signal.throwIfAborted()
  const environment = childEnvironment(options.connectionString, options.location, options.environment)
  const meter = createMeter()
  // Flushed: what is named a backup has reached the disk.
  const file = createWriteStream(partialPath(options.directory, id), { flags: 'wx', mode: 0o600, flush: true })
  const child = startChild(programs.dump, dumpArguments(options.location.database), environment, signal)
  child.stdin.end()
  const [piped, ended] = await everySecond(
    () => progress(`pg_dump: ${sizeText(meter.bytes)} written`),
    () => Promise.allSettled([pipeline(child.stdout, meter.stream, file), child.ended]),
  )
  signal.throwIfAborted()
  // First, because pg_dump ends with an error of its own when nobody takes what it writes.
  if (piped.status === 'rejected' && ended.status === 'fulfilled') throw piped.reason
  if (ended.status === 'rejected') throw ended.reason
  if (ended.value.code !== 0) throw dumpFailure(endText(ended.value), programs)
  return { sizeBytes: meter.bytes, checksum: meter.checksum() }
}

function dumpArguments(database: string): readonly string[] {
  return ['--format=custom', '--no-password', `--lock-wait-timeout=${LOCK_WAIT_MS}`, databaseArgument(database)]
}

function dumpFailure(how: string, { version, folder }: Programs): MigratorError {
  return new MigratorError('BACKUP_FAILED', `pg_dump ${version} ${how}`, { details: { version, folder } })
}

function behindPooler({ location }: PgDumpProviderOptions): MigratorError {
  return new MigratorError(
    'BACKUP_UNAVAILABLE',
    `${location.host}:${location.port} is a connection pooler; pg_dump needs a session on the server itself.`,
    {
      hint: 'Give this provider a connection string that points directly at the server, or use another kind of backup.',
    },
  )
}
