import type { Action, Migration } from '../core/migration.ts'
import { overriding } from '../core/overriding.ts'
import type { Database } from '../ports/database.ts'
import type { Session, StatementWatch } from '../ports/session.ts'

/** What a planted step calls on its way. Whoever implements it decides how the step ends. */
export interface Fault {
  readonly point: 'before' | 'middle' | 'after'
  /** The step has begun; none of its statements has run. */
  arrived(on: Session): Promise<void>
  /** Its first statement is about to be sent. Whether that one may be struck while it runs is decided here. */
  sending(on: Session, sql: string, within: StatementWatch['within']): Promise<void>
  /** Rejects, with the server having failed the transaction too; or never returns. */
  strike(on: Session): Promise<never>
}

export interface Planted {
  readonly migration: Migration
  /** The database over which the migration fails; everything else runs as it does on the real one. */
  readonly database: Database
}

/**
 * Plants a fault in the `up` of a migration. The runner still decides when to begin, record and commit, and does it with its own code:
 * only what the step itself sends passes through here. A planted SQL text is sent statement by statement, awaited before
 * its record; unlike a plain one it is never sent ahead, so nothing can commit behind the fault.
 */
export function plantFault(database: Database, migration: Migration, fault: Fault): Planted {
  const up = placeholder(migration.up)
  const check = fault.point === 'after' ? migration.verify : undefined
  const verify = check && placeholder(check)
  const planted = (session: Session): Session =>
    overriding(session, {
      async perform(action, watch) {
        if (action === verify && check) return checkThenFail(session, check, watch, fault)
        if (action === up) return performUp(session, migration.up, watch)
        return session.perform(action, watch)
      },
    })
  return {
    migration: { ...migration, up, verify: verify ?? migration.verify },
    database: overriding(database, { connect: async (options) => planted(await database.connect(options)) }),
  }

  async function performUp(on: Session, action: Action, watch: StatementWatch): Promise<void> {
    const { point } = fault
    let sent = 0
    let finished = 0
    await fault.arrived(on)
    if (point === 'before') await fault.strike(on)
    await on.perform(action, {
      ...watch,
      async beforeStatement(sql, parameters) {
        const answer = (await watch.beforeStatement?.(sql, parameters)) ?? 'run'
        if (point === 'middle' && sent++ === 0) await fault.sending(on, sql, watch.within)
        return answer
      },
      async afterStatement(sql) {
        await watch.afterStatement?.(sql)
        if (point === 'middle' && finished++ === 0) await fault.strike(on)
      },
    })
    if ((point === 'middle' && finished === 0) || (point === 'after' && !verify)) await fault.strike(on)
  }
}

async function checkThenFail(on: Session, check: Action, watch: StatementWatch, fault: Fault): Promise<void> {
  await on.perform(check, watch)
  await fault.strike(on)
}

/** Of code it is not known beforehand what it sends, so nothing is sent behind it before it has ended. */
function placeholder({ file }: Action): Action {
  return {
    kind: 'module',
    file,
    run() {
      throw new Error(`${file} runs on the planted database only`)
    },
  }
}
