import { MigratorError } from '../../../errors.ts'
import type { SessionAttributes, Target } from '../connection/connection.ts'
import { placeText } from '../connection/connection.ts'
import { serverErrorIn } from '../failure/server-error.ts'
import type { Client } from './driver-client.ts'

/** What the server said of a new connection. */
export interface Backend {
  readonly pid: number
  /** Tells it from a later process with the same id. */
  readonly startedAt: string
  readonly versionNumber: number
  /** Whether another program answers for the server (PgBouncer): its key's pid is not the server's. */
  readonly pooled: boolean
  /** Whether the server can notice on its own that we are gone (PostgreSQL 14+, not on every platform). */
  readonly checksConnection: boolean
  readonly standby: boolean
  readonly readOnly: boolean
}

/** The first question of a connection. Rejects with DATABASE_UNSUPPORTED where it is not PostgreSQL that answers. */
export async function greet(client: Client): Promise<Backend> {
  try {
    const result = await client.unsafe(`
      SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.version() AS version,
             pg_catalog.current_setting('server_version_num') AS number,
             (SELECT s.backend_start::text FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) s) AS started,
             pg_catalog.current_setting('transaction_read_only') AS read_only, pg_catalog.pg_is_in_recovery() AS standby`)
    const [row] = result
    refuseImitation(client, String(row?.version))
    return {
      pid: Number(row?.pid),
      startedAt: String(row?.started),
      versionNumber: Number(row?.number),
      pooled: result.state.pid !== Number(row?.pid),
      checksConnection: /linux|darwin/.test(String(row?.version)),
      standby: row?.standby === true,
      readOnly: row?.read_only === 'on',
    }
  } catch (error) {
    // Redshift knows no server_version_num: whoever cannot answer is asked who it is.
    if (serverErrorIn(error)) refuseImitation(client, await versionOf(client))
    throw error
  }
}

async function versionOf(client: Client): Promise<string> {
  const rows = await client.unsafe('SELECT version() AS version').catch(() => [])
  return String(rows[0]?.version ?? '')
}

/** Databases that speak PostgreSQL's protocol, by what their version() or their parameters say. */
const IMITATIONS: readonly (readonly [name: string, version: RegExp, parameter?: string])[] = [
  ['CockroachDB', /^CockroachDB /, 'crdb_version'],
  ['YugabyteDB', /-YB-\d/],
  ['Amazon Redshift', /\bRedshift \d/, 'padb_version'],
  ['Amazon Aurora DSQL', /\bAurora DSQL\b/i],
  ['Materialize', /\bMaterialize v/],
  ['RisingWave', /-RisingWave-/],
  ['Greenplum', /\(Greenplum Database /],
]

function refuseImitation({ parameters }: Client, version: string): void {
  const given = parameters as unknown as Readonly<Record<string, string>>
  const found = IMITATIONS.find(
    ([, pattern, parameter]) => pattern.test(version) || (parameter !== undefined && given[parameter] !== undefined),
  )
  if (found) throw unsupported(found[0], version || (given[found[2] ?? ''] ?? ''))
}

/** Aurora DSQL says that it is PostgreSQL; its hosts say what it is. */
export function refuseByHost({ host }: Target): void {
  if (/\.dsql(?:-\w+)?\.[a-z0-9-]+\.on\.aws\.?$/i.test(host)) throw unsupported('Amazon Aurora DSQL', host)
}

function unsupported(product: string, version: string): MigratorError {
  return new MigratorError('DATABASE_UNSUPPORTED', `This database is ${product}, not PostgreSQL; nothing was run.`, {
    details: { product, version },
  })
}

/** Why a server is not one that target_session_attrs asks for; undefined where it is. */
export function unfit(backend: Backend, wanted: SessionAttributes, target: Target): MigratorError | undefined {
  const is = {
    any: true,
    'read-write': !backend.readOnly && !backend.standby,
    'read-only': backend.readOnly || backend.standby,
    primary: !backend.standby,
    standby: backend.standby,
    'prefer-standby': backend.standby,
  }[wanted]
  if (is) return undefined
  const what = backend.standby ? 'a standby' : backend.readOnly ? 'read-only' : 'a primary that takes writes'
  return new MigratorError(
    'CONNECTION_FAILED',
    `The server ${placeText(target)} is ${what}; target_session_attrs=${wanted} requires a different one.`,
    {
      hint: 'Name one or more servers that match, or change target_session_attrs.',
      details: { reason: 'session-attributes' },
    },
  )
}
