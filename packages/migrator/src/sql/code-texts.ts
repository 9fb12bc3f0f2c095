import { parseStatements, type Statement } from './statements.ts'

/** What can be told of code without running it. */
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
  const rest = source.replace(LITERALS, (whole: string, double?: string, single?: string, template?: string) => {
    const text = unescaped(double ?? single ?? template ?? '')
    if (whole.startsWith('/') || !SQL_BEGINS.test(text) || (template !== undefined && /\$\{/.test(template)))
      return whole.startsWith('/') ? '' : whole
    const parsed = parseStatements(text)
    if (!parsed.ok) return whole
    statements.push(...parsed.statements)
    return "''"
  })
  return { statements, rest }
}

/** Comments, so that what they quote is no text; then the three kinds of literals. */
const LITERALS = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\[\s\S])*)`/g

function unescaped(text: string): string {
  return text.replace(/\\(?:\r?\n|u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2})|([\s\S]))/gi, (_, ...found) => {
    const [braced, four, two, plain] = found as readonly (string | undefined)[]
    const code = braced ?? four ?? two
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16))
    return plain === undefined ? '' : (ESCAPES[plain] ?? plain)
  })
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }
