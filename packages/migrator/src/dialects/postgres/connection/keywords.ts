import { invalid, QUOTE_VALUE } from './invalid.ts'

/** Whether a text has libpq's other form: `host=localhost dbname=app`. */
export function isKeywords(text: string): boolean {
  return /^[ \t-\r]*\w+[ \t-\r]*=/.test(text)
}

const BLANKS = /[ \t-\r]*/y
const NAME = /([^ \t-\r=']+)[ \t-\r]*=[ \t-\r]*/y
const QUOTED = /'((?:[^'\\]|\\.)*)'/sy
const BARE = /((?:[^ \t-\r\\]|\\.)*)/sy

/** Cuts `name=value` pairs as libpq does. https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE */
export function splitKeywords(text: string): readonly (readonly [name: string, value: string])[] {
  if (text.includes('\0')) throw invalid('it contains a NUL byte', QUOTE_VALUE)
  const pairs: (readonly [string, string])[] = []
  let at = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at = pattern.lastIndex
    return found
  }
  for (take(BLANKS); at < text.length; take(BLANKS)) {
    const name = take(NAME)?.[1]
    if (name === undefined) throw invalid('it has a word without "="; quote a value that contains a space', QUOTE_VALUE)
    const value = text[at] === "'" ? take(QUOTED) : take(BARE)
    if (!value) throw invalid('it has an unclosed quote', QUOTE_VALUE)
    pairs.push([name, (value[1] ?? '').replace(/\\(.)/gs, '$1')])
  }
  return pairs
}

/** The same text with one more pair, which goes before the earlier ones. */
export function withKeyword(text: string, name: string, value: string): string {
  return `${text} ${name}='${value.replace(/['\\]/g, '\\$&')}'`
}
