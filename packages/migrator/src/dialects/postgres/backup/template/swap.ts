import { MigratorError } from '../../../../errors.ts'
import type { BackupWatch } from '../../../../ports/backup.ts'
import { identifier } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { commentStatement } from '../database-properties.ts'
import { sqlstateOf } from '../failure.ts'
import { stampOf, suffixed } from '../name.ts'
import type { Copy } from './copies.ts'
import type { TemplateProviderOptions } from './options.ts'
import { endSessions, sessionsText } from './sessions.ts'

/** Each try waits five seconds in the server for the sessions to leave. */
const TRIES = 3

/**
 * Ends the database's sessions and gives its name to the copy; what had the name is kept under another. Both renamings are
 * one transaction: after a failure every database has the name that it had.
 */
export async function swapDatabases(
  on: SqlSession,
  { location, clock }: TemplateProviderOptions,
  copy: Copy,
  watch: BackupWatch | undefined,
): Promise<void> {
  const started = clock.monotonicMs()
  const replaced = suffixed(location.database, `_replaced_${stampOf(clock.now(), '_')}`)
  const statements = swapStatements(location.database, copy, replaced)
  for (let attempt = 1; ; attempt++) {
    watch?.signal.throwIfAborted()
    await endSessions(on, location.database)
    try {
      await on.execute(statements)
      break
    } catch (error) {
      if (sqlstateOf(error) !== '55006') throw error
      if (attempt === TRIES) throw await busy(on, location.database, error)
    }
  }
  watch?.progress({
    message: `Database "${location.database}" is now the copy "${copy.id}"; the previous database is kept as "${replaced}"`,
    elapsedMs: clock.monotonicMs() - started,
    kept: `database ${replaced}`,
  })
}

function swapStatements(database: string, copy: Copy, replaced: string): string {
  return [
    `ALTER DATABASE ${identifier(database)} RENAME TO ${identifier(replaced)}`,
    `ALTER DATABASE ${identifier(copy.database)} RENAME TO ${identifier(database)}`,
    `ALTER DATABASE ${identifier(database)} ALLOW_CONNECTIONS true`,
    commentStatement(database, copy.made?.comment ?? null),
  ].join(';\n')
}

async function busy(on: SqlSession, database: string, cause: unknown): Promise<MigratorError> {
  const message = `Other sessions keep connecting to database "${database}": ${await sessionsText(on, database)}.`
  const hint = 'Stop the programs that use it, then run the command again.'
  return new MigratorError('RESTORE_FAILED', message, { hint, cause })
}
