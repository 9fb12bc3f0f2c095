import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CatalogSnapshot } from '../../src/core/catalog.ts'
import { PostgresAdapter } from '../../src/dialects/postgres/adapter.ts'
import { loadParser, parseStatements } from '../../src/dialects/postgres/script/statements.ts'
import type { SqlSession } from '../../src/dialects/postgres/session/sql-session.ts'
import { MigratorError } from '../../src/errors.ts'
import type { Catalog } from '../../src/ports/catalog.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/downs')

/** A pair of `up` and `down` on a schema, from a folder named by what its down breaks, brings back, or loses. */
export interface DownFixture {
  readonly name: string
  readonly folder: string
  readonly before: string
  readonly up: string
  readonly down: string
  /** `-- needs PostgreSQL 15` in before.sql. */
  readonly needs: number
  /** `-- migrator: transaction=false` in before.sql: it needs a database of its own. */
  readonly transactional: boolean
}

export function downFixtures(
  kind: 'broken' | 'correct' | 'losing' | 'failing' | 'repeating' | 'refusing',
): readonly DownFixture[] {
  return readdirSync(join(FOLDER, kind)).map((name) => {
    const folder = join(FOLDER, kind, name)
    const read = (file: string) => readFileSync(join(folder, `${file}.sql`), 'utf8')
    const before = read('before')
    return {
      name,
      folder,
      before,
      up: read('up'),
      down: read('down'),
      needs: Number(/^-- needs PostgreSQL (\d+)/m.exec(before)?.[1] ?? 0),
      transactional: !before.includes('-- migrator: transaction=false'),
    }
  })
}

/** What the catalog was at each point; `failure` is the SQLSTATE that the down ended with. */
export interface Walk {
  readonly before: CatalogSnapshot
  readonly up: CatalogSnapshot
  /** Undefined where a failed transaction can't be looked at. */
  readonly down: CatalogSnapshot | undefined
  readonly failure: string | undefined
}

/** One connection, for many fixtures. */
export interface Walker {
  /** Before, up, down, with a look at the catalog after each. In a transaction nothing of it remains. */
  walk(fixture: DownFixture): Promise<Walk>
  close(): Promise<void>
}

export async function createWalker(url: string): Promise<Walker> {
  const adapter = new PostgresAdapter({ connectionString: url })
  const session = await adapter.connect({ modules: false })
  return { walk: (fixture) => walk(adapter.catalog, session, fixture), close: () => adapter.close() }
}

async function walk(catalog: Catalog, session: SqlSession, fixture: DownFixture): Promise<Walk> {
  if (!fixture.transactional) return steps(catalog, session, fixture, executeEach)
  await session.begin({ lockTimeoutMs: 0, statementTimeoutMs: 0 })
  try {
    return await steps(catalog, session, fixture, executeWhole)
  } finally {
    await session.abort()
  }
}

async function steps(
  catalog: Catalog,
  session: SqlSession,
  fixture: DownFixture,
  run: typeof executeWhole,
): Promise<Walk> {
  await run(session, fixture.before)
  const before = await catalog.snapshot(session)
  await run(session, fixture.up)
  const up = await catalog.snapshot(session)
  const failure = await failureOf(() => run(session, fixture.down))
  const readable = failure === undefined || !fixture.transactional
  return { before, up, down: readable ? await catalog.snapshot(session) : undefined, failure }
}

async function executeWhole(session: SqlSession, sql: string): Promise<void> {
  if (sql.trim() !== '') await session.execute(sql)
}

async function executeEach(session: SqlSession, sql: string): Promise<void> {
  await loadParser()
  const parsed = parseStatements(sql)
  if (!parsed.ok) throw new Error(parsed.message)
  for (const statement of parsed.statements) await session.execute(statement.sql)
}

async function failureOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof MigratorError) return String(error.details.sqlstate)
    throw error
  }
}
