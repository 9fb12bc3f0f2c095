import { parseStatements, type Statement } from './statements.ts'
import type { Position } from './text.ts'

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

/** The first forbidden statement. A text that does not parse has none: the server will refuse it as a whole. */
export function findForbidden(sql: string, within: 'transaction' | 'no-transaction'): Forbidden | undefined {
  const parsed = parseStatements(sql)
  if (!parsed.ok) return undefined
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
