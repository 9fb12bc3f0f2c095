import { MigratorError } from '../../errors.ts'
import type { BackupHandle, BackupProvider, BackupRecord, BackupScope } from '../../ports/backup.ts'
import type { Session } from '../../ports/session.ts'
import { type Context, emit, interrupted, reportError } from '../run/context.ts'
import type { ReadyStep } from '../run/types.ts'

/** A backup that a run has taken, with what is on record about it. */
export interface TakenBackup {
  readonly handle: BackupHandle
  readonly record: BackupRecord
}

/** What a run keeps of its backups. */
export interface Backups {
  readonly provider: BackupProvider
  /** The oldest first. */
  readonly taken: readonly TakenBackup[]
  /** Rejects before any change: BACKUP_FAILED, INTERRUPTED, or what the provider says. */
  take(scope: ScopeOfRun): Promise<TakenBackup>
  /** Records what could not be recorded before the store was prepared, or while no session was allowed. */
  keepRecords(on: Session): Promise<void>
  /** Changes what is on record about a backup. */
  amend(backup: TakenBackup, change: Partial<BackupRecord>, on: Session): Promise<void>
}

export type ScopeOfRun = Pick<BackupScope, 'kind' | 'operation'> & { readonly steps: readonly ReadyStep[] }

/** `session`: where records go at once; without one they wait for `keepRecords`. */
export function createBackups(
  context: Context,
  provider: BackupProvider,
  reason: string | undefined,
  session: () => Session | undefined,
): Backups {
  const taken: TakenBackup[] = []
  const waiting = new Map<string, BackupRecord>()
  return {
    provider,
    taken,
    async take({ kind, operation, steps }) {
      const scope: BackupScope = {
        kind,
        operation,
        runId: context.runId,
        steps: steps.map(describeStep),
        database: context.database.location,
        operator: await context.operator(),
        reason,
        askedAt: context.clock.now(),
      }
      const backup = await takeOne(context, provider, scope, note)
      taken.push(backup)
      return backup
    },
    async keepRecords(on) {
      for (const record of waiting.values()) await context.database.backupStore?.record(on, record)
      waiting.clear()
    },
    async amend(backup, change, on) {
      await context.database.backupStore?.record(on, { ...backup.record, ...change })
    },
  }

  async function note(record: BackupRecord): Promise<void> {
    waiting.set(record.id, record)
    const on = session()
    if (on && (await context.database.backupStore?.record(on, record)) === 'recorded') waiting.delete(record.id)
  }
}

function describeStep({ id, direction, migration }: ReadyStep): BackupScope['steps'][number] {
  const action = direction === 'up' ? migration?.up : migration?.down
  const source = migration?.sources.map(({ content }) => content).join('\n')
  return { id, direction, ...(action?.kind === 'sql' ? { sql: action.sql } : {}), source }
}

async function takeOne(
  context: Context,
  provider: BackupProvider,
  scope: BackupScope,
  note: (record: BackupRecord) => Promise<void>,
): Promise<TakenBackup> {
  const { clock, signal } = context
  const started = clock.monotonicMs()
  let record: BackupRecord | undefined
  const what = scope.kind === 'run' ? '' : ` for ${scope.steps[0]?.id}`
  emit(context, { kind: 'backup-started', level: 'info', message: `Taking a backup${what}: ${provider.name}` })
  try {
    const handle = await provider.before(scope, {
      signal,
      async began({ id, details }) {
        record = recordOf(scope, { id, provider: provider.name, createdAt: clock.now().toISOString() }, details)
        await note(record)
      },
      progress: ({ message, percent, elapsedMs }) =>
        emit(context, {
          kind: 'backup-progress',
          level: 'debug',
          message,
          durationMs: elapsedMs,
          details: { percent },
        }),
    })
    record = finished(context, scope, handle, record)
    await note(record)
    tellTaken(context, scope, handle, record, clock.monotonicMs() - started)
    return { handle, record }
  } catch (cause) {
    throw await failed(context, provider, record, cause, note)
  }
}

function recordOf(
  scope: BackupScope,
  known: Pick<BackupRecord, 'id' | 'provider' | 'createdAt'>,
  details: BackupRecord['details'],
): BackupRecord {
  return {
    ...known,
    runId: scope.runId,
    operation: scope.operation,
    migration: scope.kind === 'migration' ? scope.steps[0]?.id : undefined,
    state: 'creating',
    reason: scope.reason,
    details: { ...details, migrations: scope.steps.map(({ id }) => id) },
  }
}

