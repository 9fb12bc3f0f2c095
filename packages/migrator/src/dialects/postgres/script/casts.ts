import type { Cast } from '../../../core/data/read-as.ts'
import { isNode, type Node, nameParts } from './nodes.ts'
import type { Statement } from './statements.ts'

/** The casts of a statement that have columns in them: `age::integer`, `CAST(trim(age) AS integer)`. */
export function castsIn({ node }: Statement): readonly Cast[] {
  return castsBelow(node)
}

function castsBelow(value: unknown): readonly Cast[] {
  if (Array.isArray(value)) return value.flatMap(castsBelow)
  if (!isNode(value)) return []
  return Object.entries(value).flatMap(([key, child]) => [
    ...(key === 'TypeCast' && isNode(child) ? castOf(child) : []),
    ...castsBelow(child),
  ])
}

function castOf({ arg, typeName }: Node): readonly Cast[] {
  const type = isNode(typeName) ? nameOfType(typeName) : ''
  return columnsIn(arg).map((column) => ({ column, type }))
}

/** Not those of an inner cast: it makes something else of them first. */
function columnsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(columnsIn)
  if (!isNode(value)) return []
  return Object.entries(value).flatMap(([key, child]) => {
    if (key === 'TypeCast') return []
    if (key !== 'ColumnRef' || !isNode(child)) return columnsIn(child)
    return [nameParts(child.fields).at(-1) ?? ''].filter((name) => name !== '')
  })
}

function nameOfType({ names, arrayBounds }: Node): string {
  const name = nameParts(names)
    .filter((part) => part !== 'pg_catalog')
    .join('.')
  return Array.isArray(arrayBounds) ? `${name}[]` : name
}
