import type { NamedObject } from '../../../ports/catalog.ts'
import { cutStatements, type Range } from './cut.ts'
import { deletesWithin, inner, listOf, type Node, nameParts, relationOf } from './nodes.ts'
import type { Statement } from './statements.ts'
import { tokenAt } from './tokens.ts'

/** What a statement drops or empties, by name. */
export function droppedBy({ type, node }: Statement): readonly NamedObject[] {
  if (type === 'DropStmt')
    return listOf(node.objects).map((object) => named(KINDS[String(node.removeType)] ?? 'object', object))
  if (type === 'AlterTableStmt') return droppedParts(node)
  if (type === 'TruncateStmt')
    return listOf(node.relations).map((relation) => ({ kind: 'table', ...relationOf(relation) }))
  if (type === 'DropdbStmt') return [{ kind: 'database', name: String(node.dbname) }]
  return []
}

/** Whether a statement destroys data or objects: drops, TRUNCATE, DELETE. */
export function isDestructive(statement: Statement): boolean {
  if (ALWAYS.has(statement.type) || droppedBy(statement).some(({ kind }) => !HARMLESS.has(kind))) return true
  if (statement.type === 'DoStmt') return LOOKS_DESTRUCTIVE.test(statement.sql)
  return deletesWithin(statement.node)
}

/** Whether a text is worth parsing for what it destroys: the words that it takes stand in its code, not in its strings. */
export function mayBeDestructive(sql: string): boolean {
  if (!SUSPICIOUS.test(sql)) return false
  for (const range of cutStatements(sql)) if (hasSuspiciousWord(sql, range)) return true
  return false
}

const SUSPICIOUS = /\b(?:drop|truncate|delete|merge|do)\b/i

/** DO begins a block of code; further on it is that of ON CONFLICT. */
function hasSuspiciousWord(sql: string, { from, to }: Range): boolean {
  for (let token = tokenAt(sql, from); token && token.from < to; token = tokenAt(sql, token.to)) {
    if (token.kind !== 'word' || token.to - token.from > LONGEST) continue
    const word = sql.slice(token.from, token.to).toLowerCase()
    if (word === 'do' ? token.from === from : DESTROYING.has(word)) return true
  }
  return false
}

const DESTROYING = new Set(['drop', 'truncate', 'delete', 'merge'])
const LONGEST = 'truncate'.length

const ALWAYS = new Set(['DeleteStmt', 'DropOwnedStmt'])

/** Code that can't be parsed from here: a DO block's, a module's. When in doubt it destroys. */
export const LOOKS_DESTRUCTIVE =
  /\bdrop\s+(?!constraint|index|view|function|procedure|trigger|policy|rule|default|not\b|identity|expression)\w|\btruncate\b|\bdelete\s+from\b|\.delete\(/i

const KINDS: Readonly<Record<string, string>> = {
  OBJECT_TABLE: 'table',
  OBJECT_FOREIGN_TABLE: 'table',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'view',
  OBJECT_INDEX: 'index',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'type',
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'function',
  OBJECT_ROUTINE: 'function',
  OBJECT_AGGREGATE: 'function',
  OBJECT_SCHEMA: 'schema',
  OBJECT_EXTENSION: 'extension',
  OBJECT_TRIGGER: 'trigger',
  OBJECT_POLICY: 'policy',
  OBJECT_RULE: 'rule',
}

/** Dropping these loses no row. */
const HARMLESS = new Set(['index', 'view', 'function', 'trigger', 'policy', 'rule', 'constraint'])

function named(kind: string, object: unknown): NamedObject {
  const names = nameParts(object)
  const name = names.at(-1) ?? ''
  const parted = kind === 'trigger' || kind === 'policy' || kind === 'rule'
  return parted
    ? { kind, schema: names.at(-3), name: names.at(-2) ?? '', part: name }
    : { kind, schema: names.at(-2), name }
}

function droppedParts(node: Node): readonly NamedObject[] {
  const table = { kind: 'column', ...relationOf(node.relation) }
  return listOf(node.cmds).flatMap((cmd) => {
    const { subtype, name } = inner(cmd, 'AlterTableCmd')
    if (subtype === 'AT_DropColumn') return [{ ...table, part: String(name) }]
    if (subtype === 'AT_DropConstraint') return [{ ...table, kind: 'constraint', part: String(name) }]
    return []
  })
}
