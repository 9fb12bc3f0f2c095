import type { Certificates } from './core/certificate.ts'
import { invalidFiles } from './core/file-problem.ts'
import type { HistoryEntry } from './core/history.ts'
import type { Migration } from './core/migration.ts'
import { refusal } from './core/options.ts'
import type { PlanFacts } from './core/plan-facts.ts'
import { postgresScript } from './dialects/postgres/script/language.ts'
import { type BaselineReport, baseline } from './engine/history/baseline.ts'
import { type Repair, type RepairReport, repair } from './engine/history/repair.ts'
import { type StatusReport, status } from './engine/history/status.ts'
import { type ValidateReport, validateWithHistory } from './engine/history/validate.ts'
import { planFacts } from './engine/preview/plan.ts'
import { protect, protectionOf, unprotect } from './engine/protection/protection.ts'
import { type DriftReport, drift } from './engine/rehearse/drift.ts'
import { type Rehearsal, rehearse } from './engine/rehearse/rehearse.ts'
import { readStatuses, withSession } from './engine/run/begin.ts'
import type { Context, MigrationSet } from './engine/run/context.ts'
import { migrate } from './engine/run/migrate.ts'
import type { RunReport } from './engine/run/report.ts'
import { rollback } from './engine/run/rollback.ts'
import { baselineId } from './load/baseline-files.ts'
import { loadAll } from './load/index.ts'
import { readLockFile } from './load/lock-file.ts'
import type { Database } from './ports/database.ts'
import type { LogRow } from './ports/events.ts'
import type { HistoryStore } from './ports/history-store.ts'
import type { Protection } from './ports/protection.ts'
import { type WrittenBaseline, writeBaseline } from './runner/baseline-from-database.ts'
import { inCall } from './runner/call.ts'
import { chosenIds } from './runner/chosen.ts'
import { environmentOfPrograms } from './runner/env.ts'
import { defined, directoryOf, type MigrationInput, type Migrations, migrationsOf } from './runner/migrations.ts'
import {
  type ApplyOptions,
  type CallOptions,
  type DriftOptions,
  type FromDatabaseOptions,
  type HistoryOptions,
  type MigrationRunnerOptions,
  type PanicOptions,
  type PlanOptions,
  type RehearseOptions,
  type RollbackCallOptions,
  refuseOptions,
  type SquashOptions,
  type WriteOptions,
} from './runner/options.ts'
import { dryRunOf } from './runner/plan.ts'
import { runOptionsOf } from './runner/run-options.ts'
import { scratchOf } from './runner/scratch.ts'
import { type SquashReport, squashFolder } from './runner/squash.ts'
import { downTargetOf, upTargetOf } from './runner/targets.ts'
import { asApplied } from './runner/without-files.ts'

/**
 * Plans, runs and reverts migrations. Every call opens its own sessions, owns its transactions, and closes all of its
 * sessions before it settles. A call that writes holds the run lock while it runs. Every call reads files and history
 * again: nothing is kept from one call to the next. Calls may overlap: if two runs use the same history, the second
 * waits for the run lock, as it would in another process.
 *
 * `migrations` is a directory, the result of `readDirectory` or `loadMigrations`, or a list of inline definitions. If
 * omitted, `migrationsDirectory` is read.
 *
 * A failed step is a result, not an exception: check `report.error`. A call that is refused before anything has run
 * (invalid files, an edited migration, an unavailable lock …) rejects with a `MigratorError`. An unknown option or an
 * invalid value rejects with USAGE_INVALID.
 */
export class MigrationRunner {
  readonly #options: MigrationRunnerOptions

  constructor(options: MigrationRunnerOptions) {
    refuseOptions('MigrationRunner', options)
    if (!options.adapter) throw refusal('MigrationRunner', 'adapter is missing.', 'adapter')
    this.#options = options
  }

  /** The database that the runner uses. */
  get adapter(): Database {
    return this.#options.adapter
  }

  /** The store that keeps the history. */
  get stateStore(): HistoryStore {
    return this.#options.stateStore ?? this.adapter.historyStore
  }

