import type { ScriptStatement } from '../../../ports/script-language.ts'
import { droppedBy } from './drops.ts'
import { relationOf } from './nodes.ts'
import type { Statement } from './statements.ts'

/** What a statement says; each answer is worked out when it is asked for. */
export function readStatement(statement: Statement): ScriptStatement {
  const { sql, type, node } = statement
  return {
    sql,
    get drops() {
      return droppedBy(statement)
    },
    isRemoval: type === 'DropStmt' || type === 'AlterTableStmt',
    get wipes() {
      return type === 'DeleteStmt' && node.whereClause === undefined
        ? { kind: 'table', ...relationOf(node.relation) }
        : undefined
    },
    createsIndexes: type === 'IndexStmt' && node.idxname ? [String(node.idxname)] : [],
    isOpaque: type === 'DoStmt' || type === 'CallStmt',
    transaction: type === 'TransactionStmt' ? transactionAfter(node) : 'as-before',
  }
}

/** AND CHAIN begins another one. https://www.postgresql.org/docs/current/sql-commit.html */
function transactionAfter({ kind, chain }: Statement['node']): ScriptStatement['transaction'] {
  if (BEGINS.has(String(kind))) return 'open'
  if (!ENDS.has(String(kind))) return 'as-before'
  return chain === true ? 'open' : 'closed'
}

const BEGINS = new Set(['TRANS_STMT_BEGIN', 'TRANS_STMT_START'])
const ENDS = new Set(['TRANS_STMT_COMMIT', 'TRANS_STMT_ROLLBACK', 'TRANS_STMT_PREPARE'])
