import { parseStatements } from './statements.ts'

/** Types that run alike in a transaction of their own and outside one, unless a part of them says CONCURRENTLY. */
const PLAIN = new Set([
  ...['AlterTableStmt', 'CreateStmt', 'CreateTableAsStmt', 'DropStmt', 'IndexStmt', 'RenameStmt', 'TruncateStmt'],
  ...['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'SelectStmt', 'CommentStmt', 'CreateTrigStmt', 'ViewStmt'],
  ...['CreateFunctionStmt', 'CreateSeqStmt', 'AlterSeqStmt', 'CreatePolicyStmt', 'GrantStmt', 'AlterOwnerStmt'],
  ...['AlterObjectSchemaStmt', 'CreateSchemaStmt', 'RuleStmt'],
])

/** Whether it makes no difference to a statement that BEGIN stands before and COMMIT behind it. The parser must be loaded. */
export function isPlainStatement(sql: string): boolean {
  const parsed = parseStatements(sql)
  const [statement] = parsed.ok ? parsed.statements : []
  if (!statement || !PLAIN.has(statement.type)) return false
  return !/"concurrent":true/.test(JSON.stringify(statement.node))
}
