import type { ParseResult } from 'libpg-query'
import { cutStatements } from './cut.ts'
import { afterCodePoints, byteCursor } from './offsets.ts'
import { createLocator, type Position, startOfCode } from './text.ts'

/** One statement as PostgreSQL's own parser cuts it, without its semicolon. */
export interface Statement {
  readonly sql: string
  /** Where it begins in the whole text. */
  readonly at: Position
  /** The parser's node type: `CreateStmt`, `IndexStmt`, `TransactionStmt` … */
  readonly type: string
  readonly node: Readonly<Record<string, unknown>>
}

export type Parsed = { readonly ok: true; readonly statements: readonly Statement[] } | SyntaxProblem

/** Where a text stops being SQL, and why. */
export interface SyntaxProblem {
  readonly ok: false
  readonly message: string
  readonly at: Position
}

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
  const statements: Statement[] = []
  for (const part of parseInParts(sql)) {
    if (!part.ok) return part
    statements.push(...part.statements)
  }
  return { ok: true, statements }
}

/**
 * The same for texts of any length: parts of it are parsed one after the other, and what `visit` was given can be forgotten
 * before the next. In between, timers and signals are heard. It ends early when `visit` returns 'stop'.
 */
export async function visitStatements(
  sql: string,
  visit: (statement: Statement) => unknown,
): Promise<SyntaxProblem | undefined> {
  await loadParser()
  for (const part of parseInParts(sql)) {
    if (!part.ok) return part
    for (const statement of part.statements) if (visit(statement) === 'stop') return undefined
    await new Promise(setImmediate)
  }
  return undefined
}

/**
 * Whole statements are put together to parts that the parser reads in some milliseconds: a call for each would cost more than
 * the statement, one for all holds the trees of all. Where a part does not parse, all that is left is read as one:
 * then it is the parser, not we, who says where the statements end, and it stops at the first error.
 */
function* parseInParts(sql: string): Generator<Parsed> {
  const text = sql.replace(/^\uFEFF/, ' ')
  const locate = createLocator(text)
  for (const { from, to } of partsOf(text)) {
    const parsed = parsePart(text, { from, to }, locate)
    if (parsed.ok || to === text.length) {
      yield parsed
      continue
    }
    yield parsePart(text, { from, to: text.length }, locate)
    return
  }
}

const PART_LENGTH = 32 * 1024

function* partsOf(text: string): Generator<{ from: number; to: number }> {
  let from: number | undefined
  let end = 0
  for (const range of cutStatements(text)) {
    from ??= range.from
    end = range.to
    if (end - from < PART_LENGTH) continue
    yield { from, to: end }
    from = undefined
  }
  if (from !== undefined) yield { from, to: end }
}

function parsePart(text: string, { from, to }: { from: number; to: number }, locate: Locate): Parsed {
  if (!loaded) throw new Error('loadParser() comes first')
  const part = text.slice(from, to)
  try {
    return { ok: true, statements: cut(part, loaded.parseSync(part), (index) => locate(from + index)) }
  } catch (error) {
    if (!loaded.hasSqlDetails(error)) throw error
    const before = afterCodePoints(part, error.sqlDetails?.cursorPosition ?? 0)
    return { ok: false, message: error.sqlDetails?.message ?? error.message, at: locate(from + before) }
  }
}

type Locate = (index: number) => Position

/** libpg_query counts bytes of UTF-8, JavaScript counts UTF-16 units; the cuts ascend, so each byte is looked at once. */
function cut(text: string, result: ParseResult, locate: Locate): readonly Statement[] {
  const indexAt = byteCursor(text)
  return (result.stmts ?? []).map((raw) => {
    const start = raw.stmt_location ?? 0
    const from = startOfCode(text, indexAt(start))
    const to = raw.stmt_len ? indexAt(start + raw.stmt_len) : text.length
    const [type = 'Unknown', node = {}] = Object.entries(raw.stmt ?? {})[0] ?? []
    return { sql: text.slice(from, to).trimEnd(), at: locate(from), type, node: node as Statement['node'] }
  })
}
