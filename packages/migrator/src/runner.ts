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
import { loadAll } from './load/index.ts'
import { readLockFile } from './load/lock-file.ts'
import type { Database } from './ports/database.ts'
import type { LogRow } from './ports/events.ts'
import type { HistoryStore } from './ports/history-store.ts'
import type { Protection } from './ports/protection.ts'
import { inCall } from './runner/call.ts'
import { chosenIds } from './runner/chosen.ts'
import { defined, directoryOf, type MigrationInput, type Migrations, migrationsOf } from './runner/migrations.ts'
import {
  type ApplyOptions,
  type CallOptions,
  type DriftOptions,
  type HistoryOptions,
  type MigrationRunnerOptions,
  type PanicOptions,
  type PlanOptions,
  type RehearseOptions,
  type RollbackCallOptions,
  refuseOptions,
  type WriteOptions,
} from './runner/options.ts'
import { dryRunOf } from './runner/plan.ts'
import { runOptionsOf } from './runner/run-options.ts'
import { scratchOf } from './runner/scratch.ts'
import { downTargetOf, upTargetOf } from './runner/targets.ts'
import { asApplied } from './runner/without-files.ts'

/**
 * Plans, runs and reverts migrations. Every call opens its own sessions, takes the run lock for as long as it runs where it
 * writes, owns its transactions, and closes all of its sessions before it settles. It reads files and history anew: nothing
 * is kept from one call to the next. Calls may overlap: of two runs on one history the second waits for the run lock, as it
 * would in another process.
 *
 * `migrations` are a directory, what `readDirectory` or `loadMigrations` made of one, or definitions written in place; without
 * any, `migrationsDirectory` is read.
 *
 * A failed step is a result, not an exception: look at `report.error`. What is refused before anything has run (broken
 * files, an edited migration, a lock that is not free …) rejects with a `MigratorError`; an option that does not exist or
 * can't have that value, with USAGE_INVALID.
 */
export class MigrationRunner {
  readonly #options: MigrationRunnerOptions

  constructor(options: MigrationRunnerOptions) {
    refuseOptions('MigrationRunner', options)
    if (!options.adapter) throw refusal('MigrationRunner', 'adapter is missing.', 'adapter')
    this.#options = options
  }

  /** The database that it runs against. */
  get adapter(): Database {
    return this.#options.adapter
  }

  /** Where it keeps the history. */
  get stateStore(): HistoryStore {
    return this.#options.stateStore ?? this.adapter.historyStore
  }

