import type { LostObject } from '../../core/certificate.ts'
import { shownName } from '../../core/data/table-shape.ts'
import { blockedBy } from '../../core/lock-mode.ts'
import type { PlanFacts, PlannedStep } from '../../core/plan-facts.ts'
import { plural } from '../../core/plural.ts'
import { type LockTaken, type StatementFacts, worstLock } from '../../core/statement-facts.ts'
import { duration } from '../style.ts'

/** What every format says in the same words. */
export function planTitle({ plan, database }: PlanFacts): string {
  const first = plan.direction === 'up' ? plan.steps.filter(({ by }) => by === 'recovery').length : 0
  const count = plural(plan.steps.length - first, 'migration', 'migrations')
  if (first > 0) return `Recover ${plural(first, 'migration', 'migrations')}, then apply ${count} to ${database}`
  if (plan.steps.length === 0) return `Nothing to ${plan.direction === 'up' ? 'apply to' : 'roll back in'} ${database}`
  return plan.direction === 'up' ? `Apply ${count} to ${database}` : `Roll back ${count} in ${database}`
}

/** `ACCESS EXCLUSIVE on users (keeps out reads and writes)`. */
export function lockWords(lock: LockTaken | undefined): string {
  if (!lock) return 'none'
  const kept = blockedBy(lock.mode)
  return `${lock.mode} on ${lock.relation}${kept === 'nothing' ? '' : ` (keeps out ${kept})`}`
}

export function worstWords({ statements }: PlannedStep): string {
  return statements.length === 0 ? 'not measured' : lockWords(worstLock(statements))
}

export function timeWords({ statements }: PlannedStep): string {
  if (statements.length === 0) return 'not measured'
  return duration(statements.reduce((sum, { durationMs }) => sum + durationMs, 0))
}

export function lossWords({ table, column, how }: LostObject): string {
  const name = column === undefined ? shownName(table) : `${shownName(table)}.${column}`
  const what = column === undefined ? 'rows' : 'values'
  if (how === 'dropped' || how === 'emptied') return `all ${what} of ${name}`
  return `${what} of ${name} (${how})`
}

/** What a step destroys: counted on the live database where it was asked, else as the rehearsal saw it. */
export function losses({ loss, liveLoss }: PlannedStep): readonly string[] {
  return liveLoss.length > 0 ? liveLoss : loss.map(lossWords)
}

/** What a reader should know of one statement beyond its text. */
export function statementNotes({ locks, rewrites, scans }: StatementFacts): readonly string[] {
  return [
    ...locks.filter(({ mode }) => blockedBy(mode) !== 'nothing').map((lock) => lockWords(lock)),
    ...rewrites.map((name) => `writes ${name} anew`),
    ...scans.map(({ relation }) => `reads all of ${relation}`),
  ]
}

export const WAYS = {
  file: '',
  archive: 'from the archived source; its file is gone',
  recovery: 'dirty; it is recovered',
  record: 'NOTHING IS RUN, only its record is dropped',
} as const

export const CERTIFICATES = {
  valid: 'certified in migrations.lock.json',
  stale: 'its certificate is out of date',
  missing: 'not certified',
} as const
