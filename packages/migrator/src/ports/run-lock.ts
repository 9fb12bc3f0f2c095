import type { Session } from './session.ts'

/** The run lock: one runner at a time, across machines. An opaque token that only its adapter reads. */
export interface RunLock {
  /** Whether the server still sees the lock as held; checked on another session. */
  isHeld(on: Session): Promise<boolean>
  /** Resolves if the connection that holds it is lost; never after `release`. */
  readonly lost: Promise<void>
  release(): Promise<void>
}

export interface LockHolder {
  readonly pid: number
  readonly applicationName: string
  /** ISO 8601. */
  readonly since: string
}
