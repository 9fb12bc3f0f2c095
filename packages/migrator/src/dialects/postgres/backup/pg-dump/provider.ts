/**
 * Backups by the system's pg_dump: one file a backup in a directory, restored by pg_restore into a new database. The
 * programs run as children of this process and end with it; what they need of the environment is given as data.
 */

import { sizeText } from '../../../../core/figures.ts'
import { MigratorError } from '../../../../errors.ts'
import type { BackupHandle, BackupScope, BackupWatch, ManagedBackupProvider } from '../../../../ports/backup.ts'
import type { DatabaseLocation } from '../../../../ports/location.ts'
import { backupNotFound } from '../failure.ts'
import { dump } from './dump.ts'
import { explainingFiles, findDump, readDumps, removeDump } from './files.ts'
import type { PgDumpProviderOptions } from './options.ts'
import type { DumpRecord } from './record.ts'
import { storedOf } from './record.ts'
import { restoreDump } from './restore.ts'

/**
 * pg_dump takes ACCESS SHARE locks only and sees one moment of the database; others go on reading and writing. It has to be
 * of the server's major version or a later one. The role must be allowed to read everything.
 */
export function createPgDumpProvider(options: PgDumpProviderOptions): ManagedBackupProvider {
  const { directory, location } = options
  const existing = async (id: string) => {
    const record = await findDump(directory, id)
    if (!record) throw backupNotFound(id, 'pg-dump')
    return record
  }
  return {
    name: 'pg-dump',
    restoresInPlace: false,
    async before(scope: BackupScope, watch: BackupWatch): Promise<BackupHandle> {
      return handleOf(directory, await dump(options, scope, watch))
    },
    list: () =>
      explainingFiles(directory, async () => (await readDumps(directory)).filter(isOf(location)).map(storedOf)),
    find: async (id) => {
      const record = await explainingFiles(directory, () => findDump(directory, id))
      return record && storedOf(record)
    },
    remove: (id) =>
      explainingFiles(directory, async () => {
        await existing(id)
        await removeDump(directory, id)
      }),
    open: async (id) => handleOf(directory, await explainingFiles(directory, () => existing(id))),
    restoreTo: async (id, to, watch) =>
      restoreDump(options, await explainingFiles(directory, () => existing(id)), to, watch),
  }
}

/** A directory may hold dumps of several databases. */
function isOf({ host, port, database }: DatabaseLocation): (record: DumpRecord) => boolean {
  return ({ source }) => source.host === host && source.port === port && source.database === database
}

function handleOf(directory: string, record: DumpRecord): BackupHandle {
  const { id, createdAt, sizeBytes, checksum } = record
  const restoreCommand = `db:restore ${id} --to NEW_NAME`
  const file = `${directory}/${id}.dump`
  return {
    id,
    provider: 'pg-dump',
    createdAt,
    sizeBytes,
    restores: 'elsewhere',
    async restore(): Promise<void> {
      const message = `The dump ${file} cannot be restored in place: a database in use would have to be emptied first.`
      throw new MigratorError('RESTORE_ELSEWHERE', message, {
        hint: `Restore it to a new database: ${restoreCommand}`,
        details: { id, file, restoreCommand },
      })
    },
    describe: () => ({
      text: `a dump of database "${record.source.database}" (${sizeText(sizeBytes ?? 0)}) in ${file}`,
      restoreCommand,
      details: { file, checksum, serverVersion: record.serverVersion, tool: record.tool?.version },
    }),
  }
}
