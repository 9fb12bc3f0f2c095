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
  /**
   * The database, such as a `PostgresAdapter`. The runner closes the sessions that it opens, but never the adapter
   * itself.
   */
  readonly adapter: Database
  /** The store that keeps the history. Default: a table in the database itself, the only store that commits with a step. */
  readonly stateStore?: HistoryStore | undefined
  /**
   * The directory that each call reads if it receives no migrations. Archived modules resolve their packages from here,
   * and lost files are restored to it. Default: none; archived modules then resolve packages from the working
   * directory.
   */
  readonly migrationsDirectory?: string | undefined
  /**
   * A PostgreSQL server for scratch databases, with a role that has CREATEDB. Required by `rehearse` and `drift`, and
   * by dry runs and plans that show what modules send. Must not be the database being migrated. Default: none.
   */
  readonly scratchUrl?: string | undefined
  /**
   * Whether the database is protected, or a function of its location that decides; the database's own mark (`protect`)
   * takes precedence. On a protected database a rollback requires losses to be accepted. Default: protected if the host
   * is neither local nor a container's.
   */
  readonly protected?: ProtectedSetting | undefined
  /** The operator to record. Default: the user of this process, its host and git commit. */
  readonly operator?: Operator | undefined
  /** Appends every event to this file as JSON Lines. Default: none. */
  readonly logFile?: string | undefined
  /** Sinks that receive every event of every call, redacted. They can't disturb a run: see `onProgress`. Default: none. */
  readonly sinks?: readonly EventSink[] | undefined
  /** Receives a warning if a log or a listener fails. It can't disturb a run. Default: `process.emitWarning`. */
  readonly onWarning?: ((message: string) => unknown) | undefined
}

/** Options of every call. */
export interface CallOptions {
  /**
   * Receives every event of the call, redacted, as it happens. It can't disturb the run: an error that it throws or
   * rejects with causes a single warning, and a promise that it returns is not awaited.
   */
  readonly onProgress?: ((event: RunEvent) => unknown) | undefined
  /**
   * Aborting ends the call with INTERRUPTED: a transactional step is rolled back, a non-transactional step runs to
   * completion.
   */
  readonly signal?: AbortSignal | undefined
}

/** Options of every call that writes to the history. */
export interface WriteOptions extends CallOptions {
  /** Only reports what would happen: takes no lock, creates and changes nothing. Default: false. */
  readonly dryRun?: boolean | undefined
  /** How long to wait for the run lock before LOCK_UNAVAILABLE. Default: 30,000. 0 tries once. */
  readonly lockWaitMs?: number | undefined
  /** The reason, for the log and the backup's record. */
  readonly reason?: string | undefined
}

/** Options shared by `apply` and `rollback`. */
export interface RunCallOptions extends WriteOptions {
  /**
   * How long a statement waits for a table lock. If this is too long, readers queue behind the waiting step; 0 waits
   * forever. Default: 5,000.
   */
  readonly lockTimeoutMs?: number | undefined
  /** How long a statement may take. Default: 0, no limit. */
  readonly statementTimeoutMs?: number | undefined
  /** How often to retry a step that hit the lock timeout. Default: 3. */
  readonly lockRetries?: number | undefined
  /** One transaction for all steps, or one each. `default`: one for all if every step allows it. */
  readonly transaction?: 'batch' | 'each' | 'default' | undefined
  /** What happens to earlier steps, one transaction each, when a later one fails. Default: `rollback`, by their `down`. */
  readonly onFailure?: 'rollback' | 'stop' | undefined
  /** Recover dirty migrations first (default), or reject with MIGRATION_DIRTY. */
  readonly dirty?: 'recover' | 'stop' | undefined
  /** Takes a backup before anything changes, and restores it after a failed run if it can. A failed backup stops the run. */
  readonly backupProvider?: BackupProvider | undefined
  /** Called under the run lock, before anything has happened; rejecting stops the run. Default: approves. */
  readonly approve?: ((proposal: Proposal) => Promise<void>) | undefined
}

