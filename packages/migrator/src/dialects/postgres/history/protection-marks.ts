import type { ProtectionMark, ProtectionMarks } from '../../../ports/protection.ts'
import { identifier, literal } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'

/**
 * The mark is a line of the database's comment. That one belongs to the database and not to what is in it: a dump that is
 * restored elsewhere, and a copy by TEMPLATE, come without it; failovers and upgrades keep it. Physical copies (snapshots,
 * branches) keep it too, and dumps with --create: they are protected until the mark is removed, unless they have another name.
 */
export const protectionMarks: ProtectionMarks = {
  async read(on: SqlSession) {
    const { database, comment } = await look(on)
    const line = comment.split('\n').find((each) => each.startsWith(PREFIX))
    return { database, mark: line === undefined ? undefined : parsed(line.slice(PREFIX.length)) }
  },
  async set(on: SqlSession, mark) {
    const { database, comment } = await look(on)
    const line = `${PREFIX}${JSON.stringify({ database, ...mark } satisfies ProtectionMark)}`
    await write(on, database, [...others(comment), line].join('\n'))
  },
  async remove(on: SqlSession) {
    const { database, comment } = await look(on)
    if (comment.includes(PREFIX)) await write(on, database, others(comment).join('\n'))
  },
}

const PREFIX = 'migrator:protected '

async function look(on: SqlSession): Promise<{ readonly database: string; readonly comment: string }> {
  const [row] = await on.query(`
    SELECT d.datname AS database, pg_catalog.shobj_description(d.oid, 'pg_database') AS comment
      FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`)
  return { database: row?.database ?? '', comment: row?.comment ?? '' }
}

/** What people wrote there stays. */
function others(comment: string): readonly string[] {
  return comment.split('\n').filter((line) => line !== '' && !line.startsWith(PREFIX))
}

async function write(on: SqlSession, database: string, comment: string): Promise<void> {
  const text = comment === '' ? 'NULL' : literal(comment)
  await on.execute(`COMMENT ON DATABASE ${identifier(database)} IS ${text}`)
}

/** A line that was damaged still says that somebody meant to protect it. */
function parsed(text: string): ProtectionMark {
  try {
    return JSON.parse(text) as ProtectionMark
  } catch {
    return { database: '', at: '', by: null }
  }
}
