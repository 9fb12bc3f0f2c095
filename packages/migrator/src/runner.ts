import { randomUUID } from 'node:crypto'
import { systemClock } from './clock.ts'
import { harmlessly, textOfError } from './core/harmless.ts'
import type { Operator } from './core/history.ts'
import type { Migration, MigrationFile } from './core/migration.ts'
import { once } from './core/once.ts'
import type { MigrationStatus } from './core/reconcile.ts'
import type { DownTarget, UpTarget } from './core/target.ts'
import { defineMigration, type MigrationDefinition } from './define-migration.ts'
import { createArchive } from './load/archive.ts'
import { type Context, defaultRunOptions, type MigrationSet, type RunOptions } from './operations/context.ts'
import type { Proposal } from './operations/course.ts'
import { migrate } from './operations/migrate.ts'
import type { RunReport } from './operations/report.ts'
import { rollback } from './operations/rollback.ts'
import { type StatusReport, status } from './operations/status.ts'
import { readOperator } from './operator.ts'
import type { BackupProvider } from './ports/backup.ts'
import type { Database, EventSink, HistoryStore, RunEvent } from './ports.ts'
import { fanOut, lazyLog } from './report/fan-out.ts'
import { jsonLinesSink } from './report/json-lines.ts'
import { connectionsOf } from './runner/connections.ts'
import { toolVersion } from './version.ts'

export interface MigrationRunnerOptions {
  /** The database, for instance a `PostgresAdapter`. The runner does not close it. */
  readonly adapter: Database
  /** Where the history is kept. Default: a table of the database itself, the only store that commits with a step. */
  readonly stateStore?: HistoryStore
  /** Who is recorded. Default: the user of this process, its host and git commit. */
  readonly operator?: Operator
  /** Appends every event to this file as JSON Lines. Default: none. */
  readonly logFile?: string
  /** Where the migrations lie, so that an archived module finds its packages. Default: the working directory. */
  readonly migrationsDirectory?: string
  /** Receives what could not be logged or listened to. Default: `process.emitWarning`. It can't disturb a run either. */
  readonly onWarning?: (message: string) => unknown
}

/** A loaded migration (`loadMigrations`), or one written in place: `{ id, up, down }`. */
export type MigrationInput = Migration | MigrationDefinition

interface CallOptions extends Partial<Omit<RunOptions, 'backup' | 'preserveData' | 'acceptLoss'>> {
  /** Only plans: takes no lock, creates and changes nothing. */
  readonly dryRun?: boolean
  /**
   * Receives every event of the run, redacted, as it happens. It can't disturb the run: what it throws or rejects with is one
   * warning, and a promise that it returns is not waited for.
   */
  readonly onProgress?: (event: RunEvent) => unknown
  /** Takes a backup before anything changes, and puts it back after a failed run where it can; see `BackupProvider`. */
  readonly backupProvider?: BackupProvider
  /** Asked under the run lock, before anything has happened; rejecting stops the run. Default: agrees. */
  readonly approve?: (proposal: Proposal) => Promise<void>
  /** Aborting stops the run: a step in a transaction is undone, one outside is finished. */
  readonly signal?: AbortSignal
}

export interface ApplyOptions extends CallOptions {
  /** Default: all that is pending. */
  readonly target?: UpTarget
  readonly allowOutOfOrder?: boolean
}

export interface RollbackCallOptions extends CallOptions {
  /** Default: the last applied migration. */
  readonly target?: DownTarget
  /** See `DownRules.force`; it also agrees to reverting everything. */
  readonly force?: boolean
  /** Keeps what is destroyed, in the schema `migration_preserved`; the next `apply` of the same migration puts it back. */
  readonly preserveData?: boolean
  /**
   * Destroys what is there. Without it, and without `preserveData`, a rollback of a database that is not local rejects with
   * LOSS_NOT_ACCEPTED when it would destroy something.
   */
  readonly acceptLoss?: boolean
  /** How long to count what would be destroyed, before estimating. Default 2,000. */
  readonly lossTimeoutMs?: number
  /** Runs a module's archived source although git does not know it: the caller has looked at it. */
  readonly acceptArchived?: boolean
}

/**
 * Plans, runs and reverts migrations. Every call opens its own sessions, takes the run lock for as long as it runs, owns
 * its transactions, and closes all of its sessions before it settles. Calls may overlap: of two runs on one history the
 * second waits for the run lock, as it would in another process.
 *
 * A failed step is a result, not an exception: look at `report.error`. What is refused before anything has run (broken
 * files, an edited migration, a lock that is not free …) rejects with a `MigratorError`.
 */
export class MigrationRunner {
  readonly #options: MigrationRunnerOptions
  #known: readonly MigrationFile[] | undefined

  constructor(options: MigrationRunnerOptions) {
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
    return migrations.map((input) => ('sources' in input ? input : defineMigration(input)))
  }

