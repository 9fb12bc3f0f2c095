/**
 * Backups of a local database as a second database on the same server (CREATE DATABASE … TEMPLATE), put back by swapping
 * their names. Works from a maintenance database, because nobody may be connected to the one that is copied or renamed.
 */
import { MigratorError } from '../../../../errors.ts'
import type {
  BackupHandle,
  BackupScope,
  BackupWatch,
  ManagedBackupProvider,
  RestoreOccasion,
  StoredBackup,
} from '../../../../ports/backup.ts'
import type { DatabaseLocation } from '../../../../ports/location.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { dropStatement } from '../database-properties.ts'
import { backupNotFound, explained } from '../failure.ts'
import { inSession } from '../in-session.ts'
import { type Copy, findCopy, readCopies, storedOf } from './copies.ts'
import { copyDatabase } from './copy.ts'
import type { TemplateProviderOptions } from './options.ts'
import { restoreCopy } from './restore.ts'
import { swapDatabases } from './swap.ts'

/**
 * The role must be a superuser, or own the database and have CREATEDB. A backup takes as much disk as the database. The
 * copy refuses connections until it is swapped in; restoring in place keeps what it replaces as `<database>_replaced_<time>`.
 */
export function createTemplateProvider(options: TemplateProviderOptions): ManagedBackupProvider {
  const { location } = options
  const inMaintenance = <T>(work: (on: SqlSession) => Promise<T>) => inSession(() => maintenance(options), work)
  const existing = (id: string) => inMaintenance((on) => existingCopy(on, location.database, id))
  return {
    name: 'template',
    excludes: 'sessions',
    restoresInPlace: true,
    async before(scope: BackupScope, watch: BackupWatch): Promise<BackupHandle> {
      refuseRemote(location)
      const copy = await inMaintenance((on) => copyDatabase(on, options, scope, watch))
      return handleOf(options, copy, watch)
    },
    list: (): Promise<readonly StoredBackup[]> =>
      inMaintenance(async (on) => (await readCopies(on, location.database)).map(storedOf)),
    find: (id) =>
      inMaintenance(async (on) => {
        const copy = await findCopy(on, location.database, id)
        return copy && storedOf(copy)
      }),
    remove: (id) =>
      inMaintenance(async (on) => {
        const { database } = await existingCopy(on, location.database, id)
        await on.execute(dropStatement(database))
      }),
    open: async (id) => handleOf(options, await existing(id), undefined),
    restoreTo: (id, to, watch) =>
      inMaintenance(async (on) => restoreCopy(on, options, await existingCopy(on, location.database, id), to, watch)),
  }
}

function refuseRemote({ local, host }: DatabaseLocation): void {
  if (local) return
  throw new MigratorError(
    'BACKUP_UNAVAILABLE',
    `A template backup copies the whole database on its server; ${host} is not this machine, so it is not done there.`,
    { hint: 'Use --snapshot, or --backup pg-dump or tables.' },
  )
}

async function maintenance({ location, connectTo }: TemplateProviderOptions): Promise<SqlSession> {
  const [first = '', second = ''] = ['postgres', 'template1'].filter((name) => name !== location.database)
  try {
    return await connectTo(first)
  } catch (error) {
    if (!(error instanceof MigratorError && error.code === 'DATABASE_NOT_FOUND') || second === '') throw error
    return connectTo(second)
  }
}

async function existingCopy(on: SqlSession, source: string, id: string): Promise<Copy> {
  const copy = await findCopy(on, source, id)
  if (!copy) throw backupNotFound(id, 'template')
  return copy
}

function handleOf(options: TemplateProviderOptions, copy: Copy, watch: BackupWatch | undefined): BackupHandle {
  const { location } = options
  return {
    id: copy.id,
    provider: 'template',
    createdAt: copy.createdAt,
    sizeBytes: copy.sizeBytes,
    restores: 'in-place',
    async restore(occasion?: RestoreOccasion): Promise<void> {
      if (occasion?.kind === 'failed-run' && !occasion.committed) return
      const teller = occasion?.kind === 'asked' ? occasion.watch : watch
      await inSession(
        () => maintenance(options),
        async (on) => {
          const existing = await existingCopy(on, location.database, copy.id)
          await swapDatabases(on, options, existing, teller)
        },
      ).catch((error: unknown) => {
        throw explained(
          'RESTORE_FAILED',
          `Database "${location.database}" was not replaced by "${copy.database}"`,
          error,
        )
      })
    },
    describe: () => ({
      text: `a copy of database "${location.database}" as "${copy.database}" on the same server`,
      restoreCommand: `db:restore ${copy.id} --to NEW_NAME`,
      details: { database: copy.database, restoreInPlace: `db:restore ${copy.id} --in-place` },
    }),
  }
}
