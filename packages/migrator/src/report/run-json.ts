import type { Loss } from '../core/loss.ts'
import { type Plan, type Step, sqlKeyOf } from '../core/plan.ts'
import type { MigrationStatus } from '../core/reconcile.ts'
import type { BackupRecord } from '../ports/backup.ts'
import type { ErrorReport } from '../ports/events.ts'
import { statusJson } from './status-json.ts'

/** What a run's document is made of; operations' reports have this shape. */
export interface RunFacts {
  readonly runId: string
  readonly direction: 'up' | 'down'
  readonly plan: Plan
  readonly results: readonly {
    readonly step: Step
    readonly status: string
    readonly durationMs: number
    readonly error?: unknown
  }[]
  readonly recovered: readonly string[]
  readonly durationMs: number
  readonly dryRun: boolean
  readonly backups: readonly { readonly record: BackupRecord }[]
  readonly loss?: readonly Loss[] | undefined
  readonly keptData?:
    | readonly {
        readonly migration: string
        readonly preserved: readonly object[]
        readonly putBack: readonly object[]
      }[]
    | undefined
  readonly sql?: Readonly<Record<string, string>> | undefined
  readonly sqlNote?: string | undefined
  readonly drift?: readonly MigrationStatus[] | undefined
}

/** The document of `migrate --json` and `rollback --json`. */
export function runDocument(facts: RunFacts, database: string, reportError: (error: unknown) => ErrorReport): object {
  const { runId, direction, plan, results, recovered, durationMs, dryRun } = facts
  const steps = dryRun
    ? plan.steps.map((step) => ({ ...stepJson(step), status: 'not-run', sql: facts.sql?.[sqlKeyOf(step)] ?? null }))
    : results.map(({ step, status, durationMs: ms, error }) => ({
        ...stepJson(step),
        status,
        durationMs: Math.round(ms),
        ...(error ? { error: reportError(error) } : {}),
      }))
  const note = facts.sqlNote === undefined ? {} : { sqlNote: facts.sqlNote }
  const preview = dryRun ? { problems: plan.problems, drift: (facts.drift ?? []).map(statusJson), ...note } : {}
  const backups = facts.backups.map(({ record }) => backupJson(record))
  return {
    runId,
    database,
    direction,
    dryRun,
    durationMs: Math.round(durationMs),
    recovered,
    steps,
    notices: plan.notices,
    ...(direction === 'down' ? { loss: facts.loss ?? [] } : {}),
    ...keptDataJson(facts),
    ...(backups[0] ? { backup: backups[0], backups } : {}),
    ...preview,
  }
}

/** What was preserved, and what was put back; neither key where there is nothing. */
function keptDataJson({ keptData = [] }: RunFacts): object {
  const preserved = keptData.flatMap(({ migration, preserved: kept }) => kept.map((each) => ({ migration, ...each })))
  const putBack = keptData.flatMap(({ migration, putBack: rows }) => rows.map((each) => ({ migration, ...each })))
  return { ...(preserved.length > 0 ? { preserved } : {}), ...(putBack.length > 0 ? { putBack } : {}) }
}

/** A backup as documents show it. */
export function backupJson(record: BackupRecord): object {
  const { id, provider, state, createdAt, finishedAt, sizeBytes, restoreCommand, migration, runId, operation } = record
  return {
    id,
    provider,
    state,
    createdAt,
    finishedAt,
    sizeBytes,
    restoreCommand,
    migration,
    runId,
    operation,
    details: record.details,
  }
}

function stepJson({ id, direction, by }: Step): object {
  return { id, direction, by }
}
