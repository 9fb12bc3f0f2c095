import { setTimeout as pause } from 'node:timers/promises'
import { blockersOf } from '../dialects/postgres/session/activity.ts'
import type { SqlSession, Within } from '../dialects/postgres/session/sql-session.ts'
import { buildsConcurrently, cancel, cut, holdSnapshot, PATIENCE_MS } from '../dialects/postgres/testing/server.ts'
import type { Database } from '../ports/database.ts'
import { withSession } from './database-state.ts'

/** What is done to a step that is in the middle of a statement, or behind one; it is known by its server's process. */
export type Fault = (serverPid: number) => Promise<void>

/** Watches a step from other connections, and strikes inside of a statement where that can be arranged. */
export interface Director {
  /** Whether a fault was dealt. */
  readonly struck: boolean
  strike: Fault
  /** The step deals the fault itself. */
  mark(): void
  /** The step is about to send its first statement; a build of an index is struck while it waits. */
  sending(serverPid: number, sql: string, within: Within): Promise<void>
  /** Lets go of everything; rejects with what went wrong in the background. */
  end(): Promise<void>
}

export function createDirector(database: Database, fault: Fault): Director {
  let struck = false
  let ended = false
  let background: Promise<void> | undefined
  return {
    get struck() {
      return struck
    },
    strike,
    mark() {
      struck = true
    },
    async sending(serverPid, sql, within) {
      if (within === 'transaction' || !buildsConcurrently(sql)) return
      const holder = await holdSnapshot(database)
      background = strikeOnceHeld(serverPid, holder)
      // It is looked at in the end.
      background.catch(() => undefined)
    },
    async end() {
      ended = true
      await background
    },
  }

  async function strike(serverPid: number): Promise<void> {
    struck = true
    await fault(serverPid)
  }

  async function strikeWhenHeld(on: SqlSession, serverPid: number, holder: SqlSession): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    while (!ended && !struck && performance.now() < deadline) {
      const blockers = await blockersOf(on, serverPid)
      if (blockers.some(({ pid }) => pid === holder.serverPid)) return strike(serverPid)
      await pause(10)
    }
  }

  async function strikeOnceHeld(serverPid: number, holder: SqlSession): Promise<void> {
    try {
      await withSession(database, (session) => strikeWhenHeld(session, serverPid, holder))
    } finally {
      await holder.abort()
      await holder.close()
    }
  }
}

export function cancelling(database: Database): Fault {
  return (serverPid) => withSession(database, (session) => cancel(session, serverPid))
}

export function cutting(database: Database): Fault {
  return (serverPid) => withSession(database, (session) => cut(session, serverPid))
}
