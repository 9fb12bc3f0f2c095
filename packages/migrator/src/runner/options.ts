/**
 * The runner: the library's wiring, as `cli/` is the commands'. Each call opens what it needs and closes all of it.
 * This file: what callers may ask for, and that nothing else gets through.
 */

import type { Certificates } from '../core/certificate.ts'
import type { Operator } from '../core/history.ts'
import {
  callback,
  checkOptions,
  count,
  either,
  flag,
  having,
  isObject,
  kind,
  milliseconds,
  type OptionKinds,
  oneOf,
  positive,
  signal,
  text,
} from '../core/options.ts'
import type { DownTarget, UpTarget } from '../core/target.ts'
import type { Rehearsal } from '../engine/rehearse/rehearse.ts'
import type { Proposal } from '../engine/run/run-kind.ts'
import type { BackupProvider } from '../ports/backup.ts'
import type { Database } from '../ports/database.ts'
import type { EventSink, RunEvent } from '../ports/events.ts'
import type { HistoryStore } from '../ports/history-store.ts'
import type { ProtectedSetting } from '../ports/protection.ts'

export interface MigrationRunnerOptions {
  /** The database, for instance a `PostgresAdapter`. The runner closes what it opens on it, and never the adapter itself. */
  readonly adapter: Database
  /** Where the history is kept. Default: a table of the database itself, the only store that commits with a step. */
  readonly stateStore?: HistoryStore | undefined
  /**
   * Read anew by each call that is given no migrations; archived modules find their packages from here, and lost files are
   * restored to here. Default: none; archived modules then find the packages of the working directory.
   */
  readonly migrationsDirectory?: string | undefined
  /**
   * A PostgreSQL server for scratch databases, as a role with CREATEDB. Needed by `rehearse` and by `drift`, and by dry runs
   * and plans that are to show what modules send. Default: none. Never the database that is migrated.
   */
  readonly scratchUrl?: string | undefined
  /**
   * Whether the database is protected, or a function of its location that says so; its own mark (`protect`) wins. A rollback of a
   * protected one wants losses to be accepted. Default: a host that is neither local nor a container's.
   */
  readonly protected?: ProtectedSetting | undefined
  /** Who is recorded. Default: the user of this process, its host and git commit. */
  readonly operator?: Operator | undefined
  /** Appends every event to this file as JSON Lines. Default: none. */
  readonly logFile?: string | undefined
  /** Receive every event of every call, redacted. They can't disturb a run: see `onProgress`. Default: none. */
  readonly sinks?: readonly EventSink[] | undefined
  /** Receives what could not be logged or listened to. Default: `process.emitWarning`. It can't disturb a run either. */
  readonly onWarning?: ((message: string) => unknown) | undefined
}

/** What every call takes. */
export interface CallOptions {
  /**
   * Receives every event of the call, redacted, as it happens. It can't disturb the run: what it throws or rejects with is
   * one warning, and a promise that it returns is not waited for.
   */
  readonly onProgress?: ((event: RunEvent) => unknown) | undefined
  /** Aborting ends the call with INTERRUPTED: a step in a transaction is undone, one outside a transaction is finished. */
  readonly signal?: AbortSignal | undefined
}

/** What every call takes that writes to the history. */
export interface WriteOptions extends CallOptions {
  /** Only says what would happen: takes no lock, creates and changes nothing. Default: false. */
  readonly dryRun?: boolean | undefined
  /** How long to wait for the run lock before LOCK_UNAVAILABLE. Default: 30,000. 0 tries once. */
  readonly lockWaitMs?: number | undefined
  /** Why, for the log and the backup's record. */
  readonly reason?: string | undefined
}

/** What `apply` and `rollback` take in common. */
export interface RunCallOptions extends WriteOptions {
  /**
   * How long a statement waits for a table lock. Default: 5,000. Too long, and readers queue behind the waiting step; 0 waits
   * for ever.
   */
  readonly lockTimeoutMs?: number | undefined
  /** How long a statement may take. Default: 0, no limit. */
  readonly statementTimeoutMs?: number | undefined
  /** How often a step that hit the lock timeout is tried again. Default: 3. */
  readonly lockRetries?: number | undefined
  /** One transaction for all steps, or one each. `default`: one for all where every step allows it. */
  readonly transaction?: 'batch' | 'each' | 'default' | undefined
  /** What happens to earlier steps, one transaction each, when a later one fails. Default: `rollback`, by their `down`. */
  readonly onFailure?: 'rollback' | 'stop' | undefined
  /** Recover dirty migrations first (default), or reject with MIGRATION_DIRTY. */
  readonly dirty?: 'recover' | 'stop' | undefined
  /** Takes a backup before anything changes, and puts it back after a failed run where it can. A backup that fails stops the run. */
  readonly backupProvider?: BackupProvider | undefined
  /** Asked under the run lock, before anything has happened; rejecting stops the run. Default: agrees. */
  readonly approve?: ((proposal: Proposal) => Promise<void>) | undefined
}

/** How far `apply` goes. At most one of the two. */
export interface UpExtent {
  /** Up to and including this id. Default: all that is pending. */
  readonly target?: string | UpTarget | undefined
  /** Only the next so many. */
  readonly steps?: number | undefined
}

export interface ApplyOptions extends RunCallOptions, UpExtent {
  /** Also applies pending migrations below one that is applied. Default: false, they are refused with OUT_OF_ORDER. */
  readonly allowOutOfOrder?: boolean | undefined
}

