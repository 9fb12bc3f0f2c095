/** Where the value that begins at a place ends, in whatever notation it is written. What has no end reaches to the end of the text. */
export function valueEnd(text: string, from: number, name: string): number {
  const escaped = endOf(ESCAPED_QUOTE, text, from)
  if (escaped > from) return after(text, text.slice(from, escaped), escaped)
  if (isDoubledQuote(text, from)) return after(text, "''", from + 2)
  if (isLiteralAt(text, from)) return literalEnd(text, from)
  if (text[from] === '"' || text[from] === '`') return quotedEnd(text, from, text[from] ?? '')
  if (OPENING.has(text[from] ?? '')) return bracketEnd(text, from)
  if (/authorization|cookie/i.test(name)) return endOf(HEADER, text, from)
  return bareEnd(text, from)
}

/** Whether an SQL string begins here: '…', E'…', U&'…', $$…$$, $tag$…$tag$. */
export function isLiteralAt(text: string, at: number): boolean {
  return endOf(STRING, text, at) > at || endOf(DOLLARS, text, at) > at
}

export function literalEnd(text: string, from: number): number {
  const body = endOf(DOLLARS, text, from)
  if (body > from) return after(text, text.slice(from, body), body)
  const open = endOf(STRING, text, from) - 1
  return /e/i.test(text.slice(from, open)) ? quotedEnd(text, open, "'") : stringEnd(text, open)
}

const STRING = /(?:[ebnx]|u&)?'/iy
const DOLLARS = /\$(?:[A-Za-z_]\w*)?\$/y
const ESCAPED_QUOTE = /\\+["'`]/y
const OPENING = new Set(['(', '[', '{'])
const HEADER = /[^\r\n]*/y

/** A quote in a string in a string: `'password=''two words'''`. */
function isDoubledQuote(text: string, from: number): boolean {
  return text.startsWith("''", from) && /[^\s'),;]/.test(text[from + 2] ?? ' ')
}

/** A quote is doubled in SQL; behind a backslash it is the code of another language if the string goes on. */
function stringEnd(text: string, open: number): number {
  for (let at = text.indexOf("'", open + 1); at >= 0; at = text.indexOf("'", at + 1)) {
    if (text[at + 1] === "'") at++
    else if (text[at - 1] !== '\\' || at - 1 === open || !/\w/.test(text[at + 1] ?? '')) return at + 1
  }
  return text.length
}

/** With backslashes, as in JSON and in E'…'; a quote can be doubled in the latter. */
function quotedEnd(text: string, open: number, quote: string): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === quote && quote === "'" && text[at + 1] === quote) at++
    else if (text[at] === quote) return at + 1
  }
  return text.length
}

/** A list, an object, a row: all of it. */
function bracketEnd(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const sign = text[at] ?? ''
    if (sign === '"') at = quotedEnd(text, at, sign) - 1
    else if (OPENING.has(sign)) depth++
    else if (CLOSING.has(sign) && --depth === 0) return at + 1
  }
  return text.length
}

const CLOSING = new Set([')', ']', '}'])

/** Up to a blank, a quote or a bracket, or to what separates it from another assignment; a scheme takes its token with it. */
function bareEnd(text: string, from: number): number {
  const scheme = endOf(SCHEME, text, from)
  let at = Math.max(scheme, from)
  for (; at < text.length; at++) {
    const sign = text[at] ?? ''
    if (ENDS.test(sign)) return at
    if (sign === "'" && !/[\w']/.test(text[at + 1] ?? '')) return at
    if ((sign === '&' || sign === ',' || sign === ';') && endsAssignment(text, at + 1)) return at
  }
  return at
}

const SCHEME = /(?:bearer|basic|digest|token|negotiate)\s+/iy
const ENDS = /[\s"`)\]}>]/

function endsAssignment(text: string, at: number): boolean {
  return at >= text.length || ENDS.test(text[at] ?? '') || text[at] === "'" || endOf(NEXT, text, at) > at
}

const NEXT = /[\w.-]+[=:]/y

/** Behind the next place where `closing` stands. */
function after(text: string, closing: string, from: number): number {
  const at = text.indexOf(closing, from)
  return at < 0 ? text.length : at + closing.length
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}