  /** Applies pending migrations; see `migrate`. After a failure nothing of this call stays applied, unless `onFailure` is `stop`. */
  apply(migrations: readonly MigrationInput[], options: ApplyOptions = {}): Promise<RunReport> {
    return this.#call(options, (context) =>
      migrate(context, this.#remember(migrations), {
        ...defaultRunOptions,
        ...options,
        backup: options.backupProvider,
        target: options.target ?? { kind: 'latest' },
        allowOutOfOrder: options.allowOutOfOrder ?? false,
        dryRun: options.dryRun ?? false,
        approve: options.approve ?? agree,
      }),
    )
  }

  /** Reverts applied migrations, the newest first; see `rollback`. */
  rollback(migrations: readonly MigrationInput[], options: RollbackCallOptions = {}): Promise<RunReport> {
    return this.#call(options, (context) =>
      rollback(context, this.#remember(migrations), {
        ...defaultRunOptions,
        ...options,
        backup: options.backupProvider,
        target: options.target ?? { kind: 'count', count: 1 },
        force: options.force ?? false,
        everything: options.force ?? false,
        onLoss: this.#options.adapter.location.local ? 'tell' : 'refuse',
        dryRun: options.dryRun ?? false,
        approve: options.approve ?? agree,
      }),
    )
  }

  /**
   * For severe incidents: reverts everything applied after `baseline` (it stays), or everything there is. In one
   * transaction where every step allows it: all, or nothing. It accepts every loss, unless `acceptLoss` is false.
   */
  panicRollback(
    migrations: readonly MigrationInput[],
    options: Omit<RollbackCallOptions, 'target'> & { readonly baseline?: string } = {},
  ): Promise<RunReport> {
    const { baseline, ...rest } = options
    const target: DownTarget = baseline === undefined ? { kind: 'empty' } : { kind: 'id', id: baseline }
    return this.rollback(migrations, { reason: 'panic rollback', acceptLoss: true, ...rest, target, force: true })
  }

  /**
   * Where every migration stands, from the history and the migrations given here or last. Reads only. Without any
   * migrations what is applied counts as applied, not as missing.
   */
  async getState(migrations?: readonly MigrationInput[]): Promise<StatusReport> {
    if (migrations) this.#remember(migrations)
    const report = await this.#call({}, (context) => status(context, { files: this.#known ?? [], problems: [] }))
    return this.#known ? report : { ...report, ...withoutFiles(report.migrations) }
  }

  #remember(migrations: readonly MigrationInput[]): MigrationSet {
    this.#known = this.define(migrations).map((migration) => ({ ...migration, load: async () => migration }))
    return { files: this.#known, problems: [] }
  }

  async #call<T>(
    options: CallOptions & { acceptArchived?: boolean },
    work: (context: Context) => Promise<T>,
  ): Promise<T> {
    const { stateStore } = this
    const { database, close } = connectionsOf(this.adapter)
    const { migrationsDirectory = process.cwd() } = this.#options
    const archive = createArchive({ migrationsDirectory, accept: options.acceptArchived ? 'shown' : 'repository' })
    const operator = once(async () => this.#options.operator ?? readOperator({}, process.cwd()))
    const log = stateStore.commitsWithStep
      ? lazyLog(async () => database.log(await operator(), this.#warn), this.#warn)
      : undefined
    const events = fanOut([...(log ? [log] : []), ...this.#sinks(options.onProgress, operator)], this.#warn)
    const signal = options.signal ?? new AbortController().signal
    try {
      return await work({
        database,
        store: stateStore,
        events,
        clock: systemClock,
        archive,
        runId: randomUUID(),
        operator,
        toolVersion,
        signal,
      })
    } finally {
      await events.flush()
      await log?.close()
      await close()
      await archive.dispose()
    }
  }

  #sinks(
    onProgress: ((event: RunEvent) => unknown) | undefined,
    operator: () => Promise<Operator>,
  ): readonly EventSink[] {
    const { logFile } = this.#options
    const listener = onProgress ? [{ emit: onProgress, flush: async () => {} }] : []
    return logFile === undefined ? listener : [...listener, jsonLinesSink(logFile, operator, this.#warn)]
  }

  readonly #warn = (message: string): void => {
    const { onWarning = process.emitWarning } = this.#options
    harmlessly(
      () => onWarning(message),
      (error) => process.emitWarning(`onWarning failed: ${textOfError(error)}`),
    )
  }
}

async function agree(): Promise<void> {}

function withoutFiles(migrations: readonly MigrationStatus[]): Pick<StatusReport, 'migrations' | 'summary'> {
  const known = migrations.map(
    (each): MigrationStatus => (each.state === 'missing' ? { ...each, state: 'applied' } : each),
  )
  const dirty = known.filter(({ state }) => state === 'dirty').length
  const summary = {
    applied: known.length - dirty,
    pending: 0,
    dirty,
    changed: 0,
    missing: 0,
    'out-of-order': 0,
    irreversible: 0,
  }
  return { migrations: known, summary }
}
