import type { NeededObject } from '../../../ports/rehearsal.ts'
import { isNode } from './nodes.ts'
import type { Statement } from './statements.ts'

/** Extensions that it creates, and roles that it grants to, passes ownership to or names otherwise; not those that it creates. */
export function neededBy({ type, node }: Statement): readonly NeededObject[] {
  if (type === 'CreateExtensionStmt') return node.extname ? [{ kind: 'extension', name: String(node.extname) }] : []
  return rolesBelow(node).map((name) => ({ kind: 'role', name }))
}

/** PUBLIC and CURRENT_USER have other types: https://www.postgresql.org/docs/current/sql-grant.html */
function rolesBelow(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(rolesBelow)
  if (!isNode(value)) return []
  const { roletype, rolename } = value
  if (roletype === 'ROLESPEC_CSTRING' && typeof rolename === 'string') return [rolename]
  return Object.values(value).flatMap(rolesBelow)
}
