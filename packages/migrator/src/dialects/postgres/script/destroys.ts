import type { DataLossEffect, TableRef } from '../../../core/data-loss-effect.ts'
import { LOOKS_DESTRUCTIVE } from './drops.ts'
import { deletesWithin, inner, listOf, type Node, refOf, relationOf, textOf } from './nodes.ts'
import type { Statement } from './statements.ts'

export type StatementEffects = (statements: readonly Statement[]) => readonly DataLossEffect[]

/**
 * Reads texts in the order in which they run, all of them before any has run: a table that an earlier one renames is reported under
 * the name that it has now, and one that they create themselves is none of what is there.
 */
export function createStatementEffects(): StatementEffects {
  const renamed = new Map<string, string>()
  const created = new Set<string>()
  return (statements) =>
    statements.flatMap((statement) => {
      const found = destroyedBy(statement).flatMap((each) => asItIsNow(each, renamed, created))
      remember(statement, renamed, created)
      return found
    })
}

/** What one statement destroys when it runs now. */
export function destroyedBy(statement: Statement): readonly DataLossEffect[] {
  const { type, node, sql } = statement
  switch (type) {
    case 'DropStmt':
      return dropped(node)
    case 'DropOwnedStmt':
      return listOf(node.roles).map((role) => object('role', { name: textOf(inner(role, 'RoleSpec').rolename) }, node))
    case 'AlterTableStmt':
      return altered(node)
    case 'TruncateStmt':
      return listOf(node.relations).map((each) => ({ kind: 'emptied', ref: relationOf(each), reach: reachOf(node) }))
    case 'DeleteStmt':
      return deleted(statement)
    case 'UpdateStmt':
      return [...overwritten(node), ...(deletesWithin(node) ? [untold(sql)] : [])]
    case 'VariableSetStmt':
      return node.name === 'search_path' ? [{ kind: 'path', sql }] : []
    case 'DoStmt':
      return LOOKS_DESTRUCTIVE.test(sql) || /\bexecute\b/i.test(sql) ? [untold(sql)] : []
    case 'CallStmt':
      return [untold(sql)]
    default:
      return deletesWithin(node) ? [untold(sql)] : []
  }
}

const OBJECTS: Readonly<Record<string, 'relation' | 'type' | 'schema' | 'extension' | 'function'>> = {
  OBJECT_TABLE: 'relation',
  OBJECT_VIEW: 'relation',
  OBJECT_MATVIEW: 'relation',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'type',
  OBJECT_SCHEMA: 'schema',
  OBJECT_EXTENSION: 'extension',
  OBJECT_FUNCTION: 'function',
}

function dropped(node: Node): readonly DataLossEffect[] {
  const kind = OBJECTS[String(node.removeType)]
  // Without CASCADE, what data depends on can't be dropped; tables, and those of an extension, go with their rows.
  if (!kind || (reachOf(node) === 'restrict' && kind !== 'relation' && kind !== 'extension')) return []
  return listOf(node.objects).map((each) => object(kind, refOf(each), node))
}

function object(
  kind: Extract<DataLossEffect, { kind: 'object' }>['object'],
  ref: TableRef,
  node: Node,
): Extract<DataLossEffect, { kind: 'object' }> {
  return { kind: 'object', object: kind, ref, reach: kind === 'role' ? 'cascade' : reachOf(node) }
}

function altered(node: Node): readonly DataLossEffect[] {
  const ref = relationOf(node.relation)
  const parts = listOf(node.cmds).map((each) => inner(each, 'AlterTableCmd'))
  if (node.objtype === 'OBJECT_TYPE') {
    const drops = parts.some(({ subtype }) => subtype === 'AT_DropColumn')
    return drops ? [{ kind: 'untold', why: `it drops an attribute of the type ${ref.name}` }] : []
  }
  if (node.objtype !== 'OBJECT_TABLE') return []
  return parts.flatMap((part): readonly DataLossEffect[] => {
    const column = textOf(part.name)
    if (part.subtype === 'AT_DropColumn') return [{ kind: 'column', ref, column, reach: reachOf(part) }]
    if (part.subtype !== 'AT_AlterColumnType') return []
    return [{ kind: 'retyped', ref, column, type: typeText(inner(inner(part.def, 'ColumnDef').typeName, 'TypeName')) }]
  })
}

