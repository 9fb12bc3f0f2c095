import { type MigrationStatus, reconcile } from '../../core/reconcile.ts'
import { MigratorError } from '../../errors.ts'
import type { RunLock } from '../../ports/run-lock.ts'
import type { StepSession } from '../../ports/step.ts'
import type { ApprovalGate } from '../backup/approval-gate.ts'
import { type Context, emit, interrupted, type MigrationSet, type RunOptions } from './context.ts'
import { lateSession } from './late-session.ts'
import { prepareHistory } from './objection.ts'
import { recoverEntry } from './recover.ts'
import { dirtyFound, dirtyIn, planOfRecovery } from './recoveries.ts'
import type { ReadyStep, Run } from './types.ts'

/** Reads the history and puts every migration into one state. */
export async function readStatuses(
  context: Context,
  on: StepSession,
  set: MigrationSet,
): Promise<readonly MigrationStatus[]> {
  return reconcile(set.files, await context.store.read(on))
}

/** A session for as long as `work` lasts, which an interruption ends: for what may be abandoned anywhere. */
export function withSession<T>(context: Context, work: (session: StepSession) => Promise<T>): Promise<T> {
  return withRunSession(context, (session) => interruptibly(context, session, () => work(session)))
}

/** An interruption cancels what the session waits for; the work then rejects with INTERRUPTED. */
export function interruptibly<T>({ signal }: Context, session: StepSession, work: () => Promise<T>): Promise<T> {
  return interruptedBy(signal, session, work)
}

/** The same, by any signal. */
export async function interruptedBy<T>(signal: AbortSignal, session: StepSession, work: () => Promise<T>): Promise<T> {
  const cancel = () => void session.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    return await work()
  } catch (error) {
    throw signal.aborted && !(error instanceof MigratorError && error.code === 'INTERRUPTED')
      ? interrupted(error)
      : error
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** A session for as long as a run lasts: what an interruption may cancel there depends on the step. */
export async function withRunSession<T>(context: Context, work: (session: StepSession) => Promise<T>): Promise<T> {
  const session = await context.database.connect({ modules: false })
  try {
    return await work(session)
  } catch (error) {
    if (session.isLost && isUnsettled(error)) await endOnServer(context, session)
    throw error
  } finally {
    await session.close()
  }
}

/** A loss outside any step, as while rows are counted; that of a step has an outcome, and its session has been ended. */
function isUnsettled(error: unknown): boolean {
  return error instanceof MigratorError && error.code === 'CONNECTION_LOST' && error.details.outcome === undefined
}

/** Behind a pooler a lost session may stay in its transaction for ever. The loss is reported, whether this succeeds or not. */
async function endOnServer(context: Context, lost: StepSession): Promise<void> {
  const session = await context.database.replace(lost, { modules: false }).catch(() => undefined)
  await session?.close()
}

/** A run under its lock; its number follows those of the history that was read under the same lock. */
export async function createRun(
  context: Context,
  options: RunOptions,
  lock: RunLock,
  session: StepSession,
  statuses: readonly MigrationStatus[],
  beforeStep?: (step: ReadyStep) => Promise<void>,
): Promise<Run> {
  const batch = Math.max(0, ...statuses.map(({ entry }) => entry?.batch ?? 0)) + 1
  const beside = lateSession(context.database)
  const run: Run = {
    context,
    options,
    lock,
    session,
    records: beside,
    observer: beside,
    batch,
    recorded: new Set(statuses.flatMap(({ id, entry }) => (entry ? [id] : []))),
    operator: await context.operator(),
    total: 0,
    lockLost: false,
    beforeStep,
  }
  watchLock(run)
  return run
}

/** Losing the lock stops what is running; before each commit the server is asked again. */
function watchLock(run: Run): void {
  void run.lock.lost.then(() => {
    run.lockLost = true
    return run.session.cancel()
  })
}

/**
 * Finds dirty migrations and recovers them, the newest first, once that is agreed to and backed up; stops with
 * MIGRATION_DIRTY where that was asked for.
 */
export async function recoverDirty(
  run: Run,
  statuses: readonly MigrationStatus[],
  gate: ApprovalGate,
): Promise<readonly string[]> {
  const dirty = dirtyIn(statuses)
  if (dirty.length === 0) return []
  const versions = dirty.map(({ id }) => id)
  emit(run.context, { kind: 'dirty-found', level: 'warn', message: 'Found migrations in dirty state', versions })
  if (run.options.dirty === 'stop') throw dirtyFound(dirty)
  const plan = planOfRecovery(dirty)
  await gate.pass({ plan, destructive: [] }, plan.steps)
  await run.records()
  await prepareHistory(run.context, run.session)
  for (const { entry, file } of dirty) await recoverEntry(run, entry, file)
  return versions
}

/** Records the schema's fingerprint with the newest applied migration, for comparing later, and returns it. */
export async function recordFingerprint(run: Run, newest: string | undefined): Promise<string> {
  const { store, database } = run.context
  const fingerprint = await database.catalog.fingerprint(run.session)
  if (newest !== undefined) await store.record(run.session, { kind: 'fingerprinted', id: newest, fingerprint })
  return fingerprint
}
