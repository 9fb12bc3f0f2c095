import { withoutStop } from '../../../core/sentence.ts'
import { MigratorError } from '../../../errors.ts'
import type { HistoryShape, Privilege } from './history-table.ts'
import { quoted, type TableName } from './table-name.ts'

/**
 * A record that was refused, as what it is: the history table's trouble, not the migration's. Whatever else ends the same
 * message, a deferred trigger for example, is left as it is.
 */
export function historyFailure(cause: unknown, name: TableName): unknown {
  if (!(cause instanceof MigratorError)) return cause
  const { sqlstate, table, where, file } = cause.details
  const state = String(sqlstate)
  if (state === '2201W') return notKept(cause, name)
  if (state === '2201X') return emptied(cause, name)
  if (state === '2201G' || (state === '23505' && table === name.table)) return recordedMeanwhile(cause)
  // With a context it comes out of a function, with a file out of the migration.
  if (where !== undefined || file !== undefined) return cause
  if (state === '42501') return denied(cause, name)
  const ofTheTable = GONE.has(state) || (/^2[23]/.test(state) && table === name.table)
  return ofTheTable ? changed(cause, name) : cause
}

/** No such table, column or schema; no key to find the row by; no table, but a view. */
const GONE: ReadonlySet<string> = new Set(['42P01', '42703', '3F000', '42P10', '42809', '55000'])

/** Somebody else has recorded the same step: what this transaction did goes with it. */
function recordedMeanwhile(cause: MigratorError): MigratorError {
  const message = 'Another run recorded this step in the meantime; this run committed nothing.'
  return new MigratorError('HISTORY_CHANGED', message, { cause })
}

function notKept(cause: MigratorError, { table }: TableName): MigratorError {
  const message = `The history table ${table} did not keep the record of this step, so the step was not committed.`
  const hint = 'Remove the trigger, rule or row security policy on that table that changes its rows.'
  return new MigratorError('MIGRATION_FAILED', message, { cause, hint })
}

function emptied(cause: MigratorError, name: TableName): MigratorError {
  const message = `Records of earlier migrations are gone from the history table ${plain(name)}: a migration of this run removes them, or another session did.`
  return new MigratorError('HISTORY_CHANGED', message, { cause, hint: LEAVE_ALONE, details: { table: plain(name) } })
}

function changed(cause: MigratorError, name: TableName): MigratorError {
  const message = `The history table ${plain(name)} is gone or was changed, by a migration of this run or by another session: ${withoutStop(cause.message)}.`
  const details = { table: plain(name), sqlstate: cause.details.sqlstate }
  return new MigratorError('HISTORY_CHANGED', message, { cause, hint: LEAVE_ALONE, details })
}

const LEAVE_ALONE =
  "Take out of the migration what drops, empties or alters the migrator's tables (DROP SCHEMA and a TRUNCATE of everything do), or give the table back its shape; then run the command again. db:repair corrects single records."

function denied(cause: MigratorError, name: TableName): MigratorError {
  const message = `This role cannot write the history table ${plain(name)}: ${withoutStop(cause.message)}.`
  return new MigratorError('PERMISSION_DENIED', message, {
    cause,
    hint: `Connect as the table's owner, or run GRANT SELECT, INSERT, UPDATE, DELETE ON ${quoted(name)} for this role; row security must not apply to it.`,
    details: cause.details,
  })
}

/** Before anything is run: PERMISSION_DENIED with what is missing. */
export function refuseWithoutPrivileges(name: TableName, shape: HistoryShape): void {
  if (shape.kind !== 'absent' && shape.forbidden.length > 0) throw lacking(name, shape.role, shape.forbidden, 'write')
}

export function refuseUnreadable(name: TableName, shape: HistoryShape): void {
  if (shape.kind !== 'absent' && shape.forbidden.includes('SELECT')) throw lacking(name, shape.role, ['SELECT'], 'read')
}

function lacking(
  name: TableName,
  role: string,
  forbidden: readonly Privilege[],
  verb: 'read' | 'write',
): MigratorError {
  const message = `The role "${role}" may not ${verb} the history table ${plain(name)}: permission denied for table ${name.table} (${forbidden.join(', ')}).`
  return new MigratorError('PERMISSION_DENIED', message, {
    hint: `Connect as the table's owner, or ask the owner to run: GRANT ${forbidden.join(', ')} ON ${quoted(name)} TO "${role}".`,
    details: { table: plain(name), privileges: forbidden },
  })
}

/** The history's tables could not be created, or not be given the columns that they lack. */
export function preparationFailure(cause: unknown, name: TableName, shape: HistoryShape): unknown {
  if (!(cause instanceof MigratorError) || cause.details.sqlstate !== '42501') return cause
  const what = shape.kind === 'partial' ? 'cannot be given its missing columns' : 'cannot be created'
  return new MigratorError(
    'PERMISSION_DENIED',
    `The history table ${plain(name)} ${what}: ${withoutStop(cause.message)}.`,
    {
      cause,
      details: cause.details,
    },
  )
}

function plain({ schema, table }: TableName): string {
  return `${schema}.${table}`
}
