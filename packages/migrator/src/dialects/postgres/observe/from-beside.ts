import type { StatementFacts } from '../../../core/statement-facts.ts'
import type { ObservedWay, Observer } from '../../../ports/rehearsal.ts'
import { isPlainStatement } from '../script/plain-statement.ts'
import { loadParser } from '../script/statements.ts'
import type { SqlSession } from '../session/sql-session.ts'
import { factsIn, LOOK, nothingSeen, strongest, withoutFound } from './in-transaction.ts'
import { createLookout, type Lookout, type Sight } from './lookout.ts'
import { type KnownRelation, RELATIONS, relationsOf } from './relations.ts'

/**
 * Watches a session that works outside a transaction, where locks go with each statement. A statement that may as well run
 * in a transaction gets one, and is looked at from inside. Any other (CONCURRENTLY) is looked at from other connections.
 */
export async function observeFromBeside(on: SqlSession, { direction, database }: ObservedWay): Promise<Observer> {
  await loadParser()
  const beside = await createLookout(database, on.serverPid)
  const done: StatementFacts[] = []
  let current: Watched | undefined

  async function begin(sql: string, parameters: readonly unknown[]): Promise<void> {
    const wrapped = isPlainStatement(sql) && (await isOutside(on))
    const known = wrapped ? relationsOf(await on.query(RELATIONS)) : await beside.relations()
    if (wrapped) await on.execute('BEGIN')
    const sight = wrapped ? undefined : await beside.watch(known)
    current = { sql, parameters, known, sight, startedMs: performance.now() }
  }

  /** What was under way is no more; undefined when nothing was. */
  function taken(): Watched | undefined {
    const watched = current
    current = undefined
    return watched
  }

  async function finish(): Promise<void> {
    const watched = taken()
    if (!watched) return
    const { sql, parameters, known, sight, startedMs } = watched
    const told = { direction, sql, parameters, durationMs: performance.now() - startedMs }
    if (sight) {
      const locks = await sight.end()
      const rewrites = await rewritesSince(beside, known)
      done.push({ ...told, locks: strongest(locks), rewrites, scans: [] })
    } else {
      const rows = await on.query(LOOK)
      await on.execute('COMMIT')
      done.push(withoutFound({ ...told, ...factsIn(rows, known, nothingSeen(known)) }, known))
    }
  }

  return {
    touched: new Set(),
    watch: {
      async beforeStatement(sql, parameters = []) {
        await finish()
        await begin(sql, parameters)
        return 'run'
      },
      afterStatement: finish,
    },
    async end() {
      try {
        const failed = taken()
        await failed?.sight?.end()
        if (failed && !failed.sight) await on.abort()
        if (failed) done.push(unfinished(direction, failed))
      } finally {
        await beside.close()
      }
      return done
    },
  }
}

interface Watched {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly known: ReadonlyMap<string, KnownRelation>
  /** Undefined where it runs in a transaction that we opened for it. */
  readonly sight: Sight | undefined
  readonly startedMs: number
}

/** Not in a transaction that the migration opened itself: there the clock of `now()` stands still. */
async function isOutside(on: SqlSession): Promise<boolean> {
  const [row] = await on.query('SELECT (pg_catalog.now() = pg_catalog.statement_timestamp())::text AS outside')
  return row?.outside === 'true'
}

async function rewritesSince(beside: Lookout, known: ReadonlyMap<string, KnownRelation>): Promise<readonly string[]> {
  const rewritten = [...(await beside.relations())].flatMap(([oid, { name, file }]) => {
    const before = known.get(oid)
    return before && before.file !== file && file !== '0' ? [name] : []
  })
  return rewritten.sort()
}

function unfinished(direction: StatementFacts['direction'], { sql, parameters, startedMs }: Watched): StatementFacts {
  const durationMs = performance.now() - startedMs
  return { direction, sql, parameters, locks: [], rewrites: [], scans: [], durationMs }
}
