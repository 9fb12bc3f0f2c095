import { tokenAt } from './tokens.ts'

const LEFT_OUT = "'…'"

/**
 * A part of a text without what a row could hold: texts are replaced, also one that begins in front of the part, and comments
 * are left out. Numbers stay: most of them are sizes and limits.
 */
export function withoutValues(sql: string, from = 0, to = sql.length): string {
  let shown = ''
  for (let token = tokenAt(sql, 0); token && token.from < to; token = tokenAt(sql, token.to)) {
    if (token.to <= from) continue
    if (token.kind === 'text') shown += LEFT_OUT
    else if (token.kind !== 'comment') shown += sql.slice(Math.max(token.from, from), Math.min(token.to, to))
  }
  return shown
}

/** The same without numbers, for where the server refused a value. */
export function withoutNumbers(sql: string): string {
  let shown = ''
  for (let token = tokenAt(sql, 0); token; token = tokenAt(sql, token.to))
    shown += token.kind === 'number' ? '…' : sql.slice(token.from, token.to)
  return shown
}
