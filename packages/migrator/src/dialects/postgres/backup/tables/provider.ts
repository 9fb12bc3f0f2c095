/**
 * Backups of the tables that the steps touch, and of no others, as copies in an archive schema of the same database; put
 * back by one transaction. Structure belongs to the migrations: what comes back is rows, and whole tables that are gone.
 */

import { DEFAULT_ARCHIVE_SCHEMA } from '../../../../core/archive-schemas.ts'
import { countText, sizeText } from '../../../../core/figures.ts'
import type {
  BackupHandle,
  BackupScope,
  BackupWatch,
  ManagedBackupProvider,
  RestoreOccasion,
} from '../../../../ports/backup.ts'
import { backupNotFound, explained } from '../failure.ts'
import { inSession } from '../in-session.ts'
import { type ArchivedBackup, readAllBackups, removeBackup, storedOf } from './archive.ts'
import { backUpTables } from './back-up.ts'
import type { TablesProviderOptions, TablesSettings } from './options.ts'
import { putBack } from './put-back.ts'
import { restoreBeside } from './restore-beside.ts'

/**
 * All copies are of one moment. The role must be allowed to read the tables whole (row security is never applied silently)
 * and to create in the archive schema; putting back takes the owner of the tables and of those that refer to them.
 */
export function createTablesProvider(options: TablesProviderOptions): ManagedBackupProvider {
  const settings: TablesSettings = {
    ...options,
    schema: options.schema ?? DEFAULT_ARCHIVE_SCHEMA,
    leaveOut: options.leaveOut ?? [],
    lockTimeoutMs: options.lockTimeoutMs ?? 10_000,
  }
  const { connect, schema } = settings
  const backups = () => inSession(connect, (on) => readAllBackups(on, schema))
  const find = async (id: string) => (await backups()).find((backup) => backup.id === id)
  const existing = async (id: string) => {
    const backup = await find(id)
    if (!backup) throw backupNotFound(id, 'tables')
    return backup
  }
  return {
    name: 'tables',
    restoresInPlace: true,
    async before(scope: BackupScope, watch: BackupWatch): Promise<BackupHandle> {
      const backup = await inSession(connect, (on) => backUpTables(on, settings, scope, watch))
      return handleOf(settings, backup, watch)
    },
    list: async () => (await backups()).map(storedOf),
    async find(id) {
      const backup = await find(id)
      return backup && storedOf(backup)
    },
    async remove(id) {
      const backup = await existing(id)
      await inSession(connect, (on) => removeBackup(on, schema, backup))
    },
    open: async (id) => handleOf(settings, await existing(id), undefined),
    async restoreTo(id, to, watch) {
      const backup = await existing(id)
      return inSession(connect, (on) => restoreBeside(on, settings, backup, to, watch))
    },
  }
}

function handleOf(settings: TablesSettings, backup: ArchivedBackup, watch: BackupWatch | undefined): BackupHandle {
  const { id, createdAt, sizeBytes, tables } = backup
  const rows = tables.reduce((sum, { rowCount }) => sum + rowCount, 0)
  const what =
    tables.length === 0
      ? 'no copies: none of the tables that the steps touch existed yet'
      : `copies of ${namesOf(backup)}`
  return {
    id,
    provider: 'tables',
    createdAt,
    sizeBytes,
    restores: 'in-place',
    async restore(occasion: RestoreOccasion = { kind: 'asked' }): Promise<void> {
      if (occasion.kind === 'failed-run' && !occasion.committed) return
      const teller = occasion.kind === 'asked' ? occasion.watch : watch
      await inSession(settings.connect, (on) => putBack(on, settings, backup, occasion.kind, teller)).catch(
        (error: unknown) => {
          teller?.signal.throwIfAborted()
          throw explained('RESTORE_FAILED', `Backup ${id} was not restored`, error, { id })
        },
      )
    },
    describe: () => ({
      text: `${what} (${countText(rows)} rows, ${sizeText(sizeBytes)}) in schema ${settings.schema}`,
      restoreCommand: `db:restore ${id} --to NEW_NAME`,
      details: {
        schema: settings.schema,
        tables: tables.map(({ schema, table, copy, rowCount }) => ({
          table: `${schema}.${table}`,
          copy,
          rows: rowCount,
        })),
        restoreInPlace: `db:restore ${id} --in-place`,
      },
    }),
  }
}

function namesOf({ tables }: ArchivedBackup): string {
  const names = tables.map(({ schema, table }) => `${schema}.${table}`)
  return names.length > 5 ? `${names.slice(0, 4).join(', ')} and ${names.length - 4} more tables` : names.join(', ')
}
