import { literal } from './literal.ts'
import { tokenAt } from './tokens.ts'

/** A statement with its parameters written out as literals, for people to read: what it means, not what is sent. */
export function inlineParameters(sql: string, parameters: readonly unknown[]): string {
  if (parameters.length === 0) return sql
  let shown = ''
  for (let token = tokenAt(sql, 0); token; token = tokenAt(sql, token.to)) {
    const text = sql.slice(token.from, token.to)
    const place = Number(text.slice(1)) - 1
    shown += token.kind === 'parameter' && place < parameters.length ? shownLiteral(parameters[place]) : text
  }
  return shown
}

function shownLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return literal(value)
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Date) return literal(value.toISOString())
  if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString('hex')}'`
  if (Array.isArray(value)) return `ARRAY[${value.map(shownLiteral).join(', ')}]`
  return literal(JSON.stringify(value))
}
