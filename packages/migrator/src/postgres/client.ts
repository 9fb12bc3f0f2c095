import postgres from 'postgres'
import { readConnectionString } from './connection-string.ts'
import { connectFailure } from './failure.ts'

export type Client = postgres.Sql

export interface ClientOptions {
  readonly connectionString: string
  readonly applicationName: string
  /** Fetches the types of the database, so that arrays of a module's queries arrive as arrays. */
  readonly fetchTypes: boolean
  readonly connectTimeoutMs: number
  readonly onNotice: (message: string) => void
  readonly onClose: () => void
}

/** What the server said of a new connection. */
export interface Backend {
  readonly pid: number
  readonly versionNumber: number
  /** Whether another program answers for the server (PgBouncer): its key's pid is not the server's. */
  readonly pooled: boolean
  /** Whether the server can notice by itself that we are gone (PostgreSQL 14+, not on every platform). */
  readonly checksConnection: boolean
}

/**
 * Opens exactly one connection. It is never replaced behind our back by idle time or age; when it is lost, `onClose`
 * is called in the same tick. Nothing is sent at start-up that PgBouncer refuses, and no statement is prepared.
 */
export async function openClient(options: ClientOptions): Promise<{ client: Client; backend: Backend }> {
  const { location, password, rest } = readConnectionString(options.connectionString)
  const client = postgres(rest, {
    // Said in full, because postgres.js fills gaps from PGHOST and its like, and does not percent-decode every part.
    ...(location.host.startsWith('/') ? { path: `${location.host}/.s.PGSQL.${location.port}` } : {}),
    host: [location.host] as unknown as string,
    port: [location.port] as unknown as number,
    database: location.database,
    ...(location.user === '' ? {} : { username: location.user }),
    ...(password === '' ? {} : { password }),
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    prepare: false,
    fetch_types: options.fetchTypes,
    connect_timeout: Math.ceil(options.connectTimeoutMs / 1000),
    connection: { application_name: options.applicationName },
    onnotice: (notice) => options.onNotice(`${notice.severity}: ${notice.message}`),
    onclose: options.onClose,
  })
  try {
    return { client, backend: await greet(client) }
  } catch (error) {
    // Not awaited: a server that says nothing would be waited for a second time.
    void client.end({ timeout: 0 })
    throw connectFailure(error, location)
  }
}

async function greet(client: Client): Promise<Backend> {
  const result = await client.unsafe(`
    SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.current_setting('server_version_num') AS version,
           pg_catalog.version() ~ 'linux|darwin' AS notices`)
  const [row] = result
  const pooled = result.state.pid !== Number(row?.pid)
  return { pid: Number(row?.pid), pooled, versionNumber: Number(row?.version), checksConnection: row?.notices === true }
}
