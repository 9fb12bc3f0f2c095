import { MigratorError } from '../../errors.ts'
import type { Database } from '../../ports/database.ts'
import type { ProtectedSetting, Protection } from '../../ports/protection.ts'
import type { Session } from '../../ports/session.ts'
import type { Context } from '../run/context.ts'

export interface ProtectionRules {
  readonly setting?: ProtectedSetting | undefined
  readonly production?: boolean | undefined
}

/**
 * Whether a database is protected: its own mark wins, then the configuration, then the environment and the host. The mark is
 * read on this session; without one, a session is opened for it, and closed.
 */
export async function protectionOf(
  database: Database,
  { setting, production }: ProtectionRules,
  on?: Session,
): Promise<Protection> {
  const { location, protectionMarks } = database
  const { database: name, mark } = await (on
    ? protectionMarks.read(on)
    : onSession(database, (own) => protectionMarks.read(own)))
  if (mark?.database === name) return { protected: true, by: 'mark', mark, database: name }
  const rest = { mark, database: name }
  if (setting !== undefined) {
    const said = typeof setting === 'function' ? await setting(location) : setting
    if (typeof said !== 'boolean')
      throw new MigratorError('CONFIG_INVALID', 'protected() did not return true or false.')
    return { protected: said, by: 'configuration', ...rest }
  }
  if (production) return { protected: true, by: 'environment', ...rest }
  return { protected: !location.local && !location.container, by: 'host', ...rest }
}

/** Marks the database as protected. Who removes the mark is asked for the database's name. */
export async function protect({
  database,
  clock,
  operator,
}: Pick<Context, 'database' | 'clock' | 'operator'>): Promise<void> {
  const { user, host } = await operator()
  const by = [user, host].filter(Boolean).join('@') || null
  const mark = { at: clock.now().toISOString(), by }
  await onSession(database, (session) => database.protectionMarks.set(session, mark))
}

/** Removes the mark. Rejects with CONFIRMATION_REQUIRED unless the database's own name is given. */
export function unprotect(database: Database, confirm: string | undefined): Promise<void> {
  return onSession(database, async (session) => {
    const { database: name } = await database.protectionMarks.read(session)
    if (confirm !== name) {
      const given = confirm === undefined ? '' : ` "${confirm}" is not its name.`
      throw new MigratorError(
        'CONFIRMATION_REQUIRED',
        `This removes the protection of the database "${name}".${given}`,
        {
          hint: `Add --confirm ${name}.`,
          details: { database: name },
        },
      )
    }
    await database.protectionMarks.remove(session)
  })
}

async function onSession<T>(database: Database, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await database.connect({ modules: false })
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}
