import type { Direction, MigrationFile } from '../core/migration.ts'
import { type Plan, recordDroppedNotice, type Step } from '../core/plan.ts'
import { plural } from '../core/plural.ts'
import type { MigrationStatus, State } from '../core/reconcile.ts'
import { MigratorError } from '../errors.ts'
import type { RunLock, Session } from '../ports.ts'
import { isDestructiveAction } from '../safety/destructive.ts'
import { createRun, readStatuses, recordFingerprint, recoverDirty, withSession } from './begin-run.ts'
import { compensate } from './compensation.ts'
import { type Context, emit, type MigrationSet, type RunOptions, reportError } from './context.ts'
import { type OnUnusableArchive, prepareSteps, type ReadyStep, refusePlan } from './prepare.ts'
import { recoverEntry } from './recovery.ts'
import type { RunReport } from './report.ts'
import { type Run, runSteps, type StepResult, transactionMode } from './run.ts'
import { withRunLock } from './run-lock.ts'

/** What is about to happen, for a person or a rule to agree to. */
export interface Proposal {
  readonly plan: Plan
  /** Ids of the steps that drop, truncate or delete. */
  readonly destructive: readonly string[]
}

/** What differs between running up and running down. */
export interface Course {
  readonly direction: Direction
  readonly set: MigrationSet
  readonly options: RunOptions
  /** Throws for what stands against any run in this direction. */
  refuse(): void
  plan(statuses: readonly MigrationStatus[]): Plan
  /** Everything that has to load before anything runs, beyond the steps themselves. */
  alsoLoad(statuses: readonly MigrationStatus[]): readonly MigrationFile[]
  readonly onUnusableArchive: OnUnusableArchive
  /** Rejects to stop the run before anything has happened. */
  approve(proposal: Proposal): Promise<void>
}

/**
 * Plans, agrees, and runs: under the run lock the history is read anew, dirty migrations are recovered, and the very
 * plan that was agreed to is carried out. Nothing is created or changed before `approve` has resolved, but for the
 * recovery of dirty migrations. A failed step is a result; what is refused rejects.
 */
