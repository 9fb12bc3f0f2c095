import type { DatabaseLocation } from '../../ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment of pg_dump and pg_restore: where to connect, as whom and how safely. The password goes this way because
 * arguments can be read by everybody on the machine. https://www.postgresql.org/docs/current/libpq-envars.html
 */
export function childEnvironment(
  connectionString: string,
  location: DatabaseLocation,
  inherited: Environment,
): Environment {
  const url = new URL(connectionString.trim())
  const password = decodeURIComponent(url.password)
  return {
    ...Object.fromEntries(Object.entries(inherited).filter(([name]) => !name.startsWith('PG') || KEPT.test(name))),
    ...safetyOf(url.searchParams),
    PGHOST: location.host,
    PGPORT: String(location.port),
    ...(location.user === '' ? {} : { PGUSER: location.user }),
    ...(password === '' ? {} : { PGPASSWORD: password }),
    PGAPPNAME: 'migrator pg-dump',
    PGCONNECT_TIMEOUT: '10',
    // Messages are shown as they come; in one language they can be looked up.
    LC_ALL: 'C',
  }
}

/** Of the caller's own: TLS, and ways to know the password. Not where to connect. */
const KEPT = /^PG(?:SSL\w*|PASSWORD|PASSFILE|REQUIREPEER|KRBSRVNAME|GSS\w*|CHANNELBINDING|REQUIREAUTH)$/

/** What libpq knows of a URL's parameters; the drivers' own would be refused by it. */
const PARAMETERS: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslcrl: 'PGSSLCRL',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslsni: 'PGSSLSNI',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  channel_binding: 'PGCHANNELBINDING',
  gssencmode: 'PGGSSENCMODE',
  options: 'PGOPTIONS',
}

function safetyOf(parameters: URLSearchParams): Environment {
  const known = Object.entries(PARAMETERS).flatMap(([parameter, variable]) => {
    const value = parameters.get(parameter)
    return value === null ? [] : [[variable, parameter === 'sslmode' ? modeOf(value) : value]]
  })
  // The driver's own spelling, `?ssl=true`.
  const ssl = parameters.get('ssl')
  const mode = ssl !== null && !parameters.has('sslmode') ? { PGSSLMODE: modeOf(ssl) } : {}
  return { ...mode, ...Object.fromEntries(known) }
}

const MODES: Readonly<Record<string, string>> = {
  true: 'require',
  '1': 'require',
  'no-verify': 'require',
  false: 'disable',
  '0': 'disable',
}

function modeOf(value: string): string {
  return MODES[value] ?? value
}

/** A database's name as the value of --dbname, where a bare one could be taken for a whole connection string. */
export function databaseArgument(database: string): string {
  return `--dbname=dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
