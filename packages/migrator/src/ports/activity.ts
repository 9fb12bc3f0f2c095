import type { MigratorError } from '../errors.ts'
import type { Session } from './session.ts'

/** Inspects other sessions, from a session that is not waiting for anything. */
export interface Activity {
  /** The sessions that block another one. */
  blockersOf(on: Session, waiting: Session): Promise<readonly Blocker[]>
  /** How many milliseconds a session of that name has been waiting for a lock; 0 if none is waiting. */
  lockWaitMs(on: Session, applicationName: string): Promise<number>
  /**
   * Ends the idle sessions that an earlier run left behind; resolves with those that are still working in the server,
   * although no client waits for their answer.
   */
  endOrphansOf(on: Session, applicationName: string): Promise<readonly Blocker[]>
  /** The statement that a person runs to end a session. */
  endingOf(blocker: Blocker): string
  /** Identifies the trigger in the database that raised an error. Runs outside the transaction that the error ended. */
  objectorOf(on: Session, error: MigratorError): Promise<Objector | undefined>
  /** Ends open transactions of runs that no longer hold the run lock: they can't commit, but keep their locks. */
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

/** A trigger that refuses statements. */
export interface Objector {
  readonly kind: 'event trigger' | 'trigger'
  /** Its SQL name, quoted if necessary; a trigger with its table. */
  readonly name: string
  readonly function: string
  /** The statement that disables it. */
  readonly disable: string
}
