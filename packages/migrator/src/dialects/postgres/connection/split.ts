import { ENCODE_PASSWORD, invalid, QUOTE_VALUE } from './invalid.ts'
import { isKeywords, splitKeywords, withKeyword } from './keywords.ts'

/** A connection string cut into its parts, decoded. Parts that are not there are empty. */
export interface Parts {
  readonly user: string
  readonly password: string
  readonly hosts: readonly string[]
  /** As many as hosts; empty where none is written. */
  readonly ports: readonly string[]
  readonly database: string
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** How a value is kept in one piece. */
  readonly escaping: { readonly rule: string; readonly hint: string }
}

/** Cuts either of the two forms that libpq reads. */
export function splitConnection(text: string): Parts {
  if (!isKeywords(text)) return splitUrl(text)
  const none = { user: '', password: '', hosts: [''], ports: [''], database: '' }
  return { ...none, parameters: splitKeywords(text), escaping: QUOTING }
}

const QUOTING = { rule: 'quote a value that contains a space', hint: QUOTE_VALUE }
const ENCODING = { rule: 'write "&" in a value as %26', hint: ENCODE_PASSWORD }

/**
 * Cuts a URL as libpq does, and refuses what can be cut in two ways. Otherwise a password that is not percent-encoded would
 * lead to a host that is a piece of it.
 */
function splitUrl(text: string): Parts {
  const { authority, path, query } = sections(text)
  const at = authority.lastIndexOf('@')
  const [user, password] = cutAt(authority.slice(0, Math.max(at, 0)), ':')
  const places = authority
    .slice(at + 1)
    .split(',')
    .map(splitPlace)
  return {
    user: decode(user),
    password: decode(password),
    hosts: places.map(({ host }) => decode(host)),
    ports: places.map(({ port }) => decode(port)),
    database: decode(path),
    parameters: query === '' ? [] : query.split('&').map(splitParameter),
    escaping: ENCODING,
  }
}

/** The same connection string with another database. */
export function replaceDatabase(text: string, database: string): string {
  if (isKeywords(text)) return withKeyword(text, 'dbname', database)
  const { scheme, authority, query } = sections(text)
  const others = query.split('&').filter((each) => each !== '' && !each.startsWith('dbname='))
  return `${scheme}${authority}/${encodeURIComponent(database)}${others.length > 0 ? `?${others.join('&')}` : ''}`
}

interface Sections {
  readonly scheme: string
  readonly authority: string
  readonly path: string
  readonly query: string
}

function sections(given: string): Sections {
  const text = given.trim()
  if (text === '') throw invalid('it is empty')
  const scheme = /^postgres(?:ql)?:\/\//.exec(text)?.[0]
  if (scheme === undefined) throw invalid('it neither begins with postgresql:// nor is a list of name=value pairs')
  const rest = text.slice(scheme.length)
  const end = rest.search(/[/?]/)
  const authority = end < 0 ? rest : rest.slice(0, end)
  const tail = end < 0 ? '' : rest.slice(end)
  if (tail.includes('@')) {
    throw invalid('an "@" follows the first "/" or "?"; the password is probably not percent-encoded', ENCODE_PASSWORD)
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to refuse.
  if (/[\u0000-\u0020\u007f#]/.test(rest)) {
    throw invalid('it contains a space or a "#"; percent-encode them in a password', ENCODE_PASSWORD)
  }
  const [path, query] = cutAt(tail, '?')
  return { scheme, authority, path: path.slice(1), query }
}

/** `host`, `host:port`, `[::1]:port`. What is wrong with it is not said: it may be a piece of a password. */
function splitPlace(text: string): { readonly host: string; readonly port: string } {
  const bracketed = /^\[([^[\]]*)\](?::(.*))?$/.exec(text)
  if (bracketed) return { host: bracketed[1] ?? '', port: bracketed[2] ?? '' }
  const [host, port] = cutAt(text, ':')
  if (/[[\]:]/.test(`${host}${port}`)) {
    throw invalid(
      'its host cannot be read; put an IPv6 address in brackets, and percent-encode a password',
      ENCODE_PASSWORD,
    )
  }
  return { host, port }
}

function splitParameter(text: string): readonly [string, string] {
  if (!text.includes('=')) {
    throw invalid(`a parameter after the "?" has no value; ${ENCODING.rule}`, ENCODE_PASSWORD)
  }
  const [name, value] = cutAt(text, '=')
  // Where libpq reads a plus, programs that build URLs mean a space: a setting on the command line holds no plus.
  return [decode(name), decode(SPACED.has(name) ? value.replaceAll('+', ' ') : value)]
}

const SPACED = new Set(['options', 'search_path'])

/** The text before the separator and behind it; all of it and nothing where it is not there. */
function cutAt(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}

function decode(text: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    throw invalid('it contains a "%" that is not followed by two hexadecimal digits of UTF-8', ENCODE_PASSWORD)
  }
  if (decoded.includes('\0')) throw invalid('it holds %00')
  return decoded
}
