import { isSecretName } from './secret-name.ts'
import { isLiteralAt, literalEnd, valueEnd } from './secret-value.ts'

/** Where a secret stands in a text. */
export interface Secret {
  readonly from: number
  readonly to: number
}

/**
 * Finds secrets from front to back. A scanner, because what it reads comes from anywhere: it reads each character a bounded number
 * of times, and a value without an end is a secret up to the end of the text.
 */
export function* secretsIn(text: string): Generator<Secret> {
  if (!HINT.test(text)) return
  const credentials = createCredentials(text)
  const begins = new RegExp(BEGINS)
  for (let found = begins.exec(text); found; found = begins.exec(text)) {
    const [what] = found
    const secret =
      what === '://'
        ? credentials(found.index)
        : what.startsWith('-')
          ? privateKey(text, found.index)
          : (named(text, found.index, what) ?? bearer(text, found.index, what) ?? known(text, found.index, what))
    if (!secret) continue
    yield secret
    begins.lastIndex = secret.to
  }
}

const HINT =
  /:\/\/|pass|pwd|secret|credential|auth|cookie|token|key|bearer|basic|gh[opsu]_|eyj|github_pat|glpat|xox|sk_|rk_|npm_/i
const BEGINS = /:\/\/|-----BEGIN|[A-Za-z_][\w-]*/g

/** The value of a word that means a secret: assigned, written behind it as a literal, or the argument of a flag. */
function named(text: string, at: number, word: string): Secret | undefined {
  if (!isSecretName(word)) return undefined
  const closed = endOf(CLOSING, text, at + word.length)
  const quoted = closed > at + word.length
  const next = gapEnd(text, closed)
  const separated = separatorEnd(text, next, quoted)
  const value = gapEnd(text, separated ?? next)
  if (separated !== undefined && /[=:]/.test(text[next] ?? '')) return nonEmpty(value, valueEnd(text, value, word))
  const quotedTo = quotedEnd(text, value)
  if (quotedTo !== undefined) return { from: value, to: quotedTo }
  if (isLiteralAt(text, value)) return { from: value, to: literalEnd(text, value) }
  const flag = text.startsWith('--', at - 2) && next > closed && !text.startsWith('-', next)
  return flag ? nonEmpty(next, valueEnd(text, next, word)) : undefined
}

/** The end of a value in a nested literal, or one concatenated after the literal closes; undefined for any other. */
function quotedEnd(text: string, at: number): number | undefined {
  const mark = text.startsWith("\\'", at) ? "\\'" : "''"
  if (text.startsWith(mark, at) && /[^\s;,)']/.test(text[at + 2] ?? '')) {
    const end = text.indexOf(mark, at + 2)
    return end < 0 ? text.length : end + 2
  }
  if (text[at] !== "'" || !text.startsWith('||', endOf(SPACE, text, at + 1))) return undefined
  return endOf(STATEMENT, text, at)
}

const STATEMENT = /[^;\n]*/y

