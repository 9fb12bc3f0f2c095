import { MigratorError } from '../errors.ts'
import type { DatabaseLocation } from '../ports.ts'

const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1', '::1', '[::1]', ''])

/** Reads a connection URL. Throws DATABASE_URL_INVALID, whose message never repeats the password. */
export function parseConnectionString(text: string): DatabaseLocation {
  const url = parse(text)
  const database = decode(url.pathname.slice(1))
  if (database === '') throw invalid('it names no database after the host')
  const host = decode(url.hostname) || url.searchParams.get('host') || 'localhost'
  const port = Number(url.port || url.searchParams.get('port') || 5432)
  const user = decode(url.username) || url.searchParams.get('user') || ''
  return { host, port, database, user, local: LOCAL_HOSTS.has(host) || host.startsWith('/') || /^127\./.test(host) }
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
