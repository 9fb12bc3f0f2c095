import type { Graph, SchemaObject } from './objects.ts'
import { inOrder } from './order.ts'

/** Statements that drop every object, what needs others before them. */
export function dropStatements(graph: Graph): readonly string[] {
  return inOrder(graph).toReversed().flatMap(dropGroup)
}

/** Tables that refer to each other go in one statement; anything else that does, with what depends on it. */
function dropGroup(group: readonly SchemaObject[]): readonly string[] {
  const names = group.map(({ identity }) => identity)
  if (group.every(({ kind }) => kind === 'table')) return [`DROP TABLE ${names.join(', ')}`]
  if (group.length === 1)
    return group.map(({ kind, identity }) => `DROP ${kind.toUpperCase()} ${nameIn(kind, identity)}`)
  return group.map(({ kind, identity }) => `DROP ${kind.toUpperCase()} IF EXISTS ${nameIn(kind, identity)} CASCADE`)
}

/** pg_identify_object calls a transform `for T on L`, and DROP wants `FOR T LANGUAGE L`. */
function nameIn(kind: string, identity: string): string {
  return kind === 'transform' ? identity.replace(/^for (.*?) (?:on )?language /, 'FOR $1 LANGUAGE ') : identity
}
