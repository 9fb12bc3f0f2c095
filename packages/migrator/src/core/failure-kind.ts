import { MigratorError } from '../errors.ts'

/**
 * Why a database refused something, whichever database it is. The dialect says it as `kind` in the error's details, beside
 * its own code (PostgreSQL's SQLSTATE), which is for people; everything that decides reads the kind.
 */
export type FailureKind =
  /** Gave up waiting for a table lock. */
  | 'lock-timeout'
  | 'deadlock'
  | 'serialization'
  /** Cancelled on request, or at its time limit. */
  | 'cancelled'
  /** The connection is gone. */
  | 'lost'
  | 'read-only'
  /** The transaction failed earlier, and refuses everything until it ends. */
  | 'doomed'
  | 'needs-no-transaction'
  /** A value that does not fit: out of range, too long, not an input of its type. */
  | 'value-refused'
  /** A column that must have a value got none. */
  | 'value-missing'
  /** A foreign key, a check or an exclusion constraint. */
  | 'rule-refused'
  /** A key: the values are there already. */
  | 'value-repeated'
  /** A query that must find one row found several. */
  | 'several-rows'
  /** Raised by the migration's own code in the database. */
  | 'raised'
  /** A role, a type or an extension that is not there. */
  | 'missing-object'
  /** The statement itself, whatever the rows: a name, its syntax, a privilege, a feature. */
  | 'statement-refused'

/** Undefined for what no dialect has classified: anything but an error of the database, or one of another kind. */
export function failureKindOf(error: unknown): FailureKind | undefined {
  return error instanceof MigratorError ? (error.details.kind as FailureKind | undefined) : undefined
}
