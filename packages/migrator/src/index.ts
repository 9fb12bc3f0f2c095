/** The public surface of @repo/migrator: everything that a program may use; the commands are in `@repo/migrator/cli`. */
export { defineConfig, type MigratorConfig } from './cli/config.ts'
export type { Certificate, Certificates, LostObject, StaleCertificate } from './core/certificate.ts'
export type { FileProblem } from './core/file-problem.ts'
export type { CatalogDigest, HistoryChange, HistoryEntry, Operator, Progress } from './core/history.ts'
export type { Loss } from './core/loss.ts'
export type { Action, Direction, Migration, MigrationContext, MigrationFile, SourceFile } from './core/migration.ts'
export { type Plan, type Problem, planDown, planUp, type Step } from './core/plan.ts'
export type { PlanFacts, PlannedStep } from './core/plan-facts.ts'
export { isUnfinished, type MigrationStatus, reconcile, type State } from './core/reconcile.ts'
export type { RehearsalVerdict } from './core/rehearsal.ts'
export type { LockTaken, StatementFacts } from './core/statement-facts.ts'
export type { DownTarget, UpTarget } from './core/target.ts'
export { defineMigration, type MigrationDefinition } from './define-migration.ts'
export { PostgresAdapter, type PostgresAdapterOptions } from './dialects/postgres/adapter.ts'
export type { GivenClient } from './dialects/postgres/given-client/client.ts'
export { TableStateStore } from './dialects/postgres/history/table-state-store.ts'
export { openPool, type PoolOptions } from './dialects/postgres/wire/pool.ts'
export type { BaselineReport } from './engine/history/baseline.ts'
export type { Repair, RepairReport } from './engine/history/repair.ts'
export { readStates } from './engine/history/states.ts'
export type { StatusReport } from './engine/history/status.ts'
export type { ValidateReport } from './engine/history/validate.ts'
export { factsOfDryRun } from './engine/preview/plan.ts'
export type { DriftReport } from './engine/rehearse/drift.ts'
export type { Rehearsal } from './engine/rehearse/rehearse.ts'
export type { MigrationSet, RunOptions } from './engine/run/context.ts'
export type { RunReport } from './engine/run/report.ts'
export type { Proposal } from './engine/run/run-kind.ts'
export type { StepResult } from './engine/run/types.ts'
export { type ErrorCode, type ExitCode, errorTable, MigratorError } from './errors.ts'
export type { Directory } from './load/directory.ts'
export { readLockFile } from './load/lock-file.ts'
export { loadMigrations, readDirectory } from './migration-files.ts'
export type { Activity } from './ports/activity.ts'
export type { Archive } from './ports/archive.ts'
export type {
  BackupDescription,
  BackupHandle,
  BackupProgress,
  BackupProvider,
  BackupRecord,
  BackupScope,
  BackupStep,
  BackupStore,
  BackupWatch,
  ManagedBackupProvider,
  RestoredPlace,
  RestoreOccasion,
  StoredBackup,
} from './ports/backup.ts'
export type { Catalog } from './ports/catalog.ts'
export type { Clock } from './ports/clock.ts'
export type { Database, DatabaseAddress, SessionOptions } from './ports/database.ts'
export type { ErrorReport, EventLog, EventSink, LogRow, RunEvent } from './ports/events.ts'
export type { HistoryStore } from './ports/history-store.ts'
export type { KeptData, KeptRows, Losses, PutBackRows } from './ports/kept-data.ts'
export type { DatabaseLocation } from './ports/location.ts'
export type { ProtectedSetting, Protection, ProtectionMark, ProtectionMarks } from './ports/protection.ts'
export type { LockHolder, RunLock } from './ports/run-lock.ts'
export type { SchemaScript, SchemaSource, SchemaSourceOptions } from './ports/schema-source.ts'
export type { Session } from './ports/session.ts'
export { FileStateStore } from './providers/file/file-state-store.ts'
export { MigrationPlanReporter, type PlanFormat } from './report/plan-report.ts'
export type { WrittenBaseline } from './runner/baseline-from-database.ts'
export type { MigrationInput, Migrations } from './runner/migrations.ts'
export type {
  ApplyOptions,
  CallOptions,
  DownExtent,
  DriftOptions,
  FromDatabaseOptions,
  HistoryOptions,
  MigrationRunnerOptions,
  PanicOptions,
  PlanOptions,
  RehearseOptions,
  RollbackCallOptions,
  RunCallOptions,
  SquashOptions,
  UpExtent,
  WriteOptions,
} from './runner/options.ts'
export type { SquashReport } from './runner/squash.ts'
export { type HistoryReport, MigrationRunner } from './runner.ts'