function finished(
  { clock }: Context,
  scope: BackupScope,
  handle: BackupHandle,
  begun: BackupRecord | undefined,
): BackupRecord {
  const description = handle.describe?.()
  const record = begun ?? recordOf(scope, handle, undefined)
  const waited = handle.state !== 'creating'
  return {
    ...record,
    id: handle.id,
    provider: handle.provider,
    createdAt: handle.createdAt,
    state: waited ? 'available' : 'creating',
    finishedAt: waited ? clock.now().toISOString() : undefined,
    sizeBytes: handle.sizeBytes,
    restoreCommand: description?.restoreCommand,
    details: { ...record.details, ...description?.details, ...(waited ? {} : { waited: false }) },
  }
}

function tellTaken(
  context: Context,
  scope: BackupScope,
  handle: BackupHandle,
  record: BackupRecord,
  durationMs: number,
): void {
  const begun = record.state === 'creating' ? ' was started; nothing waits for it' : ' is taken'
  emit(context, {
    kind: 'backup-taken',
    level: 'info',
    version: record.migration,
    message: `Backup ${handle.id} (${handle.provider})${begun}`,
    durationMs,
    reason: scope.reason,
    details: {
      backup: handle.id,
      provider: handle.provider,
      sizeBytes: handle.sizeBytes,
      restoreCommand: record.restoreCommand,
    },
  })
}

/** The failure, with what is on record about the backup corrected; recording it must not hide why it failed. */
async function failed(
  context: Context,
  provider: BackupProvider,
  record: BackupRecord | undefined,
  cause: unknown,
  note: (record: BackupRecord) => Promise<void>,
): Promise<MigratorError> {
  const error = asBackupFailure(context, provider, record, cause)
  const state = error.code === 'INTERRUPTED' ? 'interrupted' : 'failed'
  const said = { ...record?.details, error: reportError(error).message }
  if (record)
    await note({ ...record, state, finishedAt: context.clock.now().toISOString(), details: said }).catch(
      () => undefined,
    )
  emit(context, {
    kind: 'backup-failed',
    level: 'error',
    message: `The backup (${provider.name}) ${state === 'failed' ? 'failed' : 'was interrupted'}; nothing was changed`,
    error: reportError(error),
  })
  return error
}

function asBackupFailure(
  { signal }: Context,
  provider: BackupProvider,
  record: BackupRecord | undefined,
  cause: unknown,
): MigratorError {
  const backup = record ? { backup: { id: record.id, provider: record.provider } } : {}
  if (cause instanceof MigratorError) {
    return new MigratorError(cause.code, cause.message, {
      cause,
      hint: cause.hint,
      details: { ...cause.details, ...backup },
    })
  }
  if (signal.aborted) return new MigratorError('INTERRUPTED', interrupted().message, { cause, details: backup })
  const message = `The backup by "${provider.name}" failed: ${reportError(cause).message}`
  return new MigratorError('BACKUP_FAILED', message, { cause, details: backup })
}

/**
 * Tells of backups that an earlier run was still waiting for when it ended, once for each. Called under the run lock, so
 * no such run is alive.
 */
export async function explainUnfinished(context: Context, on: Session): Promise<void> {
  const { database, runId, clock } = context
  for (const record of (await database.backupStore?.read(on, 100)) ?? []) {
    // A standalone backup holds no run lock and may still be waiting for it.
    if (record.operation === 'manual') continue
    if (record.state !== 'creating' || record.runId === runId || record.details?.waited === false) continue
    const migrations = (record.details?.migrations as readonly string[] | undefined)?.join(', ') ?? ''
    emit(context, {
      kind: 'warning',
      level: 'warn',
      message: `Run ${record.runId} ended while it waited for the backup ${record.id} (${record.provider}), before it changed anything${migrations === '' ? '' : ` of ${migrations}`}. db:snapshot list shows the backup's state. A database restored from that backup reports the same.`,
      details: { backup: record.id, provider: record.provider, interruptedRun: record.runId },
    })
    await database.backupStore?.record(on, { ...record, state: 'interrupted', finishedAt: clock.now().toISOString() })
  }
}
