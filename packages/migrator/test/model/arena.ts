import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { createProject, type Project } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { LIVENESS_MS } from './drive.ts'
import { filesOf, WATCH } from './migrations.ts'
import { idAt } from './model.ts'
import type { Kind } from './scenario.ts'

/** A database and a folder in which one scenario after another is played. */
export interface Arena {
  readonly db: TestDatabase
  readonly project: Project
  /** Empties the database, and writes these migrations. */
  reset(kinds: readonly Kind[]): Promise<void>
  write(kinds: readonly Kind[], place: number, how?: 'edited'): Promise<void>
  lose(kinds: readonly Kind[], place: number): Promise<void>
  /** Waits until the server works on nothing but our own questions. */
  idle(): Promise<void>
  /** The sessions that stand in a transaction, waiting for somebody. */
  leftBehind(): Promise<readonly string[]>
  remove(): Promise<void>
}

export async function createArena(serverUrl: string): Promise<Arena> {
  const db = await createDatabase(serverUrl)
  const project = await createProject(db.url)
  await project.write({
    'migrator.config.mjs': `export default { migrations: 'migrations', logFile: false, livenessTimeoutMs: ${LIVENESS_MS} }\n`,
  })
  const sql = postgres(db.url, { max: 2, onnotice() {}, connection: { application_name: 'arena' } })
  const others = (more: string) => sql`
    SELECT pid, state, application_name AS name, left(query, 80) AS query FROM pg_stat_activity
     WHERE datname = ${db.name} AND backend_type = 'client backend' AND application_name <> 'arena' ${sql.unsafe(more)}`
  const arena: Arena = {
    db: { ...db, sql },
    project,
    async reset(kinds) {
      await sql`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                 WHERE datname = ${db.name} AND application_name <> 'arena' AND backend_type = 'client backend'`
      await sql.unsafe(
        `DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS watch CASCADE; CREATE SCHEMA public; ${WATCH}`,
      )
      for (const name of await readdir(project.migrations)) await rm(join(project.migrations, name))
      for (const place of kinds.keys()) await arena.write(kinds, place)
    },
    async write(kinds, place, how) {
      for (const [path, text] of filesAt(kinds, place)) {
        const note =
          how === undefined || path.endsWith('.down.sql') ? '' : NOTE[kinds[place] === 'module' ? 'js' : 'sql']
        await project.write({ [path]: text + note })
      }
    },
    async lose(kinds, place) {
      for (const [path] of filesAt(kinds, place)) await rm(join(project.directory, path))
    },
    async idle() {
      let running: readonly unknown[] = []
      const idle = async () => {
        running = await others("AND state = 'active'")
        return running.length === 0 || undefined
      }
      await until('nothing runs on the server', idle).catch((error: Error) => {
        throw new Error(`${error.message}: ${JSON.stringify(running)}`)
      })
    },
    async leftBehind() {
      const rows = await others("AND state LIKE 'idle in transaction%'")
      return rows.map(({ pid, name, query }) => `pid ${pid} (${name}): ${query}`)
    },
    async remove() {
      await sql.end({ timeout: 1 })
      await db.drop()
      await project.remove()
    },
  }
  return arena
}

const NOTE = { js: '// edited\n', sql: '-- edited\n' }

function filesAt(kinds: readonly Kind[], place: number): readonly (readonly [path: string, text: string])[] {
  return Object.entries(filesOf(idAt(kinds, place), kinds[place] ?? 'table'))
}
