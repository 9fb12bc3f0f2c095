import type { MigratorError } from '../errors.ts'
import type { Session } from './session.ts'

/** What other sessions do, asked on a session that waits for nothing. */
export interface Activity {
  /** Sessions that keep another one waiting. */
  blockersOf(on: Session, waiting: Session): Promise<readonly Blocker[]>
  /** For how many milliseconds a session of that name has been waiting for a lock; 0 when none waits. */
  lockWaitMs(on: Session, applicationName: string): Promise<number>
  /**
   * Ends the sessions that an earlier run left behind without anything to do; resolves with those that still work in the
   * server, though nobody waits for their answer.
   */
  endOrphansOf(on: Session, applicationName: string): Promise<readonly Blocker[]>
  /** The statement with which a person ends a session. */
  endingOf(blocker: Blocker): string
  /** Names the trigger of the database's own that raised an error, outside of the transaction that it ended. */
  objectorOf(on: Session, error: MigratorError): Promise<Objector | undefined>
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

/** Who refuses statements on behalf of the database. */
export interface Objector {
  readonly kind: 'event trigger' | 'trigger'
  /** Its SQL name, quoted if necessary; a trigger with its table. */
  readonly name: string
  readonly function: string
  /** The statement that keeps it out of the way. */
  readonly disable: string
}
