import type { BackupScope, StoredBackup } from '../../../../ports/backup.ts'
import { literal } from '../../script/literal.ts'
import type { SqlSession } from '../../session/sql-session.ts'
import { BACKUP_ID, suffixed } from '../name.ts'

/** A database that is a copy of another; what is known of it is kept as its comment. */
export interface Copy {
  readonly id: string
  readonly database: string
  readonly source: string
  readonly createdAt: string
  readonly sizeBytes?: number | undefined
  /** Undefined when the process that made the copy ended before it could write this down. */
  readonly made?: CopyFacts | undefined
}

export interface CopyFacts {
  readonly id: string
  readonly source: string
  readonly createdAt: string
  readonly operation: BackupScope['operation']
  readonly runId: string
  readonly migrations: readonly string[]
  readonly toolVersion: string
  /** The comment of the database that was copied. */
  readonly comment: string | null
}

/** What a copy's comment begins with, so that no other comment is taken for one. */
const MARK = 'migrator template backup '

export function commentOf(facts: CopyFacts): string {
  return MARK + JSON.stringify(facts)
}

export function copyName(source: string, id: string): string {
  return suffixed(source, `_${id}`)
}

/** The copies of a database, newest first. */
export async function readCopies(on: SqlSession, source: string): Promise<readonly Copy[]> {
  const rows = await on.query(`
    SELECT d.datname AS database, pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
           CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') THEN pg_catalog.pg_database_size(d.oid) END::text AS size
      FROM pg_catalog.pg_database d WHERE d.datname <> ${literal(source)}`)
  return rows
    .map(({ database, comment, size }) => copyOf(source, database ?? '', comment ?? '', Number(size)))
    .filter((copy) => copy !== undefined)
    .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
}

export async function findCopy(on: SqlSession, source: string, id: string): Promise<Copy | undefined> {
  return (await readCopies(on, source)).find((copy) => copy.id === id)
}

function copyOf(source: string, database: string, comment: string, sizeBytes: number): Copy | undefined {
  const made = comment.startsWith(MARK) ? (JSON.parse(comment.slice(MARK.length)) as CopyFacts) : undefined
  if (made) return made.source === source ? { ...made, database, sizeBytes, made } : undefined
  const id = new RegExp(`${BACKUP_ID.source}$`).exec(database)?.[0]
  if (id === undefined || comment !== '' || database !== copyName(source, id)) return undefined
  return { id, database, source, createdAt: createdAtOf(id), sizeBytes }
}

/** The time in an id. */
function createdAtOf(id: string): string {
  return id.replace(/^.*?(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d).*$/, '$1-$2-$3T$4:$5:$6.000Z')
}

export function storedOf({ id, database, createdAt, sizeBytes, made }: Copy): StoredBackup {
  return {
    id,
    provider: 'template',
    state: made ? 'available' : 'failed',
    createdAt,
    sizeBytes,
    own: true,
    runId: made?.runId,
    migrations: made?.migrations,
    details: made
      ? { database, toolVersion: made.toolVersion }
      : { database, problem: 'The process that made it ended before completing it; the next backup removes it.' },
  }
}
