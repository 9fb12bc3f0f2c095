import { type Plan, recordDroppedNotice, type Step } from '../../core/plan.ts'
import { plural } from '../../core/plural.ts'
import type { MigrationStatus } from '../../core/reconcile.ts'
import type { MigratorError } from '../../errors.ts'
import type { BackupProvider } from '../../ports/backup.ts'
import type { RunLock } from '../../ports/run-lock.ts'
import type { ScriptLanguage } from '../../ports/script-language.ts'
import type { StepSession } from '../../ports/step.ts'
import { isDestructiveAction } from '../../safety/destructive.ts'
import { type Agreed, agreedBefore, createApprovalGate, withBackupMode } from '../backup/approval-gate.ts'
import { namingBackups, restoreAfterFailure } from '../backup/restore-after-failure.ts'
import { type Backups, createBackups, explainUnfinished } from '../backup/take.ts'
import { readStates } from '../history/states.ts'
import { dataToKeep, keptDataOf, withKeptData } from '../loss/keep.ts'
import {
  createRun,
  interruptibly,
  readStatuses,
  recordFingerprint,
  recoverDirty,
  withRunSession,
  withSession,
} from './begin.ts'
import { compensate } from './compensate.ts'
import { type Context, emit, reportError } from './context.ts'
import { withRunLock } from './lock.ts'
import { prepareHistory } from './objection.ts'
import { isConnectionLost } from './outcome.ts'
import { prepareSteps, refusePlan } from './prepare.ts'
import { recoverEntry } from './recover.ts'
import { dirtyFound, dirtyIn, planAfter, planOfRecovery, planRun } from './recoveries.ts'
import { isUnrecorded, recordReplacements } from './replaced.ts'
import type { RunReport } from './report.ts'
import { operationOf, type Proposal, type RunKind } from './run-kind.ts'
import { runSteps, transactionMode } from './steps.ts'
import type { ReadyStep, Run, StepResult } from './types.ts'

/**
 * Plans, agrees, backs up, and runs: under the run lock the history is read anew, dirty migrations are recovered, and the
 * very plan that was agreed to is carried out. Nothing is created or changed before `approve` has resolved and the backup
 * that was asked for is taken. A failed step is a result; what is refused rejects.
 */
export async function execute(context: Context, asked: RunKind): Promise<RunReport> {
  return tellingRefusals(context, async () => {
    const runKind = withBackupMode(asked)
    const { backup, reason } = runKind.options
    if (backup?.excludes === 'sessions') return executeAround(context, runKind, backup)
    const session: { current?: StepSession } = {}
    const backups = backup && createBackups(context, backup, reason, () => session.current)
    return walk(context, runKind, backups, session)
  })
}

/**
 * The backup wants the database without sessions: it is taken before the lock is, and put back after it. What was agreed to
 * beforehand must still be what runs.
 */
async function executeAround(context: Context, runKind: RunKind, provider: BackupProvider): Promise<RunReport> {
  const backups = createBackups(context, provider, runKind.options.reason, () => undefined)
  const agreed = await withSession(context, (session) => agree(context, runKind, session))
  if (agreed.steps.length > 0) {
    await endSessions(context)
    await backups.take({ kind: 'run', operation: operationOf(runKind), steps: agreed.steps })
  }
  const report = await walk(context, agreedBefore(runKind, agreed), backups, {})
  if (!report.error) return report
  await endSessions(context)
  const failed = { ...report, error: report.error }
  return { ...report, error: await restoreAfterFailure(context, backups, failed) }
}

/** Everything that has a session of its own, the log too, is done with it first. */
async function endSessions({ events, database }: Context): Promise<void> {
  await events.flush()
  await database.close()
}

