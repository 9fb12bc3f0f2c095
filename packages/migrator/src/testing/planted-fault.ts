import type { Action, Migration } from '../core/migration.ts'
import { overriding } from '../core/overriding.ts'
import { asSql, type SqlSession, type Within } from '../dialects/postgres/session/sql-session.ts'
import type { Database } from '../ports/database.ts'
import type { AtomicStep, StatementWatch, StepSession } from '../ports/step.ts'

/** What a planted step calls on its way. Whoever implements it decides how the step ends. */
export interface Fault {
  readonly point: 'before' | 'middle' | 'after'
  /** The step has begun; none of its statements has run. */
  arrived(on: SqlSession): Promise<void>
  /** Its first statement is about to be sent. Whether that one may be struck while it runs is decided here. */
  sending(on: SqlSession, sql: string, within: Within): Promise<void>
  /** Rejects, with the server having failed the transaction too; or never returns. */
  strike(on: SqlSession): Promise<never>
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
  const perform = (on: SqlSession, step: Performs, within: Within): Performs['perform'] => {
    const real: Performs['perform'] = (action, watch) => step.perform(action, watch)
    return async (action, watch = {}) => {
      if (action === verify && check) {
        await real(check, watch)
        await fault.strike(on)
      } else if (action === up) await performUp({ on, real, within }, watch)
      else await real(action, watch)
    }
  }
  const planted = (session: SqlSession): StepSession =>
    overriding<StepSession>(session, {
      async atomic(limits, actions) {
        const step = await session.atomic(limits, actions)
        return overriding(step, { perform: perform(session, step, 'transaction') })
      },
      async outside(limits) {
        const step = await session.outside(limits)
        return overriding(step, { perform: perform(session, step, 'no-transaction') })
      },
    })
  return {
    migration: { ...migration, up, verify: verify ?? migration.verify },
    database: overriding(database, { connect: async (options) => planted(asSql(await database.connect(options))) }),
  }

  async function performUp({ on, real, within }: Planting, watch: StatementWatch): Promise<void> {
    const { point } = fault
    let sent = 0
    let finished = 0
    await fault.arrived(on)
    if (point === 'before') await fault.strike(on)
    await real(migration.up, {
      ...watch,
      async beforeStatement(sql, parameters) {
        const answer = (await watch.beforeStatement?.(sql, parameters)) ?? 'run'
        if (point === 'middle' && sent++ === 0) await fault.sending(on, sql, within)
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

type Performs = Pick<AtomicStep, 'perform'>

interface Planting {
  readonly on: SqlSession
  readonly real: Performs['perform']
  readonly within: Within
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
