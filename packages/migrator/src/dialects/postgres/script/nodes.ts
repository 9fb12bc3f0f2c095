import type { TableRef } from '../../../core/data-loss-effect.ts'

/** The parser's nodes, as far as the readers of statements look into them. */
export type Node = Readonly<Record<string, unknown>>

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}

/** A node's fields, whether or not it is wrapped in its type: the parser wraps some nodes and leaves others bare. */
export function inner(value: unknown, type: string): Node {
  const node = (value ?? {}) as Node
  return (node[type] ?? node) as Node
}

/** The words of a name in any form that the parser gives it: a list, a type's, a function's, one word. A star is an empty one. */
export function nameParts(value: unknown): readonly string[] {
  const { items } = inner(value, 'List')
  const { names } = inner(value, 'TypeName')
  const { objname } = inner(value, 'ObjectWithArgs')
  const parts = items ?? names ?? objname ?? (Array.isArray(value) ? value : [value])
  return listOf(parts).map((part) => textOf(inner(part, 'String').sval))
}

/** The object of a name; the last two of its words. */
export function refOf(value: unknown): TableRef {
  const parts = nameParts(value)
  const schema = parts.at(-2)
  return { ...(schema === undefined ? {} : { schema }), name: parts.at(-1) ?? '' }
}

/** The relation that a statement works on; without a name where there is none. */
export function relationOf(value: unknown): TableRef {
  const { relname, schemaname } = inner(value, 'RangeVar')
  return { ...(typeof schemaname === 'string' ? { schema: schemaname } : {}), name: textOf(relname) }
}

/** Whether a DELETE is in it: in a WITH, or in a branch of MERGE. */
export function deletesWithin(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(deletesWithin)
  if (!isNode(value)) return false
  return Object.entries(value).some(
    ([key, child]) => key === 'DeleteStmt' || (key === 'commandType' && child === 'CMD_DELETE') || deletesWithin(child),
  )
}
