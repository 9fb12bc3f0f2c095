import { setTimeout as sleep } from 'node:timers/promises'
import { lockModeOf } from '../../../core/lock-mode.ts'
import type { LockTaken } from '../../../core/statement-facts.ts'
import { MigratorError } from '../../../errors.ts'
import type { Database } from '../../../ports/database.ts'
import { identifier } from '../script/literal.ts'
import { asSql, type SqlSession } from '../session/sql-session.ts'
import { isIndex, type KnownRelation, RELATIONS, relationsOf } from './relations.ts'

/** Two connections beside the one that is watched. */
export interface Lookout {
  relations(): Promise<ReadonlyMap<string, KnownRelation>>
  /** Begins to look at what the statement that comes next holds and waits for. */
  watch(known: ReadonlyMap<string, KnownRelation>): Promise<Sight>
  close(): Promise<void>
}

export interface Sight {
  /** Call it when the statement is over, or has failed. */
  end(): Promise<readonly (LockTaken & { readonly index: boolean })[]>
}

/**
 * On a small database CREATE INDEX CONCURRENTLY is over before anybody has looked. So one connection keeps a snapshot and
 * the weakest lock of every table, as a long SELECT would, until the statement is seen to wait for it; then it lets go.
 */
export async function createLookout(database: Database, pid: number): Promise<Lookout> {
  const looker = asSql(await database.connect({ modules: false }))
  const reader = asSql(await database.connect({ modules: false }))
  return {
    relations: async () => relationsOf(await looker.query(RELATIONS)),
    async watch(known) {
      const sight = { locks: [] as (LockTaken & { readonly index: boolean })[], over: false }
      let reading = await read(reader)
      const letGo = async () => {
        if (!reading) return
        reading = false
        await reader.abort()
      }
      const looking = (async () => {
        while (!sight.over) {
          const rows = await locksOf(looker, pid)
          for (const { oid, mode } of rows) {
            const relation = known.get(oid ?? '')
            const lock = lockModeOf(mode ?? '')
            if (relation && lock) sight.locks.push({ relation: relation.name, mode: lock, index: isIndex(relation) })
          }
          if (rows.some(({ granted }) => granted === 'false')) await letGo()
          await sleep(reading ? 1 : PAUSE_MS)
        }
      })()
      // A lost connection shows in the step itself.
      looking.catch(() => undefined)
      return {
        async end() {
          sight.over = true
          await looking
          await letGo()
          return sight.locks
        },
      }
    },
    async close() {
      await Promise.all([looker.close(), reader.close()])
    },
  }
}

const PAUSE_MS = 20

/** False where somebody holds a table against everybody: the migration itself, in a transaction of its own. */
async function read(reader: SqlSession): Promise<boolean> {
  try {
    await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '100ms'")
    const tables = await reader.query(`
      SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'`)
    const names = tables.map(({ schema, name }) => `${identifier(schema ?? '')}.${identifier(name ?? '')}`)
    if (names.length > 0)
      await reader.execute(`LOCK TABLE ${names.map((name) => `ONLY ${name}`).join(', ')} IN ACCESS SHARE MODE`)
    return true
  } catch (error) {
    if (!(error instanceof MigratorError)) throw error
    await reader.abort()
    return false
  }
}

/** What a backend holds and waits for; a wait for another transaction has no relation. */
function locksOf(looker: SqlSession, pid: number): ReturnType<SqlSession['query']> {
  return looker.query(`
    SELECT relation::text AS oid, mode, granted::text AS granted FROM pg_catalog.pg_locks
     WHERE pid = ${pid} AND (NOT granted OR locktype = 'relation' AND relation >= 16384)`)
}
