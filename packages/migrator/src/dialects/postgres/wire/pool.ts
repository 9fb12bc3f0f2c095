import { type Connection, isSocket, type Target } from '../connection/connection.ts'
import { readConnection } from '../connection/read.ts'
import { secureOptions } from './dial.ts'
import { type Client, type DriverSettings, nameOfUser, passwordOf, withoutEnvironment } from './driver-client.ts'
import { withPassFile } from './pass-file.ts'

export interface PoolOptions {
  /** The maximum number of connections. */
  readonly max: number
  /** How they name themselves, unless the connection string does. */
  readonly applicationName: string
  /** Unless the connection string says it. */
  readonly connectTimeoutSeconds: number
}

/**
 * Opens a postgres.js pool for an application. It connects to the same server as the migrator does with the same
 * connection string, and only at the first query. Throws DATABASE_URL_INVALID; the message is safe to print.
 */
export function openPool(connectionString: string, options: PoolOptions): Client {
  const connection = withPassFile(readConnection(connectionString))
  const { targets, session, startup, connectTimeoutMs } = connection
  return withoutEnvironment({
    ...FIXED,
    ...placeOf(targets),
    ssl: sslOf(connection),
    sslnegotiation: connection.tls.negotiation === 'direct' ? 'direct' : null,
    ...(session === 'any' ? {} : { target_session_attrs: session }),
    database: connection.database,
    username: connection.user || nameOfUser(),
    ...passwordOf(
      connection,
      targets.find(({ remembered }) => remembered),
    ),
    max: options.max,
    connect_timeout: connectTimeoutMs === undefined ? options.connectTimeoutSeconds : connectTimeoutMs / 1000,
    connection: { ...startup, application_name: connection.applicationName || options.applicationName },
  } as DriverSettings)
}

/** As the driver has them where nothing is said, and the environment neither. */
const FIXED = {
  idle_timeout: 0,
  max_lifetime: 45 * 60,
  max_pipeline: 100,
  keep_alive: 60,
  prepare: true,
  debug: false,
  fetch_types: true,
  publications: 'alltables',
  backoff: (attempt: number) => (0.5 + Math.random() / 2) * Math.min(3 ** attempt / 100, 20),
}

function placeOf(targets: readonly Target[]): object {
  const [first] = targets
  return {
    host: targets.map(({ address }) => address),
    port: targets.map(({ port }) => port),
    ...(first && isSocket(first.address) ? { path: `${first.address}/.s.PGSQL.${first.port}` } : {}),
  }
}

/** With several servers each is verified by its own name, which the driver knows when it comes to it. */
function sslOf({ targets, tls }: Connection): false | 'prefer' | object {
  const [first] = targets
  if (first === undefined || isSocket(first.address) || tls.mode === 'disable') return false
  if ((tls.mode === 'allow' || tls.mode === 'prefer') && tls.rootCertificate === undefined) return 'prefer'
  const { servername, checkServerIdentity, ...options } = secureOptions(first, tls)
  const byName = tls.mode === 'verify-full' && targets.length > 1
  return byName ? options : { ...options, ...(servername ? { servername } : {}), checkServerIdentity }
}