async function agree(context: Context, runKind: RunKind, session: StepSession): Promise<Agreed> {
  runKind.refuse()
  const statuses = await readStates(context, session, runKind.set.files)
  const { plan, recoveries, after } = planRun(runKind, statuses)
  refusePlan(plan)
  await prepareSteps(context, session, ahead(runKind, after))
  if (recoveries.length > 0 && runKind.options.dirty === 'stop') throw dirtyFound(recoveries)
  const steps = await prepareSteps(
    context,
    session,
    plan.steps.filter(({ by }) => by !== 'recovery'),
    runKind.onUnusableArchive,
  )
  const dirty = dirtyIn(statuses)
  const proposal = await proposalOf(context, runKind, plan, steps)
  const before = planOfRecovery(recoveries)
  if (before.steps.length > 0) await runKind.approve({ plan: before, destructive: [] })
  if (plan.steps.length > 0) await runKind.approve(proposal)
  const recovery = [...before.steps, ...toRecover(plan)]
  return { plan, steps: [...recovery, ...steps], dirty: dirty.map(({ id }) => id), loss: proposal.loss ?? [] }
}

async function walk(
  context: Context,
  runKind: RunKind,
  backups: Backups | undefined,
  current: { current?: StepSession },
): Promise<RunReport> {
  const started = context.clock.monotonicMs()
  return withRunSession(context, async (session) => {
    current.current = session
    runKind.refuse()
    const statuses = await interruptibly(context, session, () => readStates(context, session, runKind.set.files))
    const { plan, after } = planRun(runKind, statuses)
    refusePlan(plan)
    const due = runKind.direction === 'up' && statuses.some(isUnrecorded)
    if (plan.steps.length === 0 && dirtyIn(statuses).length === 0 && !due) {
      return report(context, plan, { started, results: [], recovered: [], statuses })
    }
    // Asked of git while there is still to wait for the lock.
    void context.operator()
    await prepareSteps(context, session, ahead(runKind, after))
    return withRunLock(context, session, runKind.options.lockWaitMs, (lock, live) => {
      current.current = live
      return namingBackups(context, backups, () =>
        underLock(context, runKind, { lock, session: live, started, backups }),
      )
    })
  })
}

/** What is refused is kept in the logs too, one line for each problem. */
async function tellingRefusals<T>(context: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const report = reportError(error)
    const problems = (report.problems ?? [report]) as readonly { message: string; id?: string }[]
    for (const { id, message } of problems)
      emit(context, { kind: 'refused', level: 'error', version: id, message, error: report })
    throw error
  }
}

export function ahead(runKind: RunKind, statuses: readonly MigrationStatus[]): readonly ReadyStep[] {
  return runKind.alsoLoad(statuses).map((file) => ({ id: file.id, direction: runKind.direction, by: 'file', file }))
}

async function underLock(
  context: Context,
  runKind: RunKind,
  {
    lock,
    session,
    started,
    backups,
  }: { lock: RunLock; session: StepSession; started: number; backups: Backups | undefined },
): Promise<RunReport> {
  const [first, waiting] = await interruptibly(context, session, () =>
    Promise.all([readStatuses(context, session, runKind.set), dataToKeep(context, session, runKind)]),
  )
  await explainUnfinished(context, session)
  const gate = createApprovalGate(runKind, backups)
  const run = await createRun(context, runKind.options, lock, session, first, gate.passStep)
  const recovered = runKind.direction === 'up' ? await recoverDirty(run, first, gate) : []
  const statuses = recovered.length > 0 ? await readStatuses(context, session, runKind.set) : first
  const planned = planAfter(recovered, runKind, statuses)
  refusePlan(planned)
  const prepared = await prepareSteps(
    context,
    session,
    planned.steps.filter(({ by }) => by !== 'recovery'),
    runKind.onUnusableArchive,
  )
  const steps = withKeptData(prepared, waiting)
  const plan = withDroppedRecords(planned, steps)
  if (plan.steps.length === 0) {
    await recordReplacements(run, statuses)
    return report(context, plan, { started, results: [], recovered, statuses })
  }
  transactionMode(runKind.options, steps, context.database)
  const proposal = await proposalOf(context, runKind, plan, steps)
  await gate.pass(proposal, [...steps, ...toRecover(plan)])
  await prepareHistory(context, session)
  await recordReplacements(run, statuses)
  await backups?.keepRecords(session)
  const before = await recoverSteps(run, plan)
  const outcome = await carryOut(Object.assign(run, { total: steps.length }), steps, runKind, statuses)
  const ended = report(context, plan, {
    started,
    recovered,
    ...outcome,
    results: [...before, ...outcome.results],
    loss: proposal.loss,
    keptData: keptDataOf(outcome.results),
    backups: backups?.taken ?? [],
  })
  // A provider that wants the database to itself has its turn when the lock is gone.
  if (!ended.error || !backups || backups.provider.excludes === 'sessions') return ended
  return { ...ended, error: await restoreAfterFailure(context, backups, { ...ended, error: ended.error }, run) }
}