  /** The same runner with another adapter. */
  over(adapter: Database): MigrationRunner {
    return new MigrationRunner({ ...this.#options, adapter })
  }

  /** Returns migrations ready to run: inline definitions are checked and get their checksums. */
  define(migrations: readonly MigrationInput[]): readonly Migration[] {
    return defined(migrations)
  }

  /**
   * Applies pending migrations under the run lock. After success all steps are applied and recorded. After a failure no
   * step of this call stays applied, unless `onFailure` is `stop` or `error.details` names what could not be rolled
   * back.
   *
   * Rejects, with nothing changed, with MIGRATION_FILES_INVALID, CHECKSUM_MISMATCH, MIGRATION_MISSING, OUT_OF_ORDER,
   * MIGRATION_DIRTY, LOCK_UNAVAILABLE, BACKUP_FAILED, INTERRUPTED, or the error that `approve` rejects with.
   */
  async apply(migrations?: Migrations, options: ApplyOptions = {}): Promise<RunReport> {
    refuseOptions('apply', options)
    const target = upTargetOf(options)
    const { allowOutOfOrder = false } = options
    return this.#call(migrations, options, (context, set) =>
      migrate(context, set, { ...runOptionsOf(options), target, allowOutOfOrder }),
    )
  }

  /**
   * Reverts applied migrations under the run lock, in the reverse order of their application; by default the last one.
   * After success they are reverted and their records are removed. A failed `down` stops the rollback: with `each`,
   * migrations reverted before it stay reverted; with `batch`, nothing is reverted.
   *
   * Rejects, with nothing changed, with MIGRATION_IRREVERSIBLE, MIGRATION_MISSING, CHECKSUM_MISMATCH,
   * CONFIRMATION_REQUIRED (everything, without `all` or `force`), LOSS_NOT_ACCEPTED, LOCK_UNAVAILABLE, BACKUP_FAILED,
   * INTERRUPTED, or the error that `approve` rejects with.
   */
  async rollback(migrations?: Migrations, options: RollbackCallOptions = {}): Promise<RunReport> {
    refuseOptions('rollback', options)
    const target = downTargetOf(options)
    const { force = false, all = false, lossTimeoutMs } = options
    return this.#call(migrations, options, async (context, set) =>
      rollback(context, set, {
        ...runOptionsOf(options),
        target,
        force,
        everything: force || all,
        onLoss: (await this.#protectionIn(context)).protected ? 'refuse' : 'tell',
        lossTimeoutMs,
      }),
    )
  }

  /**
   * For severe incidents: reverts everything applied after `baseline`, which stays applied, or everything. It uses one
   * transaction, all or nothing, if every step allows it. It accepts every loss unless `acceptLoss` is false. Otherwise
   * it works like `rollback`.
   */
  async panicRollback(migrations?: Migrations, options: PanicOptions = {}): Promise<RunReport> {
    refuseOptions('panicRollback', options)
    const { baseline: target, reason = 'panic rollback', acceptLoss = true, ...rest } = options
    const extent = target === undefined ? { all: true } : { target }
    return this.rollback(migrations, { ...rest, ...extent, reason, acceptLoss, force: true })
  }

  /**
   * Returns the state of every migration, from files and history. Only reads: takes no lock and creates nothing. If
   * there are no migrations to compare with, applied entries count as applied, not as missing.
   */
  async status(migrations?: Migrations): Promise<StatusReport> {
    const set = this.#setOf(migrations)
    const report = await this.#inCall({}, migrations, (context) => status(context, set ?? NO_FILES))
    return set ? report : asApplied(report)
  }

  /** Alias of `status`. */
  getState(migrations?: Migrations): Promise<StatusReport> {
    return this.status(migrations)
  }

  /**
   * Loads every migration, checks both directions of every SQL text, and compares with the history. Executes no
   * migration and creates nothing. Problems are in the report; the call rejects only if the database can't be queried.
   */
  async validate(migrations?: Migrations): Promise<ValidateReport> {
    return this.#call(migrations, {}, validateWithHistory)
  }

  /**
   * Returns what `apply` would do, or `rollback` with `direction: 'down'`: the SQL, locks and losses, and why the run
   * would be refused (`refusal`). Steps are measured on the scratch server, if there is one; `notes` says what is
   * missing. Reads only the history of the live database. `MigrationPlanReporter` renders the plan.
   */
  async plan(migrations?: Migrations, options: PlanOptions = {}): Promise<PlanFacts> {
    refuseOptions('plan', options)
    const { backup = 'none', certificates = this.#certificates(migrations) } = options
    return this.#call(migrations, options, async (context, set) =>
      planFacts(context, set, await dryRunOf(context, set, options), { certificates, backup }),
    )
  }

  /**
   * Runs each chosen migration up, down and up again on a scratch database that has all earlier migrations, with rows
   * in every table, and compares schema and rows. Requires `scratchUrl`; from the live database it reads only what is
   * pending. A broken migration is a result. The scratch databases are always dropped; a few templates stay on the
   * scratch server for later rehearsals.
   *
   * Rejects with SCRATCH_UNAVAILABLE, TARGET_UNKNOWN (an unknown id), MIGRATION_FILES_INVALID and INTERRUPTED.
   */
  async rehearse(migrations?: Migrations, options: RehearseOptions = {}): Promise<readonly Rehearsal[]> {
    refuseOptions('rehearse', options)
    const { ids, onRehearsal, signal } = options
    return this.#call(migrations, { signal }, async (context, set) => {
      const { migrations: chain, problems } = await loadAll(set)
      if (problems.length > 0) throw invalidFiles(problems)
      const pending = async () => withSession(context, (session) => readStatuses(context, session, set))
      const chosen = await chosenIds(ids, chain, pending)
      if (chosen.size === 0) return []
      return scratchOf(context)((scratch) => rehearse(scratch, chain, { chosen, onProgress: onRehearsal }))
    })
  }

  /**
   * Detects drift between the live schema and the applied migrations. If the newest migration's certificate has the
   * fingerprint of the live schema, nothing else is needed; otherwise the migrations are applied on the scratch server
   * (`scratchUrl`). Reads only the history and the system catalogs of the live database.
   */
  async drift(migrations?: Migrations, options: DriftOptions = {}): Promise<DriftReport> {
    refuseOptions('drift', options)
    const { certificates = this.#certificates(migrations) } = options
    return this.#call(migrations, options, (context, set) =>
      drift(context, set, certificates, (work) => scratchOf(context)(work)),
    )
  }

  /**
   * Adopts a database that already has its schema: records every pending migration up to and including `id` as applied,
   * without running any. All records are written in one transaction, under the run lock; after a failure, none are.
   *
   * Rejects with TARGET_UNKNOWN, MIGRATION_FILES_INVALID, LOCK_UNAVAILABLE.
   */
  async baseline(migrations: Migrations | undefined, id: string, options: WriteOptions = {}): Promise<BaselineReport> {
    refuseOptions('baseline', options)
    return this.#call(migrations, options, (context, set) =>
      baseline(context, set, id, { ...runOptionsOf(options), approve: async () => {} }),
    )
  }

  /**
   * Adopts a database that has no history: writes the first migration of an empty or missing `directory` (default:
   * `migrationsDirectory`) from its schema, proves on the scratch server that the up makes the same schema and that the
   * down removes all of it, and records it as applied under the run lock, without running it. Requires `scratchUrl`.
   * Uses pg_dump if one on the PATH fits the server, otherwise the system catalogs, and reads nothing else of the live
   * database. After a failure there is neither file nor record.
   *
   * Rejects with BASELINE_REFUSED (a history or a migration exists), NOT_SUPPORTED (an object that cannot be written),
   * SCHEMA_NOT_PROVEN, SCRATCH_UNAVAILABLE, LOCK_UNAVAILABLE.
   */
  async baselineFromDatabase(directory?: string, options: FromDatabaseOptions = {}): Promise<WrittenBaseline> {
    refuseOptions('baselineFromDatabase', options)
    const into = directory ?? this.#options.migrationsDirectory
    if (into === undefined) throw refusal('baselineFromDatabase()', NO_DIRECTORY)
    return this.#inCall(options, into, async (context) => {
      const text = this.adapter.script ?? postgresScript
      const place = {
        directory: into,
        id: baselineId(into, options.name, text),
        text,
        environment: environmentOfPrograms(),
      }
      const withScratch = scratchOf(context)
      return writeBaseline(context, place, { ...runOptionsOf(options), approve: async () => {}, withScratch })
    })
  }

  /**
   * Replaces the first migrations of a directory, up to and including `to`, with one. Its up runs their ups in order, and
   * its down their downs in reverse. Proves on the scratch server that it makes the same schema and that its down leaves
   * nothing, then writes it and moves the replaced files aside. Requires `scratchUrl`; reads no live database. After a
   * failure no file is changed. Databases that have all of the replaced migrations have the new one: the next `apply`
   * records it in their place. Databases that have only some of them are refused.
   *
   * Rejects with TARGET_UNKNOWN, MIGRATION_FILES_INVALID, NOT_SUPPORTED (modules, migrations outside a transaction,
   * another tool's directory), SCHEMA_NOT_PROVEN, SCRATCH_UNAVAILABLE.
   */
  async squash(migrations: Migrations | undefined, to: string, options: SquashOptions = {}): Promise<SquashReport> {
    refuseOptions('squash', options)
    const { name, replaced: fate = 'move', dryRun = false } = options
    const directory =
      directoryOf(migrations) ?? (migrations === undefined ? this.#options.migrationsDirectory : undefined)
    if (directory === undefined) throw refusal('squash()', NO_DIRECTORY)
    return this.#call(migrations, options, (context, set) => {
      const script = this.adapter.script ?? postgresScript
      return squashFolder({ set, directory, script, to, name, fate, dryRun }, scratchOf(context))
    })
  }

  /**
   * Corrects one thing in the history, under the run lock: accepts a reviewed edit, clears a dirty mark, drops a record
   * or restores a lost file. Runs no migration code. After a failure the history is unchanged.
   *
   * Rejects with TARGET_NOT_APPLIED, USAGE_INVALID (there is nothing to repair), ARCHIVE_DAMAGED, LOCK_UNAVAILABLE.
   */
  async repair(migrations: Migrations | undefined, what: Repair, options: WriteOptions = {}): Promise<RepairReport> {
    refuseOptions('repair', options)
    return this.#call(migrations, options, (context, set) => repair(context, set, what, runOptionsOf(options)))
  }

  /**
   * Returns what is applied, in the order of application, and the latest attempts from the log, including failures and
   * rollbacks. Only reads.
   */
  async history(options: HistoryOptions = {}): Promise<HistoryReport> {
    refuseOptions('history', options)
    return this.#inCall({}, undefined, (context) =>
      withSession(context, async (session) => ({
        applied: await context.store.read(session),
        attempts: (await context.database.readLog?.(session, options.limit ?? 30)) ?? [],
      })),
    )
  }

  /** Returns whether the database is protected, and what decided it. Reads the database's own mark. */
  async protection(): Promise<Protection> {
    return this.#inCall({}, undefined, (context) => this.#protectionIn(context))
  }

  /** Marks the database as protected for everyone, regardless of how they connect. Rejects with PERMISSION_DENIED. */
  async protect(): Promise<void> {
    return this.#inCall({}, undefined, protect)
  }

  /** Removes the mark. Rejects with CONFIRMATION_REQUIRED unless `name` is the database's. */
  async unprotect(name: string): Promise<void> {
    return this.#inCall({}, undefined, ({ database }) => unprotect(database, name))
  }

  #protectionIn({ database }: Context): Promise<Protection> {
    return protectionOf(database, { setting: this.#options.protected })
  }

  #call<T>(
    migrations: Migrations | undefined,
    options: CallOptions,
    work: (context: Context, set: MigrationSet) => Promise<T>,
  ): Promise<T> {
    const set = this.#setOf(migrations)
    if (!set) throw refusal('MigrationRunner', 'no migrations are given, and there is no migrationsDirectory.')
    return this.#inCall(options, migrations, (context) => work(context, set))
  }

  #inCall<T>(options: CallOptions, given: Migrations | undefined, work: (context: Context) => Promise<T>): Promise<T> {
    return inCall(this.#options, { ...options, directory: directoryOf(given) }, work)
  }

  #setOf(migrations: Migrations | undefined): MigrationSet | undefined {
    return migrationsOf(migrations, this.#options.migrationsDirectory, this.adapter.script ?? postgresScript)
  }

  #certificates(migrations: Migrations | undefined): Certificates {
    const directory = directoryOf(migrations) ?? this.#options.migrationsDirectory
    return directory === undefined ? new Map() : readLockFile(directory)
  }
}

/** The result of `MigrationRunner.history`. */
export interface HistoryReport {
  readonly applied: readonly HistoryEntry[]
  /** Rows of the log table; empty if the history is not kept in the database. */
  readonly attempts: readonly LogRow[]
}

const NO_DIRECTORY = 'it needs a directory of migrations: pass its path, or set migrationsDirectory.'

const NO_FILES: MigrationSet = { files: [], problems: [] }
