import type { ErrorCode } from '../errors.ts'
import type { HistoryEntry } from './history.ts'
import type { Direction, MigrationFile } from './migration.ts'
import { plural } from './plural.ts'
import { inOrderOfApplication, type MigrationStatus } from './reconcile.ts'
import { type DownTarget, nearestIds, type UpReach } from './target.ts'

/**
 * One migration in one direction.
 * `by`: `file` runs the file; `archive` runs the source archived in the history, because the file is gone;
 * `recovery` rolls back a dirty migration after looking at the database; `record` drops the record and runs nothing.
 */
export interface Step {
  readonly id: string
  readonly direction: Direction
  readonly by: 'file' | 'archive' | 'recovery' | 'record'
  readonly file?: MigrationFile | undefined
  readonly entry?: HistoryEntry | undefined
}

/** By what the SQL of a step is known in a report: one run may recover a migration and apply it again. */
export function sqlKeyOf({ id, by }: Pick<Step, 'id' | 'by'>): string {
  return by === 'recovery' ? `recovery of ${id}` : id
}

/** A reason not to run the plan. Problems are data: planning never throws. */
export interface Problem {
  readonly code: ErrorCode
  readonly message: string
  readonly id?: string | undefined
  readonly hint?: string | undefined
}

/** The ordered steps and all problems with them. A plan with problems is shown, never run. */
export interface Plan {
  readonly direction: Direction
  readonly steps: readonly Step[]
  readonly problems: readonly Problem[]
  /** Worth reporting, but no reason to stop. */
  readonly notices: readonly string[]
}

export interface UpRules {
  readonly allowOutOfOrder: boolean
}

/** What `migrate` would do: the pending migrations up to the target, in the order of their ids. */
export function planUp(statuses: readonly MigrationStatus[], target: UpReach, rules: UpRules): Plan {
  const pending = statuses.filter(({ state }) => state === 'pending' || state === 'out-of-order')
  const reach = reachUp(statuses, pending, target)
  const steps = reach.chosen.map(({ id, file }): Step => ({ id, direction: 'up', by: 'file', file }))
  const outOfOrder = rules.allowOutOfOrder ? [] : reach.chosen.filter(({ state }) => state === 'out-of-order')
  const problems = [...reach.problems, ...historyProblems(statuses), ...outOfOrder.map(outOfOrderProblem)]
  return { direction: 'up', steps, problems, notices: [] }
}

export interface DownRules {
  /** Go on where a rule would stop: with an edited file, and past a gap by dropping the record. */
  readonly force: boolean
  /** Reverting everything was agreed to. */
  readonly everything: boolean
}

/** What `rollback` would do: applied migrations in the reverse order of application, never past a gap. */
export function planDown(statuses: readonly MigrationStatus[], target: DownTarget, rules: DownRules): Plan {
  const applied = inOrderOfApplication(statuses).toReversed()
  const reach = reachDown(statuses, applied, target, rules)
  const judged = reach.chosen.map((status) => judgeDown(status, rules))
  return {
    direction: 'down',
    steps: judged.map(({ step }) => step),
    problems: [...reach.problems, ...judged.flatMap(({ problems }) => problems)],
    notices: judged.flatMap(({ notices }) => notices),
  }
}

interface Reach<T> {
  readonly chosen: readonly T[]
  readonly problems: readonly Problem[]
}

function reachUp(
  statuses: readonly MigrationStatus[],
  pending: readonly MigrationStatus[],
  target: UpReach,
): Reach<MigrationStatus> {
  if (target.kind === 'latest') return { chosen: pending, problems: [] }
  if (target.kind === 'count') return { chosen: pending.slice(0, target.count), problems: [] }
  if (target.kind === 'ids') return reachIds(statuses, pending, target.ids)
  const last = statuses.findIndex(({ id }) => id === target.id)
  if (!statuses[last]?.file) return { chosen: [], problems: [unknownTarget(target.id, statuses)] }
  const reached = new Set(statuses.slice(0, last + 1))
  return { chosen: pending.filter((status) => reached.has(status)), problems: [] }
}

function reachIds(
  statuses: readonly MigrationStatus[],
  pending: readonly MigrationStatus[],
  ids: readonly string[],
): Reach<MigrationStatus> {
  const known = new Set(statuses.flatMap(({ id, file }) => (file ? [id] : [])))
  const unknown = ids.filter((id) => !known.has(id))
  return {
    chosen: pending.filter(({ id }) => ids.includes(id)),
    problems: unknown.map((id) => unknownTarget(id, statuses)),
  }
}