/** How far `apply` goes. At most one of these may be set. */
export interface UpExtent {
  /** Up to and including this id. Default: everything pending. */
  readonly target?: string | UpTarget | undefined
  /** Only the next N migrations. */
  readonly steps?: number | undefined
}

export interface ApplyOptions extends RunCallOptions, UpExtent {
  /** Also applies pending migrations with ids below an applied one. Default: false; they are refused with OUT_OF_ORDER. */
  readonly allowOutOfOrder?: boolean | undefined
}

/** How far `rollback` goes. At most one of these may be set. Default: one step. */
export interface DownExtent {
  /** The last N migrations. Reverting all of them requires `force`. */
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
   * Allows reverting everything, running edited downs, and dropping the record of a migration that can no longer be
   * run. Default: false.
   */
  readonly force?: boolean | undefined
  /**
   * Keeps the data that is destroyed in the schema `migration_preserved`; the next `apply` of the same migration
   * restores it.
   */
  readonly preserveData?: boolean | undefined
  /**
   * Accepts the loss of existing data. Without it, and without `preserveData` or a backup, a rollback of a database
   * that is not local rejects with LOSS_NOT_ACCEPTED if it would destroy something.
   */
  readonly acceptLoss?: boolean | undefined
  /** How long to count what would be destroyed, before estimating. Default: 2,000. */
  readonly lossTimeoutMs?: number | undefined
  /** Runs a module's archived source even if git does not know it; the caller has reviewed it. Default: false. */
  readonly acceptArchived?: boolean | undefined
}

export interface PanicOptions extends Omit<RollbackCallOptions, keyof DownExtent> {
  /** The last migration that stays applied, with all earlier ones. Default: none. */
  readonly baseline?: string | undefined
}

/** Options of `plan`: `up` plans what `apply` would do, `down` what `rollback` would do. */
export type PlanOptions = CallOptions & {
  readonly force?: boolean | undefined
  /** Certificates to show. Default: those in `migrations.lock.json` in the migrations directory. */
  readonly certificates?: Certificates | undefined
  /** The text of the report about the backup that is taken first. Default: `none`. */
  readonly backup?: string | undefined
} & (
    | ({ readonly direction?: 'up' | undefined; readonly allowOutOfOrder?: boolean | undefined } & UpExtent)
    | ({ readonly direction: 'down' } & DownExtent)
  )

export interface RehearseOptions extends Omit<CallOptions, 'onProgress'> {
  /** The migrations to rehearse, or `all`. Default: those pending in the database. */
  readonly ids?: 'all' | readonly string[] | undefined
  /** Receives each rehearsal as soon as it is finished. It can't disturb the others. */
  readonly onRehearsal?: ((rehearsal: Rehearsal) => unknown) | undefined
}

export interface DriftOptions extends CallOptions {
  /** Certificates to trust. Default: those in `migrations.lock.json` in the migrations directory. */
  readonly certificates?: Certificates | undefined
}

/** Options of `baselineFromDatabase`. */
export interface FromDatabaseOptions extends WriteOptions {
  /** Name of the migration, after its number. Default: `baseline`. */
  readonly name?: string | undefined
}

export interface SquashOptions extends CallOptions {
  /** Name of the new migration, after the number of the last one that it replaces. Default: `squashed`. */
  readonly name?: string | undefined
  /** What happens to the replaced files. Default: `move`, to `squashed/` in their directory, which is never loaded. */
  readonly replaced?: 'move' | 'delete' | undefined
  /** Only proves it: changes no file. Default: false. */
  readonly dryRun?: boolean | undefined
}

export interface HistoryOptions {
  /** How many attempts to return, newest first. Default: 30. */
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
  baselineFromDatabase: { ...WRITE, name: text } satisfies OptionKinds<FromDatabaseOptions>,
  squash: {
    ...CALL,
    name: text,
    replaced: oneOf('move', 'delete'),
    dryRun: flag,
  } satisfies OptionKinds<SquashOptions>,
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
