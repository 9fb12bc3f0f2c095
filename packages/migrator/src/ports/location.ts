/** Where a database is; safe to print. */
export interface DatabaseLocation {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Loopback or a Unix socket. */
  readonly local: boolean
  /** A name that containers on one machine give each other (`db`, `postgres`, `host.docker.internal`). */
  readonly container?: boolean | undefined
}
