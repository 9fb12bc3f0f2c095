import { nearestIds } from '../../../core/target.ts'
import { invalid } from './invalid.ts'
import type { Parts } from './split.ts'

/**
 * Every parameter that a connection string may have, and what it turns into:
 * `honoured` by us as by libpq; `libpq` by pg_dump, and without meaning for a migration; `quiet`: left out, nothing is lost;
 * `notice`: left out and said so; `refused`: leaving it out would lead elsewhere, or be less safe than was asked for.
 */
type Fate =
  | 'honoured'
  | 'quiet'
  | { readonly libpq: string }
  | { readonly notice: string }
  | { readonly refused: string }

const POOLING = { notice: 'sets the size of a pool, and a run opens only the connections that it needs' }
const PREPARED = { notice: 'concerns prepared statements, which the migrator does not use' }
const LIMIT = { notice: 'does not apply to migrations; use --statement-timeout, --lock-timeout and --lock-wait' }

const FATES: Readonly<Record<string, Fate>> = {
  host: 'honoured',
  hostaddr: 'honoured',
  port: 'honoured',
  dbname: 'honoured',
  user: 'honoured',
  password: 'honoured',
  passfile: 'honoured',
  target_session_attrs: 'honoured',
  application_name: 'honoured',
  connect_timeout: 'honoured',
  options: 'honoured',
  search_path: 'honoured',
  sslmode: 'honoured',
  sslnegotiation: 'honoured',
  sslrootcert: 'honoured',
  sslcrl: 'honoured',
  sslcert: 'honoured',
  sslkey: 'honoured',
  sslpassword: 'honoured',
  sslsni: 'honoured',
  ssl_min_protocol_version: 'honoured',
  ssl_max_protocol_version: 'honoured',
  channel_binding: 'honoured',
  // Of other tools, with a meaning that is ours too: postgres.js, JDBC, Prisma.
  ssl: 'honoured',
  schema: 'honoured',
  currentSchema: 'honoured',
  sslaccept: 'honoured',

  gssencmode: 'honoured',
  krbsrvname: { libpq: 'PGKRBSRVNAME' },
  gsslib: { libpq: 'PGGSSLIB' },
  sslcompression: { libpq: 'PGSSLCOMPRESSION' },

  keepalives: 'quiet',
  keepalives_idle: 'quiet',
  keepalives_interval: 'quiet',
  keepalives_count: 'quiet',
  tcp_user_timeout: 'quiet',
  client_encoding: 'quiet',
  fallback_application_name: 'quiet',
  load_balance_hosts: 'quiet',
  uselibpqcompat: 'quiet',
  pgbouncer: 'quiet',
  supa: 'quiet',
  workaround: 'quiet',
  encoding: 'quiet',

  connection_limit: POOLING,
  pool_timeout: POOLING,
  pool_mode: POOLING,
  pool: POOLING,
  pool_size: POOLING,
  max: POOLING,
  idle_timeout: POOLING,
  max_lifetime: POOLING,
  max_connection_lifetime: POOLING,
  max_idle_connection_lifetime: POOLING,
  single_use_connections: POOLING,
  conn_max_age: POOLING,
  pool_max_conns: POOLING,
  pool_min_conns: POOLING,
  pool_max_conn_lifetime: POOLING,
  pool_max_conn_idle_time: POOLING,
  statement_cache_size: PREPARED,
  prepared_statement_cache_size: PREPARED,
  statement_cache_capacity: PREPARED,
  prepared_statements: PREPARED,
  prepareThreshold: PREPARED,
  prepare: PREPARED,
  default_query_exec_mode: PREPARED,
  socket_timeout: LIMIT,
  statement_timeout: LIMIT,
  lock_timeout: LIMIT,
  query_timeout: LIMIT,
  idle_in_transaction_session_timeout: LIMIT,

  service: { refused: 'name host, port and database here; PGSERVICE applies only without a connection string' },
  servicefile: {
    refused: 'name host, port and database here; PGSERVICEFILE applies only without a connection string',
  },
  replication: { refused: 'migrations need an ordinary session' },
  requirepeer: { refused: 'the driver cannot check the owner of a socket' },
  require_auth: { refused: 'the driver cannot restrict how the server asks for the password' },
  sslcertmode: { refused: 'the driver sends the certificate that sslcert names' },
  sslcrldir: { refused: 'name one file with sslcrl' },
  sslidentity: { refused: "name the client's certificate and key with sslcert and sslkey, as PEM files" },
}

/** The honoured parameters by name, and what became of the others. A later one goes before an earlier one, as in libpq. */
export interface Sorted {
  readonly honoured: ReadonlyMap<string, string>
  readonly onlyLibpq: Readonly<Record<string, string>>
  readonly notices: readonly string[]
}

/** Throws DATABASE_URL_INVALID for one that is not known, with the nearest that is. */
export function sortParameters({ parameters, escaping }: Pick<Parts, 'parameters' | 'escaping'>): Sorted {
  const honoured = new Map<string, string>()
  const onlyLibpq: Record<string, string> = {}
  const notices = new Set<string>()
  let behindPassword = false
  for (const [name, value] of parameters) {
    const fate = Object.hasOwn(FATES, name) ? FATES[name] : undefined
    if (fate === undefined) throw unknown(name, behindPassword, escaping)
    behindPassword ||= SECRET.has(name)
    if (fate === 'honoured') honoured.set(name, value)
    else if (typeof fate === 'object') {
      if ('refused' in fate) throw invalid(`its parameter "${name}" is not supported`, `Leave it out: ${fate.refused}.`)
      if ('libpq' in fate) onlyLibpq[fate.libpq] = value
      else notices.add(`DATABASE_URL: "${name}" is ignored: it ${fate.notice}.`)
    }
  }
  return { honoured, onlyLibpq, notices: [...notices] }
}

const SECRET = new Set(['password', 'sslpassword'])

/** Only what looks like a name is repeated, and nothing behind a password: it may be the rest of one with a bare "&" or space. */
function unknown(name: string, behindPassword: boolean, { rule, hint: advice }: Parts['escaping']): Error {
  if (behindPassword || !/^[A-Za-z][\w.-]{0,62}$/.test(name)) {
    return invalid(`it has an unknown parameter; ${rule}`, advice)
  }
  // Of two that contain each other ("ssl", "sslmode") the one of about that length.
  const apart = (other: string) => Math.abs(other.length - name.length)
  const [near] = nearestIds(name, Object.keys(FATES)).toSorted((a, b) => apart(a) - apart(b))
  const hint = near === undefined ? SETTINGS : `Did you mean "${near}"? ${SETTINGS}`
  return invalid(`"${name}" is not a connection parameter`, hint)
}

const SETTINGS =
  'docs/reference/configuration.md lists the parameters; a setting of the server goes into options, as options=-c%20name=value.'
