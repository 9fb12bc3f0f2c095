import type { ParseResult } from 'libpg-query'
import { isBlank, type Position, positionAt } from './text.ts'

/** One statement as PostgreSQL's own parser cuts it, without its semicolon. */
export interface Statement {
  readonly sql: string
  /** Where it begins in the whole text. */
  readonly at: Position
  /** The parser's node type: `CreateStmt`, `IndexStmt`, `TransactionStmt` … */
  readonly type: string
  readonly node: Readonly<Record<string, unknown>>
}

export type Parsed =
  | { readonly ok: true; readonly statements: readonly Statement[] }
  | { readonly ok: false; readonly message: string; readonly at: Position }

type Parser = typeof import('libpg-query')

let loaded: Parser | undefined

/** Loads the parser (PostgreSQL 18's, as WebAssembly). Call it once before `parseStatements`; most commands never need it. */
export async function loadParser(): Promise<void> {
  if (loaded) return
  const parser = await import('libpg-query')
  await parser.loadModule()
  loaded = parser
}

/** Cuts a text into statements. A syntax error is a result with line and column, not an exception. */
export function parseStatements(sql: string): Parsed {
  if (!loaded) throw new Error('loadParser() comes first')
  const text = sql.replace(/^\uFEFF/, ' ')
  if (isBlank(text)) return { ok: true, statements: [] }
  try {
    return { ok: true, statements: cut(text, loaded.parseSync(text)) }
  } catch (error) {
    if (!loaded.hasSqlDetails(error)) throw error
    const at = positionAt(text, (error.sqlDetails?.cursorPosition ?? 0) + 1)
    return { ok: false, message: error.sqlDetails?.message ?? error.message, at }
  }
}

/** libpg_query counts bytes of UTF-8, JavaScript counts UTF-16 units, so the cuts are made in the bytes. */
function cut(text: string, result: ParseResult): readonly Statement[] {
  const bytes = Buffer.from(text, 'utf8')
  return (result.stmts ?? []).map((raw) => {
    const from = raw.stmt_location ?? 0
    const whole = bytes.subarray(from, raw.stmt_len ? from + raw.stmt_len : bytes.length).toString('utf8')
    const lead = /^(\s|--[^\n]*(\n|$)|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)*/u.exec(whole)?.[0].length ?? 0
    const before = Array.from(bytes.subarray(0, from).toString('utf8') + whole.slice(0, lead)).length
    const [type = 'Unknown', node = {}] = Object.entries(raw.stmt ?? {})[0] ?? []
    return { sql: whole.slice(lead).trimEnd(), at: positionAt(text, before + 1), type, node: node as Statement['node'] }
  })
}
