import { literal } from './literal.ts'

/** What may hold a `$1` that is no parameter: strings, quoted names, comments, dollar quotes; else a parameter itself. */
const TOKEN =
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_][\w]*)?\$[\s\S]*?\$\1\$|\$(\d+)/g

/** A statement with its parameters written out as literals, for people to read: what it means, not what is sent. */
export function inlineParameters(sql: string, parameters: readonly unknown[]): string {
  if (parameters.length === 0) return sql
  return sql.replace(TOKEN, (token, _tag: string | undefined, number: string | undefined) => {
    const place = Number(number) - 1
    return number === undefined || place >= parameters.length ? token : shownLiteral(parameters[place])
  })
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
