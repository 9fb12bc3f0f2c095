/**
 * Backups by RDS itself: snapshots of a DB instance or of an Aurora cluster. The only room that knows AWS; its SDK is
 * loaded when a call needs it, and every client is closed when the call is done. It must not know the commands, the run,
 * or the environment.
 */
import { checkOptions } from '../../core/options.ts'
import type { ManagedBackupProvider } from '../../ports/backup.ts'
import { createBackup } from './before.ts'
import { readEndpoint } from './endpoint.ts'
import { findBackup, listBackups, openBackup, removeBackup } from './list.ts'
import { RDS_OPTIONS, type RdsProviderOptions } from './options.ts'
import { restoreToNewPlace } from './restore.ts'

export type { RdsProviderOptions } from './options.ts'

/**
 * The provider for RDS and Aurora. What is backed up depends on the source: an instance by a DB snapshot, a cluster (also
 * when one of its members is named) by a DB cluster snapshot. Nothing is restored in place: AWS restores to new instances.
 *
 * Creating it calls nothing and loads no SDK; it throws USAGE_INVALID for an option that can't have its value. Its methods reject with BACKUP_UNAVAILABLE without the SDK, with
 * AWS_* for what AWS refuses, each before anything was made; `before` with BACKUP_FAILED or BACKUP_TIMEOUT when the
 * snapshot was begun and then failed or took too long: `details.backup` names it.
 */
export function createRdsProvider(options: RdsProviderOptions): ManagedBackupProvider {
  checkOptions('createRdsProvider()', options, RDS_OPTIONS)
  const name = options.name === 'auto' ? nameByHost(options) : options.name
  const settled = { ...options, name }
  return {
    name,
    restoresInPlace: false,
    before: (scope, watch) => createBackup(settled, scope, watch),
    list: () => listBackups(settled),
    find: (id) => findBackup(settled, id),
    remove: (id) => removeBackup(settled, id),
    open: (id) => openBackup(settled, id),
    restoreTo: (id, to, watch) => restoreToNewPlace(settled, id, to, watch),
  }
}

function nameByHost({ host, cluster }: RdsProviderOptions): 'rds' | 'aurora' {
  const { kind } = readEndpoint(host)
  return cluster !== undefined || kind === 'writer' || kind === 'reader' || kind === 'custom' ? 'aurora' : 'rds'
}
