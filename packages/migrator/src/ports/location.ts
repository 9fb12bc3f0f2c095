/** Where a database stands; safe to print. */
export interface DatabaseLocation {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Loopback or a Unix socket. */
  readonly local: boolean
}
