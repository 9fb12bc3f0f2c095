import type { PlanFacts, PlannedStep } from '../../core/plan-facts.ts'
import { statusJson } from '../status-json.ts'
import { losses } from './words.ts'

/** The document of `plan --json`. */
export function planJson({ database, plan, steps, backup, drift, notes, refusal }: PlanFacts): object {
  return {
    database,
    direction: plan.direction,
    steps: steps.map(stepJson),
    backup,
    notices: plan.notices,
    notes,
    problems: plan.problems,
    drift: drift.map(statusJson),
    refusal: refusal ?? null,
  }
}

function stepJson(each: PlannedStep): object {
  const { step, sql, checksum, statements, verdict, reasons, loss, certificate } = each
  return {
    id: step.id,
    direction: step.direction,
    by: step.by,
    checksum: checksum ?? null,
    certificate,
    verdict: verdict ?? null,
    reasons,
    sql: sql ?? null,
    durationMs:
      statements.length === 0 ? null : Math.round(statements.reduce((sum, { durationMs }) => sum + durationMs, 0)),
    loss,
    losses: losses(each),
    statements: statements.map(({ sql: text, locks, rewrites, scans, durationMs }) => ({
      ...{ sql: text, locks, rewrites, scans },
      durationMs: Math.round(durationMs * 10) / 10,
    })),
  }
}
