import type { Session } from './session.ts'

/** The run lock: one runner at a time, across machines. An opaque token, which only its own adapter reads. */
export interface RunLock {
  /** Whether the server still sees it held, asked on another session. */
  isHeld(on: Session): Promise<boolean>
  /** Resolves when the connection that holds it is lost; never after `release`. */
  readonly lost: Promise<void>
  release(): Promise<void>
}

export interface LockHolder {
  readonly pid: number
  readonly applicationName: string
  /** ISO 8601. */
  readonly since: string
}
