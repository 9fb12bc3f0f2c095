import { type ErrorCode, MigratorError } from '../../../errors.ts'
import { frameIn } from '../failure/failure.ts'
import { findSessionState } from '../script/session-state.ts'

/**
 * Behind a pooler in transaction mode each statement outside a transaction runs on a connection that other clients get next.
 * Throws for the first statement that would change it for them. `site` is where a module built it.
 */
export function refuseSessionState(sql: string, file: string, site?: Error): void {
  const found = findSessionState(sql)
  if (!found) return
  const { statement, at } = found
  // A place in a module's text is not a place in its file.
  const place = site ? frameIn(site, file) : `${file}:${at.line}:${at.column}`
  const message = `${place}: ${statement} would affect other clients of the pooler. It was not sent.`
  throw new MigratorError('MIGRATION_FAILED', message, {
    hint: 'Use SET LOCAL between BEGIN and COMMIT, or connect directly to the server instead of its pooler.',
    details: { file, ...(site ? {} : at), statement },
  })
}

/**
 * A statement outside a transaction has no message that could carry our limits: a SET would reach other clients, and several
 * statements in one message are a transaction. So the database's own hold, and a failure by them says whose they are.
 */
export function explainForeignLimit(error: unknown): never {
  const name = error instanceof MigratorError ? LIMITS[error.code] : undefined
  if (!(error instanceof MigratorError) || name === undefined) throw error
  const { code, message, details } = error
  throw new MigratorError(code, message, {
    cause: error,
    hint: `Behind a pooler a step outside a transaction runs under the ${name} of the database or role, not under the migrator's. Raise that one (ALTER ROLE … SET ${name}), or point DATABASE_URL at the server itself.`,
    details,
  })
}

const LIMITS: Readonly<Partial<Record<ErrorCode, string>>> = {
  STATEMENT_TIMEOUT: 'statement_timeout',
  LOCK_TIMEOUT: 'lock_timeout',
}
