/** The public surface of @repo/migrator: everything that a program may use; the commands are in `@repo/migrator/cli`. */
export { defineConfig, type MigratorConfig } from './cli/config.ts'
export type { Certificate, Certificates, StaleCertificate } from './core/certificate.ts'
export type { FileProblem } from './core/file-problem.ts'
export type { HistoryChange, HistoryEntry, Operator, Progress } from './core/history.ts'
export type { KnownLoss, Loss, LostObject } from './core/loss.ts'
export type { Action, Direction, Migration, MigrationContext, MigrationFile, SourceFile } from './core/migration.ts'
export { type Plan, type Problem, planDown, planUp, type Step } from './core/plan.ts'
export type { PlanFacts, PlannedStep } from './core/plan-facts.ts'
export { isUnfinished, type MigrationStatus, reconcile, type State } from './core/reconcile.ts'
export type { RehearsalVerdict } from './core/rehearsal.ts'
export type { LockTaken, StatementFacts } from './core/statement-facts.ts'
export type { DownTarget, UpTarget } from './core/target.ts'
export { defineMigration, type MigrationDefinition } from './define-migration.ts'
export { type ErrorCode, type ExitCode, errorTable, MigratorError } from './errors.ts'
export { type Directory, readDirectory } from './load/directory.ts'
export { loadMigrations } from './load/index.ts'
export { readLockFile } from './load/lock-file.ts'
export type { BaselineReport } from './operations/baseline.ts'
export type { MigrationSet, RunOptions } from './operations/context.ts'
export type { Proposal } from './operations/course.ts'
export type { DriftReport } from './operations/drift.ts'
export { factsOfDryRun } from './operations/plan.ts'
export type { Rehearsal } from './operations/rehearse.ts'
export type { Repair, RepairReport } from './operations/repair.ts'
export type { RunReport } from './operations/report.ts'
export type { StepResult } from './operations/run.ts'
export { readStates } from './operations/states.ts'
export type { StatusReport } from './operations/status.ts'
export type { ValidateReport } from './operations/validate.ts'
export type {
  BackupDescription,
  BackupHandle,
  BackupProgress,
  BackupProvider,
  BackupRecord,
  BackupScope,
  BackupStep,
  BackupWatch,
  ManagedBackupProvider,
  RestoredPlace,
  RestoreOccasion,
  StoredBackup,
} from './ports/backup.ts'
export type { KeptData, KeptRows, PutBackRows } from './ports/kept-data.ts'
export type {
  Archive,
  Catalog,
  Clock,
  Database,
  DatabaseLocation,
  ErrorReport,
  EventSink,
  HistoryStore,
  LogRow,
  RunEvent,
  RunLock,
  Session,
} from './ports.ts'
export { PostgresAdapter, type PostgresAdapterOptions } from './postgres/adapter.ts'
export { openPool, type PoolOptions } from './postgres/pool.ts'
export { TableStateStore } from './postgres/table-state-store.ts'
export { MigrationPlanReporter, type PlanFormat } from './report/plan-report.ts'
export type { MigrationInput, Migrations } from './runner/migrations.ts'
export type {
  ApplyOptions,
  CallOptions,
  DownExtent,
  DriftOptions,
  HistoryOptions,
  MigrationRunnerOptions,
  PanicOptions,
  PlanOptions,
  RehearseOptions,
  RollbackCallOptions,
  RunCallOptions,
  UpExtent,
  WriteOptions,
} from './runner/options.ts'
export { type HistoryReport, MigrationRunner } from './runner.ts'
export { FileStateStore } from './state-file/file-state-store.ts'
