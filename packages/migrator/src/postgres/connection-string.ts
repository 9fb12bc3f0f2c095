import { MigratorError } from '../errors.ts'
import type { DatabaseLocation } from '../ports.ts'

const LOCAL_HOSTS = new Set(['localhost', '::1'])
const LOOPBACK = /^127(?:\.\d{1,3}){3}$/

/** A connection URL taken apart; `location` is safe to print, the password is not in it. */
export interface ConnectionString {
  readonly location: DatabaseLocation
  readonly password: string
  /** The URL without what is said explicitly: the driver can't come to another host than the one that was judged. */
  readonly rest: string
}

/** Reads a connection URL. Throws DATABASE_URL_INVALID, whose message never repeats the password. */
export function readConnectionString(text: string): ConnectionString {
  const url = parse(text)
  const password = decode(url.password)
  const location = locate(url)
  for (const name of ['host', 'port', 'user']) url.searchParams.delete(name)
  return { location, password, rest: url.href }
}

/** Where a connection URL leads to. Throws DATABASE_URL_INVALID. */
export function parseConnectionString(text: string): DatabaseLocation {
  return readConnectionString(text).location
}

/** The same server and role, another database. */
export function onDatabase(text: string, database: string): string {
  const url = parse(text)
  url.pathname = `/${encodeURIComponent(database)}`
  return url.href
}

function locate(url: URL): DatabaseLocation {
  const database = decode(url.pathname.slice(1))
  if (database === '') throw invalid('it names no database after the host')
  const host = decode(url.hostname).replace(/^\[|\]$/g, '') || url.searchParams.get('host') || 'localhost'
  if (host.includes(',')) throw invalid('it names several hosts; migrations run against one')
  const port = Number(url.port || url.searchParams.get('port') || 5432)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid('its port is no number from 1 to 65535')
  const user = decode(url.username) || url.searchParams.get('user') || ''
  return { host, port, database, user, local: LOCAL_HOSTS.has(host) || host.startsWith('/') || LOOPBACK.test(host) }
}

function parse(text: string): URL {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text.trim())?.[1]
  if (text.trim() === '') throw invalid('it is empty')
  if (scheme !== 'postgres' && scheme !== 'postgresql') throw invalid('it does not begin with postgresql://')
  try {
    return new URL(text.trim())
  } catch (cause) {
    throw invalid('it is no URL; a password with special characters has to be percent-encoded', cause)
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw invalid('it holds a "%" that is not followed by two hexadecimal digits', cause)
  }
}

function invalid(why: string, cause?: unknown): MigratorError {
  return new MigratorError('DATABASE_URL_INVALID', `DATABASE_URL is malformed: ${why}.`, { cause })
}