function reachDown<T extends MigrationStatus & { entry: HistoryEntry }>(
  statuses: readonly MigrationStatus[],
  applied: readonly T[],
  target: DownTarget,
  rules: DownRules,
): Reach<T> {
  switch (target.kind) {
    case 'batch': {
      const last = Math.max(...applied.map(({ entry }) => entry.batch))
      const chosen = applied.filter(({ entry }) => entry.batch === last)
      const all = chosen.length > 1 && chosen.length === applied.length && !rules.everything
      return { chosen, problems: all ? everything(applied.length) : [] }
    }
    case 'empty':
      return { chosen: applied, problems: rules.everything ? [] : everything(applied.length) }
    case 'count':
      return {
        chosen: applied.slice(0, target.count),
        problems: rules.everything ? [] : [...tooMany(target.count, applied.length), ...adopted(target.count, applied)],
      }
    case 'id': {
      const index = applied.findIndex(({ id }) => id === target.id)
      if (index >= 0) return { chosen: applied.slice(0, index), problems: [] }
      const known = statuses.some(({ id }) => id === target.id)
      return { chosen: [], problems: [known ? notApplied(target.id, applied) : unknownTarget(target.id, applied)] }
    }
  }
}

function everything(applied: number): readonly Problem[] {
  if (applied === 0) return []
  const which = applied === 1 ? 'the only applied migration' : `all ${applied} applied migrations`
  const message = `This would revert ${which}.`
  return [{ code: 'CONFIRMATION_REQUIRED', message, hint: 'Add --force to revert everything.' }]
}

function tooMany(count: number, applied: number): readonly Problem[] {
  if (applied === 0 || count < applied || (count === 1 && applied === 1)) return []
  if (count === applied) return everything(applied)
  const message = `${count} steps were requested, but only ${plural(applied, 'migration is', 'migrations are')} applied.`
  return [{ code: 'CONFIRMATION_REQUIRED', message, hint: 'Ask for fewer steps, or add --force to revert everything.' }]
}

/** What was there before its first migration was recorded without running. */
function adopted(
  count: number,
  applied: readonly { readonly id: string; readonly entry: HistoryEntry }[],
): readonly Problem[] {
  const [only, ...others] = applied
  if (count !== 1 || !only?.entry.operator?.baselineOf || others.length > 0) return []
  const message = `This would drop what ${only.id} adopted: everything that the database held before it.`
  return [{ code: 'CONFIRMATION_REQUIRED', id: only.id, message, hint: 'Add --force to drop it.' }]
}

interface Judged {
  readonly step: Step
  readonly problems: readonly Problem[]
  readonly notices: readonly string[]
}

function judgeDown(
  { id, state, file, entry, downChanged, renamedTo }: MigrationStatus & { entry: HistoryEntry },
  rules: DownRules,
): Judged {
  const step: Step = { id, direction: 'down', by: 'file', file, entry }
  const fine = { problems: [], notices: downNotices(id, downChanged, hasNewDown(file, entry)) }
  if (state === 'dirty') return { step: { ...step, by: 'recovery' }, ...fine }
  if (entry.irreversible !== undefined && !hasNewDown(file, entry))
    return { step, problems: [irreversible(id, entry.irreversible)], notices: [] }
  if (state === 'missing' || state === 'ahead') return judgeMissing(step, { entry, renamedTo }, rules)
  if (state === 'changed') return judgeChanged(step, rules)
  return { step, ...fine }
}

function downNotices(id: string, changed: boolean, added: boolean): readonly string[] {
  if (changed) return [`${id}: its down file was edited after it was applied; the edited file runs.`]
  return added ? [`${id}: its down was written after it was applied.`] : []
}

/** Other tools' migrations often get their down only after they were applied. */
function hasNewDown(file: MigrationFile | undefined, entry: HistoryEntry): boolean {
  return file?.downChecksum !== undefined && entry.downChecksum === undefined
}

function judgeMissing(
  step: Step,
  { entry, renamedTo }: { readonly entry: HistoryEntry; readonly renamedTo: string | undefined },
  rules: DownRules,
): Judged {
  const gone = renamedTo === undefined ? 'is gone' : `was renamed to ${renamedTo}`
  if (entry.archived) {
    return {
      step: { ...step, by: 'archive' },
      problems: [],
      notices: [`${step.id}: its file ${gone}; it is rolled back with the source archived when it was applied.`],
    }
  }
  if (!rules.force) {
    const problem = renamedTo === undefined ? missing(step.id, entry) : renamed(step.id, renamedTo)
    return { step, problems: [problem], notices: [] }
  }
  return { step: { ...step, by: 'record' }, problems: [], notices: [recordDroppedNotice(step.id)] }
}