/** The type as it is written, near enough to be shown and compared. */
function typeText({ names, typmods, arrayBounds }: Node): string {
  const words = listOf(names).map((word) => textOf(inner(word, 'String').sval))
  const modifiers = listOf(typmods).map((each) => textOf(inner(inner(each, 'A_Const').ival, 'Integer').ival))
  const plain = words.filter((word) => word !== 'pg_catalog').join('.')
  return `${plain}${modifiers.length > 0 ? `(${modifiers.join(',')})` : ''}${listOf(arrayBounds).length > 0 ? '[]' : ''}`
}

/** A plain DELETE can be read as the SELECT of what it deletes. */
function deleted({ node, sql }: Statement): readonly DataLossEffect[] {
  const ref = relationOf(node.relation)
  const lead = /^DELETE\s+FROM\s/i.exec(sql)
  if (!lead || node.usingClause || node.withClause || node.returningClause || node.returningList) return [untold(sql)]
  const alias = inner(inner(node.relation, 'RangeVar').alias, 'Alias').aliasname
  return [{ kind: 'deleted', ref, alias: textOf(alias) || ref.name, from: sql.slice(lead[0].length) }]
}

function overwritten(node: Node): readonly DataLossEffect[] {
  const ref = relationOf(node.relation)
  const columns = new Set(listOf(node.targetList).map((each) => textOf(inner(each, 'ResTarget').name)))
  return [...columns].map((column) => ({ kind: 'overwritten', ref, column }))
}

function untold(sql: string): DataLossEffect {
  return { kind: 'untold', why: sql.split('\n')[0]?.slice(0, 80) ?? '' }
}

function asItIsNow(
  each: DataLossEffect,
  renamed: ReadonlyMap<string, string>,
  created: ReadonlySet<string>,
): readonly DataLossEffect[] {
  if (!('ref' in each)) return [each]
  if (created.has(keyOf(each.ref))) return []
  const ref = { ...each.ref, name: renamed.get(keyOf(each.ref)) ?? each.ref.name }
  if (!('column' in each)) return [{ ...each, ref }]
  return [{ ...each, ref, column: renamed.get(`${keyOf(ref)} ${each.column}`) ?? each.column }]
}

function remember({ type, node }: Statement, renamed: Map<string, string>, created: Set<string>): void {
  if (type === 'CreateStmt') created.add(keyOf(relationOf(node.relation)))
  if (type === 'CreateTableAsStmt') created.add(keyOf(relationOf(inner(node.into, 'IntoClause').rel)))
  if (type !== 'RenameStmt') return
  const ref = relationOf(node.relation)
  const now = { ...ref, name: renamed.get(keyOf(ref)) ?? ref.name }
  const name = textOf(node.newname)
  if (node.renameType === 'OBJECT_TABLE') {
    renamed.set(keyOf({ ...ref, name }), now.name)
    if (created.delete(keyOf(ref))) created.add(keyOf({ ...ref, name }))
  } else if (node.renameType === 'OBJECT_COLUMN') {
    const column = textOf(node.subname)
    renamed.set(`${keyOf(now)} ${name}`, renamed.get(`${keyOf(now)} ${column}`) ?? column)
  }
}

function keyOf({ schema, name }: TableRef): string {
  return JSON.stringify([schema ?? null, name])
}

function reachOf({ behavior }: Node): 'cascade' | 'restrict' {
  return behavior === 'DROP_CASCADE' ? 'cascade' : 'restrict'
}
