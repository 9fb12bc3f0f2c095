import { MigratorError } from '../../../errors.ts'
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
  const message = `${place}: ${statement} would change a connection of the pooler for its other clients. It was not sent.`
  throw new MigratorError('MIGRATION_FAILED', message, {
    hint: 'Use SET LOCAL between BEGIN and COMMIT, or connect to the server itself instead of its pooler.',
    details: { file, ...(site ? {} : at), statement },
  })
}
