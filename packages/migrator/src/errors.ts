import { sentence } from './core/sentence.ts'

/**
 * The single table of expected errors: code → exit code and what to do next. Exit codes: 0 done · 1 failed · 2 wrong
 * usage, config or migration files · 3 stopped by a safety rule · 4 the run lock was not obtained · 5 a `--check` found
 * something · 130 interrupted.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 130

/** Exit code and usual hint of every error code: docs/reference/errors.md. */
export const errorTable = {
  USAGE_INVALID: { exit: 2, hint: 'Run the command with --help to see its options.' },
  CONFIG_INVALID: { exit: 2, hint: 'Correct migrator.config.ts; docs/reference/configuration.md lists every setting.' },
  DATABASE_URL_INVALID: {
    exit: 2,
    hint: 'Write it as postgresql://user:password@host:5432/database; percent-encode special characters.',
  },
  DATABASE_NOT_NAMED: { exit: 2, hint: 'Set DATABASE_URL, or add --embedded for an embedded PostgreSQL.' },
  MIGRATIONS_DIRECTORY_MISSING: { exit: 2, hint: 'Create it, or name another with --migrations DIR.' },
  MIGRATIONS_NOT_RECOGNISED: {
    exit: 2,
    hint: 'Name the folder that holds the migrations with --migrations DIR; docs/guides/adopting.md lists the formats.',
  },
  MIGRATION_FILES_INVALID: { exit: 2, hint: 'Correct the files named above; nothing was run.' },
  MIGRATION_EXISTS: { exit: 2, hint: 'Choose another name.' },
  TARGET_UNKNOWN: { exit: 2, hint: 'db:migrate:status lists the ids.' },
  TARGET_NOT_APPLIED: { exit: 2, hint: 'db:migrate:status shows what is applied.' },
  HISTORY_TABLE_INCOMPATIBLE: {
    exit: 2,
    hint: 'Another tool owns this table; nothing was changed. Name another one with historyTable in migrator.config.ts; then db:import adopts its history.',
  },
  HISTORY_NOT_FOUND: { exit: 2, hint: 'Name its tool or its table: db:import drizzle, db:import schema.table.' },
  HISTORY_NOT_IMPORTED: { exit: 3, hint: 'Nothing was changed. Take the other history over first, with db:import.' },
  IMPORT_REFUSED: {
    exit: 3,
    hint: 'Restore the files of these rows, or import the others with --skip-unmatched. Nothing was written.',
  },
  BASELINE_REFUSED: {
    exit: 3,
    hint: 'Record existing migrations with db:baseline ID. Nothing was written.',
  },
  SCHEMA_NOT_PROVEN: {
    exit: 3,
    hint: 'Nothing was written. Change what is named above in the database, or write the migration by hand and record it with db:baseline ID.',
  },
  STATE_FILE_INVALID: { exit: 2, hint: 'Restore the state file from a copy, or name another one.' },
  CONNECTION_FAILED: { exit: 1, hint: 'Check that the server runs and that host and port in DATABASE_URL are right.' },
  AUTHENTICATION_FAILED: { exit: 1, hint: 'Check the user and password; the connection comes from DATABASE_URL.' },
  DATABASE_READ_ONLY: {
    exit: 1,
    hint: 'Connect to the primary; or, if it is one, find out who set default_transaction_read_only (ALTER DATABASE or ALTER ROLE … RESET undoes it).',
  },
  POOLER_UNSUITABLE: {
    exit: 2,
    hint: 'Set pool_mode to transaction or session, or point DATABASE_URL at the server itself.',
  },
  DATABASE_NOT_FOUND: { exit: 1, hint: 'Create the database, or correct its name in DATABASE_URL.' },
  DATABASE_UNSUPPORTED: {
    exit: 2,
    hint: 'Use PostgreSQL 14 or later, on a server of your own or hosted (RDS, Aurora, Cloud SQL, Supabase, Neon and others).',
  },
  PERMISSION_DENIED: {
    exit: 1,
    hint: "Connect as a role that owns the schema, or grant it CREATE on the schema of the history table, and SELECT, INSERT, UPDATE and DELETE on the migrator's tables.",
  },
  EMBEDDED_SERVER_FAILED: { exit: 1, hint: 'Run db:start to try again, or set DATABASE_URL to a server of your own.' },
  MIGRATION_FAILED: { exit: 1, hint: 'Correct the migration, then run db:migrate again.' },
  ROLLBACK_FAILED: {
    exit: 1,
    hint: 'Nothing further was reverted. Look at db:migrate:status, then see docs/runbooks/rollback.md.',
  },
  ROLLBACK_NOT_PROVEN: {
    exit: 1,
    hint: 'Fix the down or the up of the migrations named above; see docs/guides/testing-rollbacks.md.',
  },
  RECOVERY_FAILED: {
    exit: 3,
    hint: 'Nothing further was done. See docs/runbooks/rollback.md, "A migration is dirty"; then db:repair clear-dirty ID --as applied|pending.',
  },
  LOCK_UNAVAILABLE: { exit: 4, hint: 'Another run holds the run lock. Wait for it, then run the command again.' },
  LOCK_LOST: { exit: 1, hint: 'Look at db:migrate:status, then run the command again.' },
  DEADLOCK: {
    exit: 1,
    hint: 'The step was rolled back. Run the command again when fewer sessions write to these tables; --lock-retries sets the number of retries.',
  },
  SERIALIZATION_FAILURE: {
    exit: 1,
    hint: 'The step was rolled back. Run the command again when fewer sessions write to these tables; --lock-retries sets the number of retries.',
  },
  HISTORY_NOT_WRITTEN: {
    exit: 1,
    hint: 'Correct what keeps the history store from writing, then bring its records in line with what is named above before the next run; otherwise the next run repeats the step.',
  },
  HISTORY_CHANGED: { exit: 1, hint: 'Look at db:migrate:status, then run the command again.' },
  LOCK_TIMEOUT: {
    exit: 1,
    hint: 'Another session kept a table locked. End it or wait, then run the command again; --lock-timeout and --lock-retries set how long to try.',
  },
  CONNECTION_LOST: { exit: 1, hint: 'Look at db:migrate:status, then run the command again.' },
  STATEMENT_TIMEOUT: { exit: 1, hint: 'Raise --statement-timeout, or make the step smaller.' },
  SWALLOWED_ERROR: {
    exit: 1,
    hint: 'Let the error propagate, or wrap the attempt in db.transaction() so that only it is undone.',
  },
  NOT_AWAITED: {
    exit: 1,
    hint: 'Write await before every database call, and await every promise that contains one (Promise.all for a loop).',
  },
  TRANSACTION_CONTROL: {
    exit: 1,
    hint: 'Remove BEGIN/COMMIT/ROLLBACK: the migrator opens the transaction. Or set transaction=false and run statement by statement.',
  },
  VERIFICATION_FAILED: { exit: 1, hint: 'The step was undone. Correct the migration or its verify().' },
  VALIDATION_FAILED: {
    exit: 1,
    hint: 'Nothing of this step ran. Fix what its validate() reports, then run the command again.',
  },
  INVALID_INDEX: { exit: 1, hint: 'Drop the invalid index (DROP INDEX CONCURRENTLY), then run the command again.' },
  CHECKSUM_MISMATCH: {
    exit: 3,
    hint: 'Restore the applied file and put the change in a new migration. If the edit was reviewed: db:repair accept-checksum ID.',
  },
  MIGRATION_MISSING: {
    exit: 3,
    hint: 'Restore the file from git, or with db:repair restore-file ID.',
  },
  OUT_OF_ORDER: { exit: 3, hint: 'Renumber the new migration, or run it as it is with --allow-out-of-order.' },
  MIGRATION_DIRTY: {
    exit: 3,
    hint: 'Run db:migrate without --no-auto-recover to recover, or inspect the database and use db:repair clear-dirty ID --as applied|pending.',
  },
  MIGRATION_IRREVERSIBLE: { exit: 3, hint: 'Restore a backup to a new place instead; see docs/runbooks/rollback.md.' },
  ARCHIVE_UNTRUSTED: {
    exit: 3,
    hint: 'Restore the file from git. Or read the archived source above and run it with --accept-archived.',
  },
  ARCHIVE_DAMAGED: {
    exit: 3,
    hint: 'Restore the file from git. As a last resort --force drops the record without running anything.',
  },
  LOSS_NOT_ACCEPTED: {
    exit: 3,
    hint: 'Keep the data for the next db:migrate with --preserve-data, take a backup (--snapshot, --backup NAME), or accept the loss with --accept-loss. Nothing was changed.',
  },
  DATA_NOT_PRESERVED: {
    exit: 3,
    hint: 'Write the down as plain SQL statements, or take a backup (--backup NAME) and add --accept-loss.',
  },
  PRESERVED_DATA_UNKNOWN: { exit: 2, hint: 'db:preserved list shows what is preserved, with its ids.' },
  PRESERVED_DATA_UNFIT: {
    exit: 3,
    hint: 'Nothing was changed. db:preserved show ID lists its rows; choose some with --key COLUMN=VALUE, or take what you need with SQL.',
  },
  CONFIRMATION_REQUIRED: { exit: 3, hint: 'Confirm on a terminal, or with the option named above.' },
  PROTECTED_DATABASE: { exit: 3, hint: 'This command is for local databases only.' },
  NOT_SUPPORTED: {
    exit: 2,
    hint: 'This database does not support the option named above; leave it out. Nothing was run.',
  },
  BACKUP_REQUIRED: {
    exit: 3,
    hint: 'Add --snapshot or --backup NAME, or decline it with --no-backup --reason "why".',
  },
  BACKUP_FAILED: { exit: 1, hint: 'Nothing was changed. Fix the cause, then run the command again.' },
  BACKUP_UNAVAILABLE: {
    exit: 2,
    hint: 'See docs/reference/configuration.md, "Backups", for what each provider needs.',
  },
  BACKUP_TIMEOUT: {
    exit: 1,
    hint: 'Nothing was changed. The backup may still become available (see db:snapshot list). To wait longer, use --snapshot-timeout.',
  },
  BACKUP_NOT_FOUND: { exit: 2, hint: 'db:snapshot list shows the existing backups.' },
  AWS_SOURCE_UNKNOWN: { exit: 2, hint: 'Name it with --db-instance ID or --db-cluster ID.' },
  AWS_SOURCE_UNAVAILABLE: { exit: 1, hint: 'Wait until its status is "available", then run the command again.' },
  AWS_QUOTA_EXCEEDED: {
    exit: 1,
    hint: 'Remove snapshots that nobody needs (db:snapshot prune), or ask AWS for a higher quota.',
  },
  AWS_ACCESS_DENIED: {
    exit: 1,
    hint: 'Grant the permission named above; docs/reference/iam-policy.md has the whole policy.',
  },
  AWS_CREDENTIALS_INVALID: {
    exit: 1,
    hint: 'Sign in again (aws sso login), or renew the credentials, then run the command again.',
  },
  AWS_REGION_MISMATCH: {
    exit: 2,
    hint: 'Correct AWS_REGION or backups.rds.region, or remove it: the endpoint names the region.',
  },
  AWS_UNREACHABLE: { exit: 1, hint: 'Check the network and AWS_ENDPOINT_URL_RDS, then run the command again.' },
  AWS_FAILED: { exit: 1, hint: 'Run the command again; --verbose shows the response from AWS.' },
  RESTORE_ELSEWHERE: { exit: 2, hint: 'Restore it to a new place: db:restore ID --to NEW_NAME.' },
  RESTORE_TARGET_EXISTS: {
    exit: 2,
    hint: 'Choose another name with --to NEW_NAME; a restore never replaces anything.',
  },
  RESTORE_FAILED: { exit: 1, hint: 'The old database is untouched. See docs/runbooks/restore.md.' },
  SCRATCH_UNAVAILABLE: {
    exit: 1,
    hint: 'Name a PostgreSQL server and a role with CREATEDB with --scratch-url.',
  },
  REHEARSAL_FAILED: { exit: 1, hint: 'Correct the migrations named above, then run db:rehearse again.' },
  LOCK_FILE_INVALID: {
    exit: 2,
    hint: 'Restore migrations.lock.json from git, or regenerate it with db:rehearse --all --write.',
  },
  CHECK_FAILED: { exit: 5, hint: 'db:migrate:status shows the state of every migration.' },
  INTERRUPTED: { exit: 130, hint: 'Look at db:migrate:status, then run the command again.' },
} as const satisfies Record<string, { exit: ExitCode; hint: string }>

export type ErrorCode = keyof typeof errorTable

/** What to do next where the error itself says nothing better. */
export function usualHint(code: ErrorCode): string {
  return errorTable[code].hint
}

export interface ErrorInit {
  readonly hint?: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * An expected error. `message` says what happened and to which object, `hint` what to do next; `details` is
 * machine-readable and appears in `--json`. A plain `Error` is a bug and keeps its stack.
 */
export class MigratorError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, init: ErrorInit = {}) {
    super(sentence(message), 'cause' in init ? { cause: init.cause } : undefined)
    this.name = 'MigratorError'
    this.code = code
    this.hint = init.hint ?? usualHint(code)
    this.details = init.details ?? {}
  }

  get exitCode(): ExitCode {
    return errorTable[this.code].exit
  }
}
