import type { Socket } from 'node:net'
import { userInfo } from 'node:os'
import postgres from 'postgres'
import type { Connection, Target } from '../connection/connection.ts'
import { invalid } from '../connection/invalid.ts'

export type Client = postgres.Sql

export interface DriverOptions {
  readonly applicationName: string
  readonly connectTimeoutMs: number
  /** Gives an open socket, with TLS where there is to be TLS: at the start, and for each request to cancel. */
  readonly socket: () => Socket | Promise<Socket>
  readonly onNotice: (message: string) => void
  readonly onClose: () => void
}

/**
 * A client of postgres.js with one connection. Everything is said in full: the driver fills gaps from PGHOST, PGPORT,
 * PGTARGETSESSIONATTRS, PGIDLE_TIMEOUT and a dozen more. Only PGPASSWORD counts, where the connection has no password; then
 * what a password file has.
 */
export function driverClient(connection: Connection, target: Target, options: DriverOptions): Client {
  return withoutEnvironment({
    ...FIXED,
    host: [target.host] as unknown as string,
    port: [target.port] as unknown as number,
    database: connection.database,
    username: connection.user || nameOfUser(),
    ...passwordOf(connection, target),
    connect_timeout: Math.ceil(options.connectTimeoutMs / 1000),
    connection: { ...connection.startup, application_name: options.applicationName },
    onnotice: (notice) => options.onNotice(`${notice.severity}: ${notice.message}`),
    onclose: options.onClose,
    ...{ socket: options.socket },
  })
}

/** Nothing where it is left to PGPASSWORD. */
export function passwordOf({ password }: Connection, target: Target | undefined): { readonly password?: string } {
  const given = password || target?.remembered?.password
  return given === undefined || given === '' ? {} : { password: given }
}

/**
 * Every option of postgres.js that it would take from the environment has to be among these. One cannot be: given as none,
 * it comes from PGTARGETSESSIONATTRS. So it is taken out of the options once they were parsed, which are then used as they are.
 */
export function withoutEnvironment(options: DriverSettings): Client {
  const session = options.target_session_attrs
  const { options: parsed } = postgres({ ...options, target_session_attrs: session ?? 'primary' })
  return postgres({ ...parsed, target_session_attrs: session } as unknown as DriverSettings)
}

export type DriverSettings = postgres.Options<Record<string, never>>

const FIXED = {
  max: 1,
  ssl: false,
  sslnegotiation: null,
  idle_timeout: 0,
  max_lifetime: null,
  max_pipeline: 100,
  keep_alive: 60,
  prepare: false,
  debug: false,
  fetch_types: false,
  publications: 'alltables',
  backoff: false,
} as const

/** As libpq has it where no user is named. */
export function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    throw invalid('it names no user, and the operating system has no name for the current one')
  }
}
