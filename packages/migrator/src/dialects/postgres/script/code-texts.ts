import { readLiterals } from '../../../core/code-literals.ts'
import { parseStatements, type Statement } from './statements.ts'

/** What can be known about code without running it. */
export interface CodeReading {
  /** The statements of the SQL texts in it, in the order in which they stand there. */
  readonly statements: readonly Statement[]
  /** What remains when those texts are taken out. */
  readonly rest: string
}

const SQL_BEGINS =
  /^\s*(?:alter|call|create|delete|do|drop|grant|insert|merge|reset|revoke|select|set|truncate|update|with)\b/i

/** Finds SQL texts among the string and template literals of a function's source. One with `${…}` in it is left where it is. */
export function readCode(source: string): CodeReading {
  const statements: Statement[] = []
  let rest = ''
  for (const { kind, from, to } of readLiterals(source)) {
    const whole = source.slice(from, to)
    const read = kind === 'literal' ? sqlIn(whole) : undefined
    if (read) statements.push(...read)
    if (kind !== 'comment') rest += read ? "''" : whole
  }
  return { statements, rest }
}

function sqlIn(literal: string): readonly Statement[] | undefined {
  const inside = literal.slice(1, -1)
  if (literal.startsWith('`') && inside.includes('${')) return undefined
  const text = unescaped(inside)
  if (!SQL_BEGINS.test(text)) return undefined
  const parsed = parseStatements(text)
  return parsed.ok ? parsed.statements : undefined
}

function unescaped(text: string): string {
  return text.replace(/\\(?:\r?\n|u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2})|([\s\S]))/gi, (_, ...found) => {
    const [braced, four, two, plain] = found as readonly (string | undefined)[]
    const code = braced ?? four ?? two
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16))
    return plain === undefined ? '' : (ESCAPES[plain] ?? plain)
  })
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }
