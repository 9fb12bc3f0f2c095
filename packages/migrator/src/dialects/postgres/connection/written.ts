import type { Connection } from './connection.ts'

/** A connection that was not written down, as a string; not complete where a string cannot say all of it. */
export function writtenConnection(connection: Connection): { connectionString: string; complete?: false } {
  const { targets, database, user, password, tls, startup, session, askPassword } = connection
  const pairs: Readonly<Record<string, string>> = {
    host: targets.map(({ address }) => address).join(','),
    port: targets.map(({ port }) => port).join(','),
    dbname: database,
    user,
    password,
    sslmode: tls.mode,
    sslnegotiation: tls.mode === 'disable' ? '' : tls.negotiation,
    target_session_attrs: session,
    options: startup.options ?? '',
    search_path: startup.search_path ?? '',
  }
  const written = Object.entries(pairs).flatMap(([name, value]) => (value === '' ? [] : [`${name}=${quoted(value)}`]))
  const more = Object.keys(startup).some((name) => name !== 'options' && name !== 'search_path')
  const connectionString = written.join(' ')
  return tls.given || askPassword || more ? { connectionString, complete: false } : { connectionString }
}

function quoted(value: string): string {
  return `'${value.replace(/['\\]/g, '\\$&')}'`
}