  /** The same runner over another adapter. */
  over(adapter: Database): MigrationRunner {
    return new MigrationRunner({ ...this.#options, adapter })
  }

  /** Migrations as they run: those written in place are checked, and get their checksums. */
  define(migrations: readonly MigrationInput[]): readonly Migration[] {
    return defined(migrations)
  }

  /**
   * Applies pending migrations, under the run lock. After success all steps are applied and recorded. After a failure nothing
   * of this call stays applied, unless `onFailure` is `stop` or `error.details` says what could not be rolled back.
   *
   * Rejects, with nothing changed, with MIGRATION_FILES_INVALID, CHECKSUM_MISMATCH, MIGRATION_MISSING, OUT_OF_ORDER,
   * MIGRATION_DIRTY, LOCK_UNAVAILABLE, BACKUP_FAILED, INTERRUPTED, and what `approve` rejects with.
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
   * Reverts applied migrations, the newest first in the order of application, under the run lock; by default the last one.
   * After success they are reverted and their records gone. A `down` that fails stops there: what was reverted before it stays
   * reverted in `each`, and comes back in `batch`.
   *
   * Rejects, with nothing changed, with MIGRATION_IRREVERSIBLE, MIGRATION_MISSING, CHECKSUM_MISMATCH, CONFIRMATION_REQUIRED
   * (everything, without `all` or `force`), LOSS_NOT_ACCEPTED, LOCK_UNAVAILABLE, BACKUP_FAILED, INTERRUPTED, and what `approve`
   * rejects with.
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
   * For severe incidents: reverts everything applied after `baseline` (it stays), or everything. In one transaction where every
   * step allows it: all, or nothing. It accepts every loss, unless `acceptLoss` is false. Otherwise as `rollback`.
   */
  async panicRollback(migrations?: Migrations, options: PanicOptions = {}): Promise<RunReport> {
    refuseOptions('panicRollback', options)
    const { baseline: target, reason = 'panic rollback', acceptLoss = true, ...rest } = options
    const extent = target === undefined ? { all: true } : { target }
    return this.rollback(migrations, { ...rest, ...extent, reason, acceptLoss, force: true })
  }

  /**
   * Where every migration stands, from files and history. Reads only: takes no lock and creates nothing. Without any
   * migrations, what is applied counts as applied and not as missing.
   */
  async status(migrations?: Migrations): Promise<StatusReport> {
    const set = this.#setOf(migrations)
    const report = await this.#inCall({}, migrations, (context) => status(context, set ?? NO_FILES))
    return set ? report : asApplied(report)
  }

  /** Another name of `status`. */
  getState(migrations?: Migrations): Promise<StatusReport> {
    return this.status(migrations)
  }

  /**
   * Loads every migration, checks both directions of every SQL text, and compares with the history. Executes no migration and
   * creates nothing. Problems are in the report; it rejects only when the database can't be asked.
   */
  async validate(migrations?: Migrations): Promise<ValidateReport> {
    return this.#call(migrations, {}, validateWithHistory)
  }

  /**
   * What `apply`, or with `direction: 'down'` what `rollback`, would do: its SQL, its locks, its losses, and why it would be
   * refused (`refusal`). Steps are measured on the scratch server, where there is one; `notes` say what is missing. Reads the
   * live database's history only. `MigrationPlanReporter` renders it.
   */
  async plan(migrations?: Migrations, options: PlanOptions = {}): Promise<PlanFacts> {
    refuseOptions('plan', options)
    const { backup = 'none', certificates = this.#certificates(migrations) } = options
    return this.#call(migrations, options, async (context, set) =>
      planFacts(context, set, await dryRunOf(context, set, options), { certificates, backup }),
    )
  }

  /**
   * Runs each chosen migration up, down and up again on a scratch database that has all before it, with rows in every table, and
   * compares schema and rows. Needs `scratchUrl`; the live database is asked only what is pending. A broken migration is a
   * result. Its scratch databases are dropped, whatever happened; a few templates stay on the scratch server for the next time.
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
   * Compares the live schema with what its applied migrations lead to. Where the newest one's certificate has the live
   * schema's fingerprint nothing else is needed; otherwise the migrations are applied on the scratch server (`scratchUrl`).
   * Reads the live database's history and system catalogs only.
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
   * without running any. All records are written in one transaction, under the run lock; after a failure none is.
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
   * Corrects one thing in the history, under the run lock: accepts a reviewed edit, clears a dirty mark, drops a record or
   * writes a lost file again. Runs nothing of any migration. After a failure the history is as it was.
   *
   * Rejects with TARGET_NOT_APPLIED, USAGE_INVALID (there is nothing to repair), ARCHIVE_DAMAGED, LOCK_UNAVAILABLE.
   */
  async repair(migrations: Migrations | undefined, what: Repair, options: WriteOptions = {}): Promise<RepairReport> {
    refuseOptions('repair', options)
    return this.#call(migrations, options, (context, set) => repair(context, set, what, runOptionsOf(options)))
  }

  /**
   * What is applied, in the order of application, and the newest attempts of the log: failures and rollbacks too. Reads only.
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

  /** Whether the database is protected, and what says so. Reads its own mark. */
  async protection(): Promise<Protection> {
    return this.#inCall({}, undefined, (context) => this.#protectionIn(context))
  }

  /** Marks the database as protected, for everybody who reaches it and however. Rejects with PERMISSION_DENIED. */
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

/** What `MigrationRunner.history` answers. */
export interface HistoryReport {
  readonly applied: readonly HistoryEntry[]
  /** Lines of the log table; empty where the history is not kept in the database. */
  readonly attempts: readonly LogRow[]
}

const NO_FILES: MigrationSet = { files: [], problems: [] }
