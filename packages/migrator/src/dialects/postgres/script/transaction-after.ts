import { mayBeForbidden } from './forbidden.ts'
import { parseStatements } from './statements.ts'

const BEGINS = new Set(['TRANS_STMT_BEGIN', 'TRANS_STMT_START'])
const ENDS = new Set(['TRANS_STMT_COMMIT', 'TRANS_STMT_ROLLBACK', 'TRANS_STMT_PREPARE'])

/** Whether a transaction is open after the text has run outside of one (`open`: or in one that earlier texts began). */
export function transactionAfter(sql: string, open: boolean): boolean {
  if (!mayBeForbidden(sql)) return open
  const parsed = parseStatements(sql)
  if (!parsed.ok) return open
  return parsed.statements.reduce((before, { type, node }) => {
    if (type !== 'TransactionStmt') return before
    const kind = String(node.kind)
    if (BEGINS.has(kind)) return true
    return ENDS.has(kind) ? node.chain === true : before
  }, open)
}
