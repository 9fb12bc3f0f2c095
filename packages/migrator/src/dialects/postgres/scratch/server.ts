/**
 * Scratch: throw-away databases on a PostgreSQL server. Knows no migration and no driver: sessions and databases are
 * opened by functions that are handed in.
 * This file: the databases of one process. Each carries the number of its owner; an owner lives as long as its connection
 * holds the advisory lock of that number, so that what a killed process left is distinguished from what another one uses.
 */
import { randomInt } from 'node:crypto'
import { MigratorError } from '../../../errors.ts'
import type { Database } from '../../../ports/database.ts'
import type { KeptCopy, ScratchDatabase, ScratchServer } from '../../../ports/scratch.ts'
import { identifier } from '../script/literal.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { dropDatabase } from './drop.ts'
import { untilLeft } from './left.ts'
import { createRoles } from './roles.ts'
import { watchRoles } from './shared-roles.ts'
import { createTemplates } from './templates.ts'

export interface ScratchServerOptions {
  /** For people, with `%` for the major version: `embedded PostgreSQL %`. */
  readonly name: string
  /** Opens a session on the server's maintenance database. */
  readonly admin: () => Promise<SqlSession>
  /** A database of the same server, not yet connected to. */
  readonly open: (database: string) => Database
  /** Whether the server is there for nothing else, so that roles may be made on it. */
  readonly own?: boolean
  /** How many templates are kept. Default 16, of about 8 MB and what the migrations put into them. */
  readonly templates?: number
}

/** Tells our advisory locks from others'. */
export const OWNER_LOCK = 0x5c7a7c

/**
 * Connects, and removes what killed processes left. Rejects with SCRATCH_UNAVAILABLE where databases can't be made there,
 * and with what `admin` rejects with.
 */
export async function createScratchServer(options: ScratchServerOptions): Promise<ScratchServer> {
  const admin = await options.admin()
  try {
    return await scratchServer(options, admin)
  } catch (error) {
    await admin.close()
    throw error
  }
}

async function scratchServer(
  { name, open, own = false, templates: most = 16 }: ScratchServerOptions,
  admin: SqlSession,
): Promise<ScratchServer> {
  const { major, strategy, role } = await refuseUnusable(admin)
  const owner = await takeOwnership(admin)
  await removeAbandoned(admin, open)
  const templates = createTemplates(admin, { most, strategy, role })
  const provideRoles = own ? createRoles(admin) : undefined
  const alive = new Map<string, ScratchDatabase>()
  let count = 0
  let closing: Promise<void> | undefined

  async function create(template: string): Promise<ScratchDatabase> {
    const scratch = describe(`scratch_${owner}_${++count}`)
    await admin.execute(`CREATE DATABASE ${identifier(scratch.name)} TEMPLATE ${identifier(template)}${strategy}`)
    alive.set(scratch.name, scratch)
    return scratch
  }

  function describe(database: string): ScratchDatabase {
    const opened = open(database)
    return {
      name: database,
      database: opened,
      watchShared: (on: SqlSession, action) => watchRoles(on, action, provideRoles),
      async drop() {
        if (!alive.delete(database)) return
        await opened.close()
        await untilLeft(admin, database)
        await dropDatabase(admin, database, open)
      },
    }
  }

  async function leave({ name: database, database: opened }: ScratchDatabase): Promise<void> {
    await opened.close()
    await untilLeft(admin, database)
  }

  async function close(): Promise<void> {
    try {
      for (const scratch of alive.values()) await scratch.drop()
    } finally {
      await admin.close()
    }
  }

  return {
    major,
    name: name.replace('%', String(major)),
    empty: () => create('template0'),
    async copyOf(keys): Promise<KeptCopy | undefined> {
      const found = await templates.find(keys)
      if (found === undefined) return undefined
      const scratch = await unlessGone(create(found.template))
      return scratch && { key: found.key, scratch }
    },
    async copy(from) {
      await leave(from)
      return create(from.name)
    },
    async keep(from, key) {
      await leave(from)
      await templates.keep(from.name, key)
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

interface Facts {
  readonly major: number
  /** How databases are copied, as CREATE DATABASE takes it. */
  readonly strategy: string
  /** The current one. */
  readonly role: string
}

async function refuseUnusable(admin: SqlSession): Promise<Facts> {
  const [row] = await admin.query(`
    SELECT pg_catalog.current_setting('server_version_num') AS version, pg_catalog.current_setting('fsync') AS fsync,
           (rolcreatedb OR rolsuper)::text AS able, rolname
      FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER`)
  if (admin.pooled) throw unusable('it is behind a pooler; scratch databases need a direct connection')
  if (row?.able !== 'true') throw unusable(`the role ${row?.rolname} lacks CREATEDB`)
  const major = Math.floor(Number(row.version) / 10_000)
  // Copying files takes half the time, but two checkpoints: those cost nothing only where nothing is made durable.
  const strategy = major >= 15 && row.fsync === 'off' ? ' STRATEGY FILE_COPY' : ''
  return { major, strategy, role: row.rolname ?? '' }
}

function unusable(why: string): MigratorError {
  return new MigratorError('SCRATCH_UNAVAILABLE', `The scratch server can't be used: ${why}.`)
}

async function takeOwnership(admin: SqlSession): Promise<string> {
  for (;;) {
    const owner = randomInt(1, 0x7fff_ffff)
    const [row] = await admin.query(`SELECT pg_catalog.pg_try_advisory_lock(${OWNER_LOCK}, ${owner})::text AS taken`)
    if (row?.taken === 'true') return String(owner)
  }
}

/** Of databases whose owner's lock nobody holds; only our own role's, for others' we may not drop. */
async function removeAbandoned(admin: SqlSession, open: ScratchServerOptions['open']): Promise<void> {
  const rows = await admin.query(`
    SELECT d.datname AS name FROM pg_catalog.pg_database d
     WHERE d.datname ~ '^scratch_[0-9]+_[0-9]+$' AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.classid = ${OWNER_LOCK}
                        AND l.objid = pg_catalog.split_part(d.datname, '_', 2)::bigint AND l.granted)`)
  for (const { name } of rows) await dropDatabase(admin, name ?? '', open)
}

/** Another process may have made room by removing the template at this very moment. */
async function unlessGone(made: Promise<ScratchDatabase>): Promise<ScratchDatabase | undefined> {
  try {
    return await made
  } catch (error) {
    if (error instanceof MigratorError && error.details.sqlstate === '3D000') return undefined
    throw error
  }
}
