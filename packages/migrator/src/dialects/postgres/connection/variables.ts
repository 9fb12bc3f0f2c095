/** libpq's variables and the parameters that they stand for. https://www.postgresql.org/docs/current/libpq-envars.html */
const VARIABLES: Readonly<Record<string, string>> = {
  PGHOST: 'host',
  PGHOSTADDR: 'hostaddr',
  PGPORT: 'port',
  PGDATABASE: 'dbname',
  PGUSER: 'user',
  PGPASSFILE: 'passfile',
  PGREQUIREAUTH: 'require_auth',
  PGCHANNELBINDING: 'channel_binding',
  PGOPTIONS: 'options',
  PGAPPNAME: 'application_name',
  PGSSLMODE: 'sslmode',
  PGSSLNEGOTIATION: 'sslnegotiation',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGSSLCERTMODE: 'sslcertmode',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCRL: 'sslcrl',
  PGSSLCRLDIR: 'sslcrldir',
  PGSSLSNI: 'sslsni',
  PGSSLMINPROTOCOLVERSION: 'ssl_min_protocol_version',
  PGSSLMAXPROTOCOLVERSION: 'ssl_max_protocol_version',
  PGREQUIREPEER: 'requirepeer',
  PGGSSENCMODE: 'gssencmode',
  PGKRBSRVNAME: 'krbsrvname',
  PGGSSLIB: 'gsslib',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGCLIENTENCODING: 'client_encoding',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
  PGLOADBALANCEHOSTS: 'load_balance_hosts',
}

/** Those that name a database. A user or a port alone does not say that somebody wants to go anywhere. */
const NAMING = ['PGSERVICE', 'PGHOST', 'PGHOSTADDR', 'PGDATABASE']

type Variables = Readonly<Record<string, string | undefined>>

/** Those of the variables that are set and name a database. */
export function namingVariables(env: Variables): readonly string[] {
  return NAMING.filter((name) => env[name])
}

/**
 * A connection string with what the variables say, and with what a service says, which is stronger. PGPASSWORD is left where
 * it is. Without a database's name it is the user's, as in libpq.
 */
export function urlOfVariables(env: Variables, service: ReadonlyMap<string, string>, systemUser: () => string): string {
  const set = Object.entries(VARIABLES).flatMap(([name, parameter]) => (env[name] ? [[parameter, env[name]]] : []))
  const parameters = new Map([...(set as [string, string][]), ...service])
  if (!parameters.get('dbname')) parameters.set('dbname', parameters.get('user') || systemUser())
  const written = [...parameters].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  return `postgresql:///?${written.join('&')}`
}
