import { parseStatements, type Statement } from './statements.ts'
import { type Position, positionAt } from './text.ts'

/** A statement that the runner can't let through: it would end the transaction that it stands in, or needs a stream. */
export interface Forbidden {
  readonly what: 'transaction-control' | 'copy-from-stdin'
  readonly statement: string
  readonly at: Position
}

const SUSPICIOUS = /\b(?:begin|start|commit|end|rollback|abort|prepare|copy)\b/i
const ENDS_TRANSACTION = new Set([
  'TRANS_STMT_BEGIN',
  'TRANS_STMT_START',
  'TRANS_STMT_COMMIT',
  'TRANS_STMT_ROLLBACK',
  'TRANS_STMT_PREPARE',
  'TRANS_STMT_COMMIT_PREPARED',
  'TRANS_STMT_ROLLBACK_PREPARED',
])

/** Whether a text is worth parsing for forbidden statements; it is false for most texts and costs next to nothing. */
export function mayBeForbidden(sql: string): boolean {
  return SUSPICIOUS.test(sql)
}

/** The first forbidden statement. A text that does not parse has no other than a COPY: the server will refuse it as a whole. */
export function findForbidden(sql: string, within: 'transaction' | 'no-transaction'): Forbidden | undefined {
  const parsed = parseStatements(sql)
  if (!parsed.ok) return copyWithRows(sql)
  for (const statement of parsed.statements) {
    const what = judge(statement, within)
    if (what) return { what, statement: statement.sql, at: statement.at }
  }
  return undefined
}

function judge({ type, node }: Statement, within: 'transaction' | 'no-transaction'): Forbidden['what'] | undefined {
  if (type === 'CopyStmt' && node.filename === undefined && node.is_program !== true) return 'copy-from-stdin'
  if (within === 'transaction' && type === 'TransactionStmt' && ENDS_TRANSACTION.has(String(node.kind)))
    return 'transaction-control'
  return undefined
}

/** What pg_dump writes: the rows that follow COPY do not parse. */
function copyWithRows(sql: string): Forbidden | undefined {
  const match = /^[ \t]*(copy\s[^;]*\sfrom\s+stdin\b[^;]*);/im.exec(sql)
  if (!match?.[1]) return undefined
  const before = Array.from(sql.slice(0, match.index)).length
  return { what: 'copy-from-stdin', statement: match[1], at: positionAt(sql, before + 1) }
}
