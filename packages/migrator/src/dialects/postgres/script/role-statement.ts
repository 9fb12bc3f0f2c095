import { parseStatements } from './statements.ts'

/** A statement about a role that comes or goes: roles belong to a server, not to one of its databases. */
export type RoleStatement = { readonly kind: 'create'; readonly name: string } | { readonly kind: 'drop' }

/** Undefined for any other statement. The parser must be loaded. */
export function roleStatementIn(sql: string): RoleStatement | undefined {
  if (!/\b(?:create|drop)\s+(?:role|user|group)\b/i.test(sql)) return undefined
  const parsed = parseStatements(sql)
  const [statement] = parsed.ok && parsed.statements.length === 1 ? parsed.statements : []
  if (statement?.type === 'CreateRoleStmt') return { kind: 'create', name: String(statement.node.role) }
  return statement?.type === 'DropRoleStmt' ? { kind: 'drop' } : undefined
}