/** Said loudly wherever a record goes without anything being run. */
export function recordDroppedNotice(id: string): string {
  return `${id}: NOTHING IS RUN. --force drops its record; its schema changes stay.`
}

function judgeChanged(step: Step, rules: DownRules): Judged {
  if (rules.force)
    return {
      step,
      problems: [],
      notices: [`${step.id}: the file was edited after it was applied; --force runs the edited down.`],
    }
  return { step, problems: [changed(step)], notices: [] }
}

function historyProblems(statuses: readonly MigrationStatus[]): readonly Problem[] {
  return statuses.flatMap(({ id, state, file, entry, renamedTo, replacesPartly, partOf }) => {
    if (replacesPartly) return [replacedInPart(id, file?.replaces ?? [], replacesPartly)]
    if (partOf !== undefined) return []
    if (state === 'changed') return [changed({ id, file, entry })]
    if (state === 'missing' || state === 'ahead')
      return [renamedTo === undefined ? missing(id, entry) : renamed(id, renamedTo)]
    return []
  })
}

function changed({ id, file, entry }: Pick<MigrationStatus, 'id' | 'file' | 'entry'>): Problem {
  const rewriting = entry && file?.rewritten?.(entry.checksum)
  const message = `Migration ${id} checksum mismatch`
  if (rewriting === undefined) return { code: 'CHECKSUM_MISMATCH', id, message, hint: CHANGED_HINT }
  return {
    code: 'CHECKSUM_MISMATCH',
    id,
    message: `${message}: only this changed: ${rewriting}`,
    hint: REWRITTEN_HINT,
  }
}

const CHANGED_HINT =
  'The file was edited after it was applied. Restore it and put the change in a new migration. If the edit was reviewed: db:repair accept-checksum ID.'
const REWRITTEN_HINT =
  'Convert the file back (git: put "*.sql -text" and "*.ts -text" into .gitattributes, then check it out again), or accept it: db:repair accept-checksum ID.'

function missing(id: string, entry: HistoryEntry | undefined): Problem {
  const message = `Migration file not found: ${id} is applied, but its file is gone.`
  const archived = 'Restore the file from git, or with db:repair restore-file ID.'
  const lost =
    'Restore the file from git. As a last resort db:rollback --force drops its record without running anything.'
  return { code: 'MIGRATION_MISSING', id, message, hint: entry?.archived ? archived : lost }
}

function replacedInPart(id: string, replaces: readonly string[], there: readonly string[]): Problem {
  const lacks = replaces.filter((each) => !there.includes(each))
  const rest = lacks.length === 0 ? 'not all of them are finished' : `lacks ${lacks.join(', ')}`
  const message = `${id} replaces ${replaces.length} migrations; this database has ${there.join(', ')} and ${rest}.`
  const hint = `Check out the revision before the squash, run db:migrate there, then come back.`
  return { code: 'MIGRATION_MISSING', id, message, hint }
}

function renamed(id: string, name: string): Problem {
  const message = `${id} is applied, and its file was renamed to ${name}.`
  return { code: 'MIGRATION_MISSING', id, message, hint: renameBackHint(id, name) }
}

export function renameBackHint(id: string, name: string): string {
  return `Rename ${name} back to ${id}: a migration's file name is its id.`
}

/** A step down that has nothing to run: reporting it as rolled back would be untrue. */
export function irreversible(id: string, why = 'it has no down'): Problem {
  return { code: 'MIGRATION_IRREVERSIBLE', id, message: `Migration ${id} is irreversible: ${why}` }
}

function outOfOrderProblem({ id }: MigrationStatus): Problem {
  return { code: 'OUT_OF_ORDER', id, message: `Migration ${id} is pending, but a later one is already applied.` }
}

function unknownTarget(id: string, statuses: readonly MigrationStatus[]): Problem {
  const nearest = nearestIds(
    id,
    statuses.map((status) => status.id),
  )
  const hint = nearest.length > 0 ? `Did you mean ${nearest.join(', ')}?` : undefined
  return { code: 'TARGET_UNKNOWN', id, message: `There is no migration "${id}".`, hint }
}

function notApplied(id: string, applied: readonly MigrationStatus[]): Problem {
  const newest = applied[0]
  const hint = newest ? `The newest applied migration is ${newest.id}.` : 'Nothing is applied.'
  return {
    code: 'TARGET_NOT_APPLIED',
    id,
    message: `Migration ${id} is not applied, so nothing can be rolled back to it.`,
    hint,
  }
}
