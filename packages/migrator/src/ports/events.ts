import type { Direction } from '../core/migration.ts'
import type { ErrorCode } from '../errors.ts'

/** Receives events as they happen. A sink never throws into the run. */
export interface EventSink {
  emit(event: RunEvent): void
  /** Resolves when everything emitted so far is written. */
  flush(): Promise<void>
}

/** A sink that holds a resource. */
export interface EventLog extends EventSink {
  close(): Promise<void>
}

export interface RunEvent {
  readonly kind:
    | 'run-started'
    | 'run-finished'
    | 'run-failed'
    | 'refused'
    | 'lock-waiting'
    | 'step-started'
    | 'step-progress'
    | 'step-retrying'
    | 'step-applied'
    | 'step-reverted'
    | 'step-failed'
    | 'dirty-found'
    | 'recovery-started'
    | 'recovered'
    | 'recovery-failed'
    | 'record-dropped'
    | 'data-preserved'
    | 'data-put-back'
    | 'preserved-settled'
    | 'backup-started'
    | 'backup-progress'
    | 'backup-taken'
    | 'backup-failed'
    | 'backup-restored'
    | 'history-changed'
    | 'notice'
    | 'warning'
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  /** ISO 8601. */
  readonly timestamp: string
  readonly runId: string
  readonly version?: string | undefined
  readonly versions?: readonly string[] | undefined
  readonly direction?: Direction | undefined
  readonly checksum?: string | undefined
  readonly durationMs?: number | undefined
  /** The 1-based position of the step in the run, and the number of steps. */
  readonly index?: number | undefined
  readonly total?: number | undefined
  readonly error?: ErrorReport | undefined
  readonly reason?: string | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** An error as it appears in logs, events and `--json`: plain data, redacted. */
export interface ErrorReport {
  readonly code: ErrorCode | 'INTERNAL'
  readonly message: string
  readonly hint?: string | undefined
  readonly exitCode: number
  readonly [detail: string]: unknown
}

/** One row of the database's log. */
export interface LogRow {
  /** ISO 8601. */
  readonly loggedAt: string
  readonly runId: string
  readonly level: string
  readonly event: string
  readonly version?: string | undefined
  readonly direction?: string | undefined
  readonly message: string
  readonly durationMs?: number | undefined
  readonly reason?: string | undefined
  readonly operator?: unknown
  readonly error?: unknown
}
