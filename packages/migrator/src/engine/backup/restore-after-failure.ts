import { MigratorError } from '../../errors.ts'
import type { Session } from '../../ports/session.ts'
import { type Context, emit, reportError } from '../run/context.ts'
import type { StepResult } from '../run/types.ts'
import type { Backups, TakenBackup } from './take.ts'

/** A run that ended early. `committed`: something of it was committed, or its outcome is unknown. */
export interface FailedRun {
  readonly direction: 'up' | 'down'
  readonly results: readonly StepResult[]
  /** Dirty migrations that it had rolled back before. */
  readonly recovered: readonly string[]
  readonly committed: boolean
  readonly error: MigratorError
}

/**
 * After the logical rollback of a failed run: puts its backups back, the newest first, where the provider may do that in
 * place, and names the command where it may not. Nothing is put back when the run was interrupted or lost its lock
 * (somebody else may be at work), or when some of what it did stays (`--on-failure stop`, a `down` that failed, a recovery):
 * the history then says which, and a person decides.
 * Resolves with the error, with the backups in it.
 */
export async function restoreAfterFailure(
  context: Context,
  backups: Backups,
  failed: FailedRun,
  run?: { readonly session: Session },
): Promise<MigratorError> {
  const { error, committed } = failed
  const undecided = LEFT_TO_PEOPLE.has(error.code) || error.details.rollbackError !== undefined || keepsSteps(failed)
  let stopped: { readonly backup: TakenBackup; readonly cause: unknown } | undefined
  for (const backup of backups.taken.toReversed()) {
    if (undecided || stopped || backup.handle.restores === 'elsewhere') {
      name(context, backup)
      continue
    }
    try {
      await backup.handle.restore({ kind: 'failed-run', committed })
    } catch (cause) {
      stopped = { backup, cause }
      continue
    }
    emit(context, {
      kind: committed ? 'backup-restored' : 'notice',
      level: committed ? 'warn' : 'info',
      message: toldOf(backup, committed),
      details: detailsOf(backup),
    })
    if (committed && run) await backups.amend(backup, { state: 'restored' }, run.session)
  }
  const told = withBackups(error, backups.taken)
  return stopped ? withRestoreError(told, stopped.backup, stopped.cause) : told
}

/** What stops a run after its backup was taken, a recovery that failed for instance, carries the backup's name too. */
export async function namingBackups<T>(
  context: Context,
  backups: Backups | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MigratorError) || !backups || backups.taken.length === 0) throw error
    for (const backup of backups.taken.toReversed()) name(context, backup)
    throw withBackups(error, backups.taken)
  }
}

const LEFT_TO_PEOPLE = new Set<string>(['INTERRUPTED', 'LOCK_LOST', 'CONNECTION_LOST'])

/** Steps that are committed and stay, as the history says: what was there before the run would not fit them. */
function keepsSteps({ direction, results, recovered }: FailedRun): boolean {
  return recovered.length > 0 || results.some(({ status }) => status === (direction === 'up' ? 'applied' : 'reverted'))
}

function toldOf({ handle }: TakenBackup, committed: boolean): string {
  return committed
    ? `The backup ${handle.id} (${handle.provider}) was restored`
    : `The failed run left nothing committed; the backup ${handle.id} (${handle.provider}) is kept`
}

function name(context: Context, backup: TakenBackup): void {
  const command = backup.record.restoreCommand
  emit(context, {
    kind: 'warning',
    level: 'warn',
    message: `The backup ${backup.handle.id} (${backup.handle.provider}) was taken before this run${command ? `. To restore it: ${command}` : ''}`,
    details: detailsOf(backup),
  })
}

function detailsOf({ handle, record }: TakenBackup): Readonly<Record<string, unknown>> {
  return { backup: handle.id, provider: handle.provider, restoreCommand: record.restoreCommand }
}

function withBackups(error: MigratorError, taken: readonly TakenBackup[]): MigratorError {
  const backups = taken.map(detailsOf)
  const commands = taken.flatMap(({ handle, record }) =>
    handle.restores === 'elsewhere' && record.restoreCommand ? [record.restoreCommand] : [],
  )
  const hint = commands.length > 0 ? `${error.hint} The state before this run: ${commands.join('; ')}` : error.hint
  return new MigratorError(error.code, error.message, { cause: error, hint, details: { ...error.details, backups } })
}

function withRestoreError(error: MigratorError, backup: TakenBackup, cause: unknown): MigratorError {
  const restoreError = reportError(cause)
  const message = `${error.message}\nRestoring the backup ${backup.handle.id} (${backup.handle.provider}) failed as well: ${restoreError.message}`
  const command = backup.record.restoreCommand
  return new MigratorError(error.code, message, {
    cause,
    hint: command ? `Restore it by hand: ${command}` : error.hint,
    details: { ...error.details, restoreError },
  })
}
