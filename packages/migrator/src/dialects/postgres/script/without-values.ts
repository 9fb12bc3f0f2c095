import { type Token, tokenAt } from './tokens.ts'

const LEFT_OUT = "'…'"

/**
 * A part of a text without what a row could hold: texts are replaced, also one that begins in front of the part, and comments
 * are left out. Numbers stay: most of them are sizes and limits. The body of a DO or of a function is code, and read as such.
 */
export function withoutValues(sql: string, from = 0, to = sql.length): string {
  let shown = ''
  let [before, word] = ['', '']
  for (let token = tokenAt(sql, 0); token && token.from < to; token = tokenAt(sql, token.to)) {
    const isBody = token.kind === 'text' && (word === 'DO' || word === 'AS' || before === 'LANGUAGE')
    if (token.kind === 'word') [before, word] = [word, sql.slice(token.from, token.to).toUpperCase()]
    if (token.to <= from) continue
    if (token.kind === 'text') shown += (isBody ? bodyWithoutValues(sql, token, from, to) : undefined) ?? LEFT_OUT
    else if (token.kind !== 'comment') shown += sql.slice(Math.max(token.from, from), Math.min(token.to, to))
  }
  return shown
}

/** Undefined for a body in quotes: its own texts are not told apart from it. */
function bodyWithoutValues(sql: string, token: Token, from: number, to: number): string | undefined {
  const tag = TAG.exec(sql.slice(token.from, token.to))?.[0]
  if (tag === undefined) return undefined
  const start = token.from + tag.length
  const end = sql.endsWith(tag, token.to) && token.to - tag.length >= start ? token.to - tag.length : token.to
  const shown = withoutValues(sql.slice(start, end), Math.max(0, from - start), Math.min(to, end) - start)
  return (from < start ? tag : '') + shown + (to > end && end < token.to ? tag : '')
}

const TAG = /^\$\w*\$/

/** The same without numbers, for where the server refused a value. */
export function withoutNumbers(sql: string): string {
  let shown = ''
  for (let token = tokenAt(sql, 0); token; token = tokenAt(sql, token.to))
    shown += token.kind === 'number' ? '…' : sql.slice(token.from, token.to)
  return shown
}
