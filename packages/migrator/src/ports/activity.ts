import type { Session } from './session.ts'

/** What other sessions do, asked on a session that waits for nothing. */
export interface Activity {
  /** Sessions that keep this one waiting. */
  blockersOf(on: Session, serverPid: number): Promise<readonly Blocker[]>
  /** For how many milliseconds a session of that name has been waiting for a lock; 0 when none waits. */
  lockWaitMs(on: Session, applicationName: string): Promise<number>
  /**
   * Ends the sessions that an earlier run left behind without anything to do; resolves with those that still work in the
   * server, though nobody waits for their answer.
   */
  endOrphansOf(on: Session, applicationName: string): Promise<readonly Blocker[]>
  /** Ends open transactions of runs that hold no run lock any more: they can't commit, and keep their locks. */
  endAbandoned(on: Session): Promise<void>
}

export interface Blocker {
  readonly pid: number
  readonly applicationName: string
  readonly state: string
  /** ISO 8601; the start of its transaction. */
  readonly since: string
  readonly query: string
}