export async function execute(context: Context, course: Course): Promise<RunReport> {
  const started = context.clock.monotonicMs()
  return tellingRefusals(context, () =>
    withSession(context, async (session) => {
      course.refuse()
      const statuses = await readStatuses(context, session, course.set)
      const plan = course.plan(statuses)
      refusePlan(plan)
      const isDirty = statuses.some(({ entry }) => entry?.dirty)
      if (plan.steps.length === 0 && !isDirty) return report(context, plan, { started, results: [], recovered: [] })
      await prepareSteps(context, session, ahead(course, statuses))
      return withRunLock(context, session, course.options.lockWaitMs, (lock) =>
        underLock(context, course, lock, session, started),
      )
    }),
  )
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

function ahead(course: Course, statuses: readonly MigrationStatus[]): readonly ReadyStep[] {
  return course.alsoLoad(statuses).map((file) => ({ id: file.id, direction: course.direction, by: 'file', file }))
}

async function underLock(
  context: Context,
  course: Course,
  lock: RunLock,
  session: Session,
  started: number,
): Promise<RunReport> {
  const first = await readStatuses(context, session, course.set)
  const run = await createRun(context, course.options, lock, session, first)
  const recovered = course.direction === 'up' ? await recoverDirty(run, first) : []
  const statuses = recovered.length > 0 ? await readStatuses(context, session, course.set) : first
  const planned = exempting(recovered, course.plan(statuses))
  refusePlan(planned)
  const steps = await prepareSteps(
    context,
    session,
    planned.steps.filter(({ by }) => by !== 'recovery'),
    course.onUnusableArchive,
  )
  const plan = withDroppedRecords(planned, steps)
  if (plan.steps.length === 0) return report(context, plan, { started, results: [], recovered })
  transactionMode(course.options, steps)
  await course.approve({ plan, destructive: await destructiveIn(steps) })
  await context.store.prepare(session)
  const before = await recoverSteps(run, plan)
  const outcome = await carryOut(Object.assign(run, { total: steps.length }), steps, course, statuses)
  return report(context, plan, { started, recovered, ...outcome, results: [...before, ...outcome.results] })
}

/** What was recovered a moment ago goes up again where it stood, though later ones are applied. */
function exempting(recovered: readonly string[], plan: Plan): Plan {
  const problems = plan.problems.filter(
    ({ code, id }) => code !== 'OUT_OF_ORDER' || id === undefined || !recovered.includes(id),
  )
  return { ...plan, problems }
}

/** Steps whose archived source turned out unusable, and that --force lets go, are shown as what they are. */
function withDroppedRecords(plan: Plan, ready: readonly ReadyStep[]): Plan {
  const dropped = new Set(ready.flatMap(({ id, by }) => (by === 'record' ? [id] : [])))
  const fresh = plan.steps.filter(({ id, by }) => by === 'archive' && dropped.has(id))
  if (fresh.length === 0) return plan
  const steps = plan.steps.map((step): Step => (dropped.has(step.id) ? { ...step, by: 'record' } : step))
  const kept = plan.notices.filter((notice) => !fresh.some(({ id }) => notice.startsWith(`${id}:`)))
  return { ...plan, steps, notices: [...kept, ...fresh.map(({ id }) => recordDroppedNotice(id))] }
}

/** On the way down a dirty migration is a step like the others: its recovery takes it back. */
async function recoverSteps(run: Run, { steps }: Plan): Promise<readonly StepResult[]> {
  const results: StepResult[] = []
  for (const step of steps) {
    if (step.by !== 'recovery' || !step.entry) continue
    const started = run.context.clock.monotonicMs()
    await recoverEntry(run, step.entry, step.file)
    results.push({ step, status: 'reverted', durationMs: run.context.clock.monotonicMs() - started })
  }
  return results
}

interface Outcome {
  readonly results: readonly StepResult[]
  readonly error?: MigratorError
}

async function carryOut(
  run: Run,
  steps: readonly ReadyStep[],
  course: Course,
  statuses: readonly MigrationStatus[],
): Promise<Outcome> {
  if (steps.length === 0) return { results: [] }
  const { context } = run
  const versions = steps.map(({ id }) => id)
  const verb = course.direction === 'up' ? 'Applying' : 'Rolling back'
  emit(context, {
    kind: 'run-started',
    level: 'info',
    message: `${verb} ${plural(versions.length, 'migration', 'migrations')}`,
    versions,
    direction: course.direction,
    reason: run.options.reason,
  })
  run.session = await sessionFor(run, steps)
  const first = await runSteps(run, steps)
  const outcome = first.error && course.direction === 'up' ? await compensate(run, steps, first) : first
  if (!outcome.error) await recordFingerprint(run, newestAfter(course.direction, steps, statuses))
  const ended = outcome.error
    ? ({ kind: 'run-failed', level: 'error', message: 'The run failed', error: reportError(outcome.error) } as const)
    : ({ kind: 'run-finished', level: 'info', message: 'The run is complete' } as const)
  emit(context, { ...ended, direction: course.direction, versions })
  return outcome
}

/** Modules get a session that knows the database's types. */
async function sessionFor(run: Run, steps: readonly ReadyStep[]): Promise<Session> {
  if (steps.every(({ migration }) => migration?.format !== 'module')) return run.session
  return run.context.database.connect({ modules: true })
}

function newestAfter(
  direction: Direction,
  steps: readonly ReadyStep[],
  statuses: readonly MigrationStatus[],
): string | undefined {
  if (direction === 'up') return steps.at(-1)?.id
  const gone = new Set(steps.map(({ id }) => id))
  const left = statuses.flatMap(({ id, entry }) => (entry && !gone.has(id) ? [entry] : []))
  return left.toSorted((a, b) => a.sequence - b.sequence).at(-1)?.id
}

async function destructiveIn(steps: readonly ReadyStep[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const { id, direction, migration } of steps) {
    const action = direction === 'up' ? migration?.up : migration?.down
    if (action && (await isDestructiveAction(action))) found.push(id)
  }
  return found
}

function report(
  { clock, runId }: Context,
  plan: Plan,
  {
    started,
    ...rest
  }: { started: number; results: readonly StepResult[]; recovered: readonly string[]; error?: MigratorError },
): RunReport {
  return { runId, direction: plan.direction, plan, dryRun: false, durationMs: clock.monotonicMs() - started, ...rest }
}

/** The plan alone, from the history as it is; takes no lock and creates nothing. What speaks against it is in `error`. */
export async function dryRun(context: Context, course: Course): Promise<RunReport> {
  const started = context.clock.monotonicMs()
  return withSession(context, async (session) => {
    const statuses = await readStatuses(context, session, course.set)
    const plan = course.plan(statuses)
    const shown = {
      ...report(context, plan, { started, results: [], recovered: [] }),
      dryRun: true,
      drift: driftIn(statuses),
    }
    try {
      course.refuse()
      refusePlan(plan)
      await prepareSteps(context, session, ahead(course, statuses))
      const steps = await prepareSteps(context, session, plan.steps, course.onUnusableArchive)
      transactionMode(course.options, steps)
      return { ...shown, plan: withDroppedRecords(plan, steps), sql: sqlOf(steps) }
    } catch (error) {
      if (error instanceof MigratorError) return { ...shown, error }
      throw error
    }
  })
}

function driftIn(statuses: readonly MigrationStatus[]): readonly MigrationStatus[] {
  return statuses.filter(({ state, downChanged }) => downChanged || DRIFTED.has(state))
}

const DRIFTED: ReadonlySet<State> = new Set<State>(['changed', 'missing', 'dirty', 'out-of-order'])

function sqlOf(steps: readonly ReadyStep[]): Readonly<Record<string, string>> {
  const texts = steps.flatMap(({ id, direction, migration }) => {
    const action = direction === 'up' ? migration?.up : migration?.down
    return action?.kind === 'sql' ? [[id, action.sql.trim()] as const] : []
  })
  return Object.fromEntries(texts)
}
