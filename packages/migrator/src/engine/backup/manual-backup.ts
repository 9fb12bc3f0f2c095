import type { BackupProvider, BackupRecord, BackupStore } from '../../ports/backup.ts'
import type { Session } from '../../ports/session.ts'
import { withRunSession, withSession } from '../run/begin.ts'
import { type Context, emit, reportError } from '../run/context.ts'
import { createBackups, type TakenBackup } from './take.ts'

/**
 * Takes a backup that no run follows. Takes no run lock: migrations may go on, and the provider says of which moment the
 * backup is. Recorded where the database has the table; creates nothing in it.
 */
export async function takeBackup(
  context: Context,
  provider: BackupProvider,
  reason: string | undefined,
): Promise<TakenBackup> {
  const scope = { kind: 'run', operation: 'manual', steps: [] } as const
  if (provider.excludes === 'sessions') {
    const backups = createBackups(context, provider, reason, () => undefined)
    const taken = await backups.take(scope)
    await withSession(context, (session) => backups.keepRecords(session))
    return taken
  }
  return withRunSession(context, (session) => createBackups(context, provider, reason, () => session).take(scope))
}

/** What the database has on record about its backups; undefined where it can't be asked, as in the middle of an incident. */
export async function backupsOnRecord(context: Context, limit: number): Promise<readonly BackupRecord[] | undefined> {
  return withStore(context, (store, session) => store.read(session, limit))
}

/** Notes what became of a backup, where it is on record and the database can be reached. */
export async function amendRecord(context: Context, id: string, state: BackupRecord['state']): Promise<void> {
  await withStore(context, async (store, session) => {
    for (const record of await store.read(session, 1_000)) {
      if (record.id === id)
        await store.record(session, { ...record, state, finishedAt: context.clock.now().toISOString() })
    }
  })
}

async function withStore<T>(
  context: Context,
  work: (store: BackupStore, session: Session) => Promise<T>,
): Promise<T | undefined> {
  const { backupStore } = context.database
  if (!backupStore) return undefined
  try {
    return await withSession(context, (session) => work(backupStore, session))
  } catch (error) {
    const message = `The backup records cannot be read: ${reportError(error).message}`
    emit(context, { kind: 'warning', level: 'warn', message })
    return undefined
  }
}
