import { type Connection, SESSION_ATTRIBUTES, type SessionAttributes, type Target } from './connection.ts'
import { calledBy, invalid, USUAL } from './invalid.ts'
import { type Sorted, sortParameters } from './parameters.ts'
import { type Parts, splitConnection } from './split.ts'
import { readTls } from './tls.ts'
import { oneOf } from './values.ts'

/**
 * Reads a connection string: a URL, or `name=value` pairs. `name` is what errors and notices call it. Throws
 * DATABASE_URL_INVALID, which never repeats a password, nor a piece of one.
 */
export function readConnection(text: string, name = USUAL): Connection {
  try {
    const connection = read(text)
    return { ...connection, name, notices: connection.notices.map((notice) => calledBy(name, notice)) }
  } catch (error) {
    throw calledBy(name, error)
  }
}

function read(text: string): Omit<Connection, 'name'> {
  const parts = splitConnection(text)
  const sorted = sortParameters(parts)
  const { honoured } = sorted
  const database = honoured.get('dbname') || parts.database
  if (database === '') throw invalid('it names no database after the host')
  return {
    targets: readTargets(parts, honoured),
    session: readSession(honoured),
    database,
    user: honoured.get('user') || parts.user,
    password: honoured.get('password') || parts.password,
    passFile: honoured.get('passfile') ?? '',
    tls: readTls(honoured),
    applicationName: honoured.get('application_name') ?? '',
    connectTimeoutMs: readTimeout(honoured.get('connect_timeout')),
    startup: readStartup(honoured),
    onlyLibpq: { ...sorted.onlyLibpq, ...onlyByLibpq(honoured) },
    notices: [...sorted.notices, ...unmet(sorted)],
  }
}

/** A parameter goes before the authority: `//localhost/db?host=/socket` is the socket. One port serves several hosts. */
function readTargets(parts: Parts, given: Sorted['honoured']): readonly Target[] {
  const addresses = given.get('hostaddr')?.split(',')
  const hosts = given.get('host')?.split(',') ?? (parts.hosts.join('') === '' ? addresses : undefined) ?? parts.hosts
  const ports = given.get('port')?.split(',') ?? (parts.ports.join('') === '' ? [''] : parts.ports)
  if (addresses && addresses.length !== hosts.length) throw invalid('the number of hostaddr values and hosts differs')
  if (ports.length !== 1 && ports.length !== hosts.length) throw invalid('the number of ports and hosts differs')
  return hosts.map((written, index) => {
    const host = written || addresses?.[index] || 'localhost'
    return { host, address: addresses?.[index] || host, port: readPort(ports[ports.length === 1 ? 0 : index] ?? '') }
  })
}

function readPort(text: string): number {
  if (text === '') return 5432
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw invalid('its port is not a number from 1 to 65535')
  return port
}

function readSession(given: Sorted['honoured']): SessionAttributes {
  return oneOf(SESSION_ATTRIBUTES, 'target_session_attrs', given.get('target_session_attrs') ?? 'any')
}

/** In seconds. libpq waits for ever at 0, which a run must not: the usual limit holds then. */
function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^-?\d{1,6}$/.test(text)) throw invalid('its connect_timeout is not a number of seconds')
  return Number(text) > 0 ? Number(text) * 1000 : undefined
}

/** Prisma writes `schema=public` everywhere; that is where sessions are anyway, and poolers refuse start-up settings. */
function readStartup(given: Sorted['honoured']): Readonly<Record<string, string>> {
  const schema = given.get('schema') ?? given.get('currentSchema') ?? 'public'
  const path = given.get('search_path') ?? (schema === 'public' ? '' : quoted(schema))
  const options = given.get('options') ?? ''
  return { ...(options === '' ? {} : { options }), ...(path === '' ? {} : { search_path: path }) }
}

function quoted(schema: string): string {
  return `"${schema.replaceAll('"', '""')}"`
}

function onlyByLibpq(given: Sorted['honoured']): Readonly<Record<string, string>> {
  const names = { channel_binding: 'PGCHANNELBINDING', gssencmode: 'PGGSSENCMODE' }
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, variable]) => (given.get(name) ? [[variable, given.get(name) ?? '']] : [])),
  )
}

/** What was asked for and the driver cannot do. */
function unmet({ honoured }: Sorted): readonly string[] {
  const binding = oneOf(
    ['disable', 'prefer', 'require'],
    'channel_binding',
    honoured.get('channel_binding') ?? 'prefer',
  )
  const encryption = oneOf(['disable', 'prefer', 'require'], 'gssencmode', honoured.get('gssencmode') ?? 'prefer')
  if (encryption === 'require') throw invalid('the driver has no GSSAPI encryption, which gssencmode=require asks for')
  if (binding !== 'require') return []
  return [
    'DATABASE_URL: "channel_binding=require" is ignored: the driver cannot bind the channel. Use sslmode=verify-full to verify the server.',
  ]
}