async function proposalOf(
  { database }: Context,
  runKind: RunKind,
  plan: Plan,
  steps: readonly ReadyStep[],
): Promise<Proposal> {
  const destructive = plan.direction === 'up' ? await destructiveIn(database.script, steps) : steps.map(({ id }) => id)
  return { plan, destructive, loss: await runKind.assess?.(steps) }
}

/** Dirty migrations that a rollback rolls back on its way; what they run is in their files. */
function toRecover({ steps }: Plan): readonly ReadyStep[] {
  return steps.filter(({ by }) => by === 'recovery')
}

/** Steps whose archived source turned out unusable, and that --force lets go, are shown as what they are. */
export function withDroppedRecords(plan: Plan, ready: readonly ReadyStep[]): Plan {
  const dropped = new Set(ready.flatMap(({ id, by }) => (by === 'record' ? [id] : [])))
  const fresh = plan.steps.filter(({ id, by }) => by === 'archive' && dropped.has(id))
  if (fresh.length === 0) return plan
  const steps = plan.steps.map((step): Step => (dropped.has(step.id) ? { ...step, by: 'record' } : step))
  const kept = plan.notices.filter((notice) => !fresh.some(({ id }) => notice.startsWith(`${id}:`)))
  return { ...plan, steps, notices: [...kept, ...fresh.map(({ id }) => recordDroppedNotice(id))] }
}

/** On the way down a dirty migration is a step like the others: its recovery rolls it back. */
async function recoverSteps(run: Run, { steps }: Plan): Promise<readonly StepResult[]> {
  const results: StepResult[] = []
  for (const step of steps) {
    if (step.by !== 'recovery' || !step.entry) continue
    const started = run.context.clock.monotonicMs()
    await run.records()
    await recoverEntry(run, step.entry, step.file)
    results.push({ step, status: 'reverted', durationMs: run.context.clock.monotonicMs() - started })
  }
  return results
}

interface Outcome {
  readonly committed: boolean
  readonly results: readonly StepResult[]
  /** Where every migration stands afterwards. */
  readonly statuses?: readonly MigrationStatus[]
  /** The schema's, when all went well. */
  readonly fingerprint?: string
  readonly error?: MigratorError
}

async function carryOut(
  run: Run,
  steps: readonly ReadyStep[],
  runKind: RunKind,
  statuses: readonly MigrationStatus[],
): Promise<Outcome> {
  if (steps.length === 0) return { results: [], committed: false }
  const { context } = run
  const versions = steps.map(({ id }) => id)
  await openSessions(run, steps)
  const verb = runKind.direction === 'up' ? 'Applying' : 'Rolling back'
  emit(context, {
    kind: 'run-started',
    level: 'info',
    message: `${verb} ${plural(versions.length, 'migration', 'migrations')}`,
    versions,
    direction: runKind.direction,
    reason: run.options.reason,
  })
  const mode = transactionMode(run.options, steps, run.context.database)
  const first = await runSteps(run, steps)
  const outcome = first.error && runKind.direction === 'up' ? await compensate(run, steps, first) : first
  const after = outcome.error
    ? undefined
    : await takeStock(run, runKind, newestAfter(runKind.direction, steps, statuses))
  const ended = outcome.error
    ? ({ kind: 'run-failed', level: 'error', message: 'The run failed', error: reportError(outcome.error) } as const)
    : ({ kind: 'run-finished', level: 'info', message: 'The run is complete' } as const)
  emit(context, { ...ended, direction: runKind.direction, versions })
  return {
    ...outcome,
    committed: mode === 'each' && outcome.results.some(leftSomething),
    ...after,
  }
}