/** What ends a name that was in quotes, also in a text that was escaped, or in parentheses. */
const CLOSING = /\\*["'`]|[)\]]|/y
const TO = /to(?=\s)/iy

/** `=`, `:`, `:=`, `=>`, TO; behind a name in quotes a comma, as between arguments. Not the `::` of a cast. */
function separatorEnd(text: string, at: number, quoted: boolean): number | undefined {
  const sign = text[at]
  if (sign === ':' && text[at + 1] === ':') return undefined
  if (sign === '=' || sign === ':') return at + (text[at + 1] === '=' || text[at + 1] === '>' ? 2 : 1)
  if (sign === ',' && quoted) return at + 1
  const word = endOf(TO, text, at)
  return word > at ? word : undefined
}

/** White space and short comments. */
function gapEnd(text: string, from: number): number {
  let at = endOf(SPACE, text, from)
  for (let past = from; text.startsWith('/*', at) && past !== at; at = endOf(SPACE, text, at)) {
    past = at
    const end = text.slice(at, at + LONGEST_COMMENT).indexOf('*/')
    if (end >= 0) at += end + 2
  }
  return at
}

const SPACE = /\s*/y
const LONGEST_COMMENT = 200

/** `Bearer x`, and `Basic x` where x looks like no word. */
function bearer(text: string, at: number, word: string): Secret | undefined {
  if (!/^(?:bearer|basic)$/i.test(word)) return undefined
  const from = endOf(SPACE, text, at + word.length)
  const to = endOf(TOKEN, text, from)
  if (from === at + word.length || to - from < SHORTEST_TOKEN) return undefined
  const value = text.slice(from, to)
  const harmless = /^[a-z]+$/.test(value) && (/^basic$/i.test(word) || NO_TOKENS.has(value))
  return harmless ? undefined : { from, to }
}

const TOKEN = /[\w.~+/=-]*/y
const SHORTEST_TOKEN = 5
const NO_TOKENS = new Set(['token', 'tokens', 'authentication', 'authorization', 'header', 'scheme', 'realm'])

/** Tokens that are known by how they begin: GitHub's, GitLab's, Slack's, Stripe's, npm's, and JSON Web Tokens. */
function known(text: string, at: number, word: string): Secret | undefined {
  if (word.length < LONG_ENOUGH || !KNOWN.test(word)) return undefined
  return { from: at, to: endOf(TOKEN, text, at) }
}

const KNOWN = /^(?:gh[opsu]_|github_pat_|glpat-|xox[abps]-|[sr]k_live_|npm_|eyJ)/
const LONG_ENOUGH = 20

/** All between the lines of a PEM block. */
function privateKey(text: string, at: number): Secret | undefined {
  const header = text.slice(at, at + LONGEST_HEADER)
  const label = header.indexOf('PRIVATE KEY')
  if (label < 0 || header.slice(0, label).includes('\n')) return undefined
  const end = text.indexOf('-----END', at)
  const last = end < 0 ? -1 : text.indexOf('-----', end + '-----END'.length)
  return { from: at, to: last < 0 ? text.length : last + '-----'.length }
}

const LONGEST_HEADER = 80

/**
 * The password in `scheme://user:password@host`, or a token in its place. It need not be percent-encoded: it reaches to the last @
 * before a blank, or of the line where what follows the colon is no port.
 */
function createCredentials(text: string): (at: number) => Secret | undefined {
  const inWord = createLastAt(text, /[\s"]/g)
  const inLine = createLastAt(text, /[\n"]/g)
  return (scheme) => {
    const from = scheme + '://'.length
    if (text.startsWith(EXAMPLE, from)) return undefined
    const user = endOf(USER, text, from)
    if (text[user] !== ':') return tokenInUrl(text, scheme, from, user)
    const port = endOf(PORT, text, user + 1) > user + 1
    const at = inWord(user) ?? (port ? undefined : inLine(user))
    return at === undefined ? undefined : nonEmpty(user + 1, at)
  }
}

/** The form that our own hints show. */
const EXAMPLE = 'user:password@host:5432/database'

const USER = /[^\s/:"]*/y
const PORT = /\d+(?=[/?#\s]|$)/y

/** Over HTTP a user without a password is a token. */
function tokenInUrl(text: string, scheme: number, from: number, user: number): Secret | undefined {
  if (!/https?$/i.test(text.slice(Math.max(0, scheme - 5), scheme))) return undefined
  const at = text.slice(from, user).lastIndexOf('@')
  return at < 0 ? undefined : nonEmpty(from, from + at)
}

/** The last @ of the stretch that a place is in. Each stretch is read once, however many places in it are asked for. */
function createLastAt(text: string, border: RegExp): (place: number) => number | undefined {
  let [end, last] = [-1, -1]
  return (place) => {
    if (place >= end) {
      border.lastIndex = place
      end = border.exec(text)?.index ?? text.length
      const found = text.slice(place, end).lastIndexOf('@')
      last = found < 0 ? -1 : place + found
    }
    return last > place ? last : undefined
  }
}

function nonEmpty(from: number, to: number): Secret | undefined {
  return to > from ? { from, to } : undefined
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}
