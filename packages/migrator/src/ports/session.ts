/**
 * A connection to the database. What else it can do, only its own adapter knows: every other port of the same adapter takes
 * one and works on it.
 */
export interface Session {
  /** Whether its connection is gone; nothing can be sent any more. */
  readonly isLost: boolean
  /** Asks the server to cancel what was sent, again and again until all of it is answered; then it resolves. */
  cancel(): Promise<void>
  close(): Promise<void>
}
