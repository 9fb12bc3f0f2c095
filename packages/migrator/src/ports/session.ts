/**
 * A connection to the database. Only its adapter knows what else it can do: the other ports of the same adapter take a
 * session and work on it.
 */
export interface Session {
  /** Whether its connection is lost; nothing more can be sent. */
  readonly isLost: boolean
  /** Asks the server to cancel what was sent, repeatedly until everything is answered; then resolves. */
  cancel(): Promise<void>
  close(): Promise<void>
}
