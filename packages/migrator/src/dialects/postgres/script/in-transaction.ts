import type { Statement } from './statements.ts'

type Node = Readonly<Record<string, unknown>>

/** What PostgreSQL refuses in a transaction block, by its words; undefined for what it lets run there. */
export function refusedInTransaction({ type, node }: Statement): string | undefined {
  const always = ALWAYS[type]
  if (always !== undefined) return always
  switch (type) {
    case 'IndexStmt':
      return node.concurrent ? 'CREATE INDEX CONCURRENTLY' : undefined
    case 'DropStmt':
      return node.concurrent ? 'DROP INDEX CONCURRENTLY' : undefined
    case 'VacuumStmt':
      return node.is_vacuumcmd ? 'VACUUM' : undefined
    case 'ClusterStmt':
      return node.relation ? undefined : 'CLUSTER without a table'
    case 'ReindexStmt':
      return reindex(node)
    case 'AlterTableStmt':
      return detaches(node) ? 'ALTER TABLE … DETACH PARTITION CONCURRENTLY' : undefined
    case 'AlterDatabaseStmt':
      return optionsOf(node).includes('tablespace') ? 'ALTER DATABASE … SET TABLESPACE' : undefined
    default:
      return undefined
  }
}

const ALWAYS: Readonly<Record<string, string>> = {
  CreatedbStmt: 'CREATE DATABASE',
  DropdbStmt: 'DROP DATABASE',
  CreateTableSpaceStmt: 'CREATE TABLESPACE',
  DropTableSpaceStmt: 'DROP TABLESPACE',
  AlterSystemStmt: 'ALTER SYSTEM',
}

/** https://www.postgresql.org/docs/current/sql-reindex.html */
function reindex(node: Node): string | undefined {
  if (optionsOf(node).includes('concurrently')) return 'REINDEX CONCURRENTLY'
  const whole = /^REINDEX_OBJECT_(SCHEMA|SYSTEM|DATABASE)$/.exec(String(node.kind))?.[1]
  return whole && `REINDEX ${whole}`
}

function optionsOf(node: Node): readonly unknown[] {
  const options = (node.params ?? node.options ?? []) as readonly { DefElem?: { defname?: string } }[]
  return options.map(({ DefElem }) => DefElem?.defname)
}

function detaches({ cmds = [] }: Node): boolean {
  return (cmds as readonly { AlterTableCmd?: { def?: { PartitionCmd?: { concurrent?: boolean } } } }[]).some(
    ({ AlterTableCmd }) => AlterTableCmd?.def?.PartitionCmd?.concurrent === true,
  )
}

/**
 * Notices a value that is added to an enum and cast to it in a later statement: within one transaction the server refuses
 * that, unless the transaction created the type. Statements are shown in their order.
 * https://www.postgresql.org/docs/current/sql-altertype.html
 */
export function watchEnumValues(): (statement: Statement) => string | undefined {
  const added = new Map<string, string>()
  const created = new Set<string>()
  return ({ type, node }) => {
    if (type === 'CreateEnumStmt') created.add(lastName(node.typeName))
    if (type === 'AlterEnumStmt' && typeof node.newVal === 'string' && !node.oldVal) {
      const name = lastName(node.typeName)
      if (!created.has(name)) added.set(node.newVal, name)
      return undefined
    }
    return added.size === 0 ? undefined : castIn(node, added)
  }
}

function castIn(value: unknown, added: ReadonlyMap<string, string>): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { TypeCast } = value as { TypeCast?: Cast }
  const label = TypeCast?.arg?.A_Const?.sval?.sval
  if (TypeCast && label !== undefined && added.get(label) === lastName(TypeCast.typeName?.names)) return label
  for (const part of Object.values(value)) {
    const found = castIn(part, added)
    if (found !== undefined) return found
  }
  return undefined
}

interface Cast {
  readonly arg?: { readonly A_Const?: { readonly sval?: { readonly sval?: string } } }
  readonly typeName?: { readonly names?: unknown }
}

function lastName(names: unknown): string {
  const parts = (names ?? []) as readonly { String?: { sval?: string } }[]
  return parts.at(-1)?.String?.sval ?? ''
}