/** What a step did is committed; of one outside a transaction that failed, even when it was rolled back, it may be. */
function leftSomething({ status, step }: StepResult): boolean {
  return (
    status === 'applied' ||
    status === 'reverted' ||
    status === 'unknown' ||
    (status === 'failed' && !(step as ReadyStep).migration?.transactional)
  )
}

/** What the steps did is committed, so a connection that is lost now is asked for once more, and then only told. */
async function takeStock(run: Run, runKind: RunKind, newest: string | undefined): Promise<Stock | undefined> {
  try {
    return await lookAround(run, runKind, newest)
  } catch (cause) {
    if (!isConnectionLost(cause)) throw cause
  }
  try {
    run.session = await run.context.database.replace(run.session, { modules: false })
    return await lookAround(run, runKind, newest)
  } catch (cause) {
    const message = `All steps are committed, but the status could not be read afterwards: ${reportError(cause).message}`
    emit(run.context, { kind: 'warning', level: 'warn', message })
    return undefined
  }
}

type Stock = Required<Pick<Outcome, 'statuses' | 'fingerprint'>>

/** Records the schema's fingerprint with the newest migration, and reads the state of every one. */
async function lookAround(run: Run, { set }: RunKind, newest: string | undefined): Promise<Stock> {
  const recorded = recordFingerprint(run, newest)
  const [statuses, fingerprint] = await Promise.all([readStatuses(run.context, run.session, set), recorded])
  return { statuses, fingerprint }
}

/** All of them before the first step: a server without a free connection must not leave a step half done. */
async function openSessions(run: Run, steps: readonly ReadyStep[]): Promise<void> {
  run.session = await sessionFor(run, steps)
  if (steps.some(({ migration }) => migration?.transactional === false)) await run.records()
}

/** Modules get a session that knows the database's types. */
async function sessionFor(run: Run, steps: readonly ReadyStep[]): Promise<StepSession> {
  if (steps.every(({ migration }) => migration?.format !== 'module')) return run.session
  return run.context.database.connect({ modules: true })
}

function newestAfter(
  direction: RunKind['direction'],
  steps: readonly ReadyStep[],
  statuses: readonly MigrationStatus[],
): string | undefined {
  if (direction === 'up') return steps.at(-1)?.id
  const gone = new Set(steps.map(({ id }) => id))
  const left = statuses.flatMap(({ id, entry }) => (entry && !gone.has(id) ? [entry] : []))
  return left.toSorted((a, b) => a.sequence - b.sequence).at(-1)?.id
}

async function destructiveIn(
  script: ScriptLanguage | undefined,
  steps: readonly ReadyStep[],
): Promise<readonly string[]> {
  const found: string[] = []
  for (const { id, direction, migration } of steps) {
    const action = direction === 'up' ? migration?.up : migration?.down
    if (action && (await isDestructiveAction(script, action))) found.push(id)
  }
  return found
}

export function report(
  { clock, runId }: Context,
  plan: Plan,
  { started, ...rest }: Partial<RunReport> & Pick<RunReport, 'results' | 'recovered'> & { readonly started: number },
): RunReport {
  const durationMs = clock.monotonicMs() - started
  return { runId, direction: plan.direction, plan, dryRun: false, durationMs, committed: false, backups: [], ...rest }
}