/** How far `rollback` goes. At most one of the four; default: one step. */
export interface DownExtent {
  /** The last so many. All of them only with `force`. */
  readonly steps?: number | undefined
  /** Everything applied after this id, which stays. */
  readonly target?: string | DownTarget | undefined
  /** What the last run applied. */
  readonly batch?: boolean | undefined
  /** Everything. */
  readonly all?: boolean | undefined
}

export interface RollbackCallOptions extends RunCallOptions, DownExtent {
  /**
   * Agrees to reverting everything, to running edited downs, and to dropping the record of what can't be run any more. Default:
   * false.
   */
  readonly force?: boolean | undefined
  /** Keeps what is destroyed, in the schema `migration_preserved`; the next `apply` of the same migration puts it back. */
  readonly preserveData?: boolean | undefined
  /**
   * Destroys what is there. Without it, and without `preserveData` or a backup, a rollback of a database that is not local
   * rejects with LOSS_NOT_ACCEPTED when it would destroy something.
   */
  readonly acceptLoss?: boolean | undefined
  /** How long to count what would be destroyed, before estimating. Default: 2,000. */
  readonly lossTimeoutMs?: number | undefined
  /** Runs a module's archived source although git does not know it: the caller has looked at it. Default: false. */
  readonly acceptArchived?: boolean | undefined
}

export interface PanicOptions extends Omit<RollbackCallOptions, keyof DownExtent> {
  /** The migration that stays, with all before it. Default: none stays. */
  readonly baseline?: string | undefined
}

/** What a plan is made for: `up` what `apply` would do, `down` what `rollback` would. */
export type PlanOptions = CallOptions & {
  readonly force?: boolean | undefined
  /** Proofs to show. Default: those of `migrations.lock.json` in the migrations directory. */
  readonly certificates?: Certificates | undefined
  /** The words of the report about the backup that is taken first. Default: `none`. */
  readonly backup?: string | undefined
} & (
    | ({ readonly direction?: 'up' | undefined; readonly allowOutOfOrder?: boolean | undefined } & UpExtent)
    | ({ readonly direction: 'down' } & DownExtent)
  )

export interface RehearseOptions extends Omit<CallOptions, 'onProgress'> {
  /** Which migrations; `all` of them, or by default those that are pending in the database. */
  readonly ids?: 'all' | readonly string[] | undefined
  /** Receives each rehearsal as soon as it is over. It can't disturb the others. */
  readonly onRehearsal?: ((rehearsal: Rehearsal) => unknown) | undefined
}

export interface DriftOptions extends CallOptions {
  /** Proofs to trust. Default: those of `migrations.lock.json` in the migrations directory. */
  readonly certificates?: Certificates | undefined
}

export interface HistoryOptions {
  /** How many attempts, the newest first. Default: 30. */
  readonly limit?: number | undefined
}

const CALL: OptionKinds<CallOptions> = { onProgress: callback, signal }
const WRITE: OptionKinds<WriteOptions> = { ...CALL, dryRun: flag, lockWaitMs: milliseconds, reason: text }
const RUN: OptionKinds<RunCallOptions> = {
  ...WRITE,
  lockTimeoutMs: milliseconds,
  statementTimeoutMs: milliseconds,
  lockRetries: count,
  transaction: oneOf('batch', 'each', 'default'),
  onFailure: oneOf('rollback', 'stop'),
  dirty: oneOf('recover', 'stop'),
  backupProvider: having('before'),
  approve: callback,
}
const target = either(
  text,
  kind('a target with a kind', (value) => isObject(value) && typeof value.kind === 'string'),
)
const UP: OptionKinds<UpExtent> = { target, steps: positive }
const DOWN: OptionKinds<DownExtent> = { ...UP, batch: flag, all: flag }
const REVERT = {
  ...RUN,
  force: flag,
  preserveData: flag,
  acceptLoss: flag,
  lossTimeoutMs: milliseconds,
  acceptArchived: flag,
}
const certificates = kind('a Map', (value) => value instanceof Map)
const list = kind('a list', Array.isArray)

const KINDS = {
  MigrationRunner: {
    adapter: having('connect', 'tryRunLock'),
    stateStore: having('read', 'record'),
    migrationsDirectory: text,
    scratchUrl: text,
    protected: either(flag, callback),
    operator: kind('an object', isObject),
    logFile: text,
    sinks: list,
    onWarning: callback,
  } satisfies OptionKinds<MigrationRunnerOptions>,
  apply: { ...RUN, ...UP, allowOutOfOrder: flag } satisfies OptionKinds<ApplyOptions>,
  rollback: { ...REVERT, ...DOWN } satisfies OptionKinds<RollbackCallOptions>,
  panicRollback: { ...REVERT, baseline: text } satisfies OptionKinds<PanicOptions>,
  baseline: WRITE,
  repair: WRITE,
  plan: {
    ...CALL,
    ...DOWN,
    direction: oneOf('up', 'down'),
    allowOutOfOrder: flag,
    force: flag,
    certificates,
    backup: text,
  },
  rehearse: {
    signal,
    ids: either(oneOf('all'), list),
    onRehearsal: callback,
  } satisfies OptionKinds<RehearseOptions>,
  drift: { ...CALL, certificates } satisfies OptionKinds<DriftOptions>,
  history: { limit: positive } satisfies OptionKinds<HistoryOptions>,
}

/** Throws USAGE_INVALID for an option that does not exist, or can't have that value. */
export function refuseOptions(call: keyof typeof KINDS, given: object): void {
  checkOptions(call === 'MigrationRunner' ? call : `${call}()`, given, KINDS[call])
}
