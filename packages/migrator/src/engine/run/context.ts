/**
 * Operations: one use case a file. They walk plans through ports; they know no adapter, no terminal, no environment.
 * This file: what every operation is given, and the two things all of them do with it.
 */
import type { FileProblem } from '../../core/file-problem.ts'
import type { Operator } from '../../core/history.ts'
import type { MigrationFile } from '../../core/migration.ts'
import { redact, redactText } from '../../core/redact.ts'
import { MigratorError } from '../../errors.ts'
import type { Archive } from '../../ports/archive.ts'
import type { BackupProvider } from '../../ports/backup.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Database } from '../../ports/database.ts'
import type { ErrorReport, EventSink, RunEvent } from '../../ports/events.ts'
import type { HistoryStore } from '../../ports/history-store.ts'
import type { ScratchContext } from '../../ports/scratch.ts'
import type { StepLimits } from '../../ports/step.ts'

export interface Context {
  readonly database: Database
  readonly store: HistoryStore
  readonly events: EventSink
  readonly clock: Clock
  readonly archive: Archive
  readonly runId: string
  /** Asked for once, when a run has something to record. */
  readonly operator: () => Promise<Operator>
  readonly toolVersion: string
  /** Aborted when the run is to stop: the current step is abandoned cleanly, or finished where it can't be. */
  readonly signal: AbortSignal
  /** In place of the database's own: of several runs that share one lock. */
  readonly tryRunLock?: Database['tryRunLock'] | undefined
  /** Lends a scratch server for as long as the work lasts; undefined where the program has none to lend. */
  readonly withScratch?: (<T>(work: (scratch: ScratchContext) => Promise<T>) => Promise<T>) | undefined
}

/** The migrations of a directory, with what is wrong with them. */
export interface MigrationSet {
  readonly files: readonly MigrationFile[]
  readonly problems: readonly FileProblem[]
  /** What stops nothing. */
  readonly warnings?: readonly FileProblem[] | undefined
  /** The tool whose format the files have; undefined for this tool's own. */
  readonly tool?: string | undefined
  /** The times that drizzle-kit's journal has for its migrations, by id. */
  readonly journal?: ReadonlyMap<string, number> | undefined
}

/** How to run. Every option has a default in `defaultRunOptions`. */
export interface RunOptions extends StepLimits {
  /** How long to wait for the run lock before giving up with LOCK_UNAVAILABLE. */
  readonly lockWaitMs: number
  /** How often a step that hit lock_timeout is tried again. */
  readonly lockRetries: number
  /** One transaction for all steps, or one for each; by default one for all when every step allows it. */
  readonly transaction: 'batch' | 'each' | 'default'
  /** What happens to the earlier steps of a run, one transaction each, when a later one fails. */
  readonly onFailure: 'rollback' | 'stop'
  /** Recover dirty migrations first, or stop with MIGRATION_DIRTY. */
  readonly dirty: 'recover' | 'stop'
  readonly reason?: string | undefined
  /** On the way down: keep what is destroyed, for the next `up` of the same migration. */
  readonly preserveData?: boolean | undefined
  /** On the way down: data may go that is not kept. */
  readonly acceptLoss?: boolean | undefined
  /** Takes a backup before anything changes; without it none is taken. */
  readonly backup?: BackupProvider | undefined
}

export const defaultRunOptions: RunOptions = {
  lockTimeoutMs: 5_000,
  statementTimeoutMs: 0,
  lockWaitMs: 30_000,
  lockRetries: 3,
  transaction: 'default',
  onFailure: 'rollback',
  dirty: 'recover',
}

export type EventDraft = Omit<RunEvent, 'timestamp' | 'runId'>

/** Says what happened, redacted, to everyone who listens. */
export function emit({ events, clock, runId }: Pick<Context, 'events' | 'clock' | 'runId'>, draft: EventDraft): void {
  const details = draft.details && (redact(draft.details) as Record<string, unknown>)
  events.emit({
    ...draft,
    message: redactText(draft.message),
    ...(details ? { details } : {}),
    timestamp: clock.now().toISOString(),
    runId,
  })
}

/** Any error as plain, redacted data: what `--json`, the logs and the events carry. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof MigratorError) {
    const details = redact(error.details) as Record<string, unknown>
    return {
      ...details,
      code: error.code,
      message: redactText(error.message),
      hint: error.hint,
      exitCode: error.exitCode,
    }
  }
  const message = redactText(error instanceof Error ? error.message : String(error))
  return { code: 'INTERNAL', message, hint: 'This is a bug in the migrator; --verbose shows the stack.', exitCode: 1 }
}

export function throwIfInterrupted({ signal }: Pick<Context, 'signal'>): void {
  if (signal.aborted) throw interrupted()
}

export function interrupted(cause?: unknown): MigratorError {
  return new MigratorError('INTERRUPTED', 'Interrupted. No step is left half done.', { cause })
}
