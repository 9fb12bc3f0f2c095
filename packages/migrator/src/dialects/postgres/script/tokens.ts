/** What a stretch of SQL is, as far as cutting a text needs to know. `sign`: any other single character. */
export type TokenKind = 'space' | 'comment' | 'word' | 'name' | 'text' | 'parameter' | 'number' | 'sign'

export interface Token {
  readonly kind: TokenKind
  readonly from: number
  /** Where the next one begins. */
  readonly to: number
}

/**
 * The token that begins at `from`; undefined at the end of the text. Reads each character once, whatever the text:
 * what has no end (a quote, a comment) reaches to the end of the text. Strings are read with
 * standard_conforming_strings on. https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
export function tokenAt(sql: string, from: number): Token | undefined {
  if (from >= sql.length) return undefined
  const code = sql.charCodeAt(from)
  if (code === MARK && from === 0) return { kind: 'space', from, to: 1 }
  if (isSpace(code)) return { kind: 'space', from, to: endOf(SPACE, sql, from) }
  if (isWordStart(code)) return wordAt(sql, from)
  if (isDigit(code)) return { kind: 'number', from, to: endOf(NUMBER, sql, from) }
  if (code === QUOTE) return { kind: 'text', from, to: endOfQuoted(sql, from, "'") }
  if (code === DOUBLE_QUOTE) return { kind: 'name', from, to: endOfQuoted(sql, from, '"') }
  if (code === DOLLAR) return dollarAt(sql, from)
  if (code === DASH && sql.charCodeAt(from + 1) === DASH) return { kind: 'comment', from, to: endOf(LINE, sql, from) }
  if (code === SLASH && sql.charCodeAt(from + 1) === STAR)
    return { kind: 'comment', from, to: endOfBlockComment(sql, from) }
  return { kind: 'sign', from, to: from + 1 }
}

const [QUOTE, DOUBLE_QUOTE, DOLLAR, DASH, SLASH, STAR] = [0x27, 0x22, 0x24, 0x2d, 0x2f, 0x2a]
/** Some editors put it in front of a text. */
const MARK = 0xfeff
const SPACE = /[ \t\n\r\f\v]*/y
const LINE = /[^\r\n]*/y
const NUMBER = /[\w.]*/y
const WORD = /[\w$\u0080-\uffff]*/y
const DIGITS = /\d+/y
const TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y

/** Each pattern is one class of characters, or one after the other: none can go back. */
function endOf(pattern: RegExp, sql: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(sql) ? pattern.lastIndex : from
}

/** A word, unless it is the prefix of a string or of a quoted name: E'…', U&'…', B'…', U&"…". */
function wordAt(sql: string, from: number): Token {
  const to = endOf(WORD, sql, from)
  const unicode = to === from + 1 && (sql[from] === 'u' || sql[from] === 'U') && sql[to] === '&'
  if (unicode && sql[to + 1] === "'") return { kind: 'text', from, to: endOfQuoted(sql, to + 1, "'") }
  if (unicode && sql[to + 1] === '"') return { kind: 'name', from, to: endOfQuoted(sql, to + 1, '"') }
  if (to !== from + 1 || sql.charCodeAt(to) !== QUOTE) return { kind: 'word', from, to }
  const escapes = sql[from] === 'e' || sql[from] === 'E'
  return { kind: 'text', from, to: escapes ? endOfEscaped(sql, to) : endOfQuoted(sql, to, "'") }
}

function endOfQuoted(sql: string, open: number, quote: string): number {
  for (let at = sql.indexOf(quote, open + 1); at >= 0; at = sql.indexOf(quote, at + 2)) {
    if (sql[at + 1] !== quote) return at + 1
  }
  return sql.length
}

/** In E'…' a backslash takes the next character with it, also in the part that goes on in the next line. */
function endOfEscaped(sql: string, open: number): number {
  for (let at = open + 1; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE && sql.charCodeAt(at + 1) === QUOTE) at++
    else if (code === QUOTE) {
      const next = continuation(sql, at + 1)
      if (next === undefined) return at + 1
      at = next
    }
  }
  return sql.length
}

const BACKSLASH = 0x5c

/** A string goes on behind a line break. https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS */
function continuation(sql: string, from: number): number | undefined {
  let at = from
  for (let past = -1; past !== at; ) {
    past = at
    at = endOf(SPACE, sql, at)
    if (sql.startsWith('--', at)) at = endOf(LINE, sql, at)
  }
  return sql.charCodeAt(at) === QUOTE && /[\r\n]/.test(sql.slice(from, at)) ? at : undefined
}

function dollarAt(sql: string, from: number): Token {
  const body = endOf(TAG, sql, from)
  if (body > from) {
    const close = sql.indexOf(sql.slice(from, body), body)
    return { kind: 'text', from, to: close < 0 ? sql.length : close + body - from }
  }
  const number = endOf(DIGITS, sql, from + 1)
  return number > from + 1 ? { kind: 'parameter', from, to: number } : { kind: 'sign', from, to: from + 1 }
}

/** Block comments nest in PostgreSQL. */
function endOfBlockComment(sql: string, from: number): number {
  let depth = 0
  for (let at = from; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === SLASH && sql.charCodeAt(at + 1) === STAR) {
      depth++
      at++
    } else if (code === STAR && sql.charCodeAt(at + 1) === SLASH) {
      depth--
      at++
      if (depth === 0) return at + 1
    }
  }
  return sql.length
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isWordStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || code >= 0x80
}
