import type { HintConstant, RowHints } from '../../../core/data/row-hints.ts'
import type { ColumnShape, TableShape, TypeShape } from '../../../core/data/table-shape.ts'
import { hintsOf } from './hints.ts'

/** Of one constant so many values are tried: it, what is beside it, what a pattern stands for. */
const VARIANTS = 4

/** More rows for the migration's own conditions than this are not made. */
const MOST_ROWS = 24

/**
 * The shape whose rows hold what a migration's own statements look for. The hints of one statement go into the same rows, so
 * that conditions which are joined by AND are met together.
 */
export function hintedShape(shape: TableShape, hints: RowHints): TableShape {
  if (hints.length === 0) return shape
  const columns = shape.columns.map((column): ColumnShape => {
    const lists = hints.map((statement) =>
      statement.filter((hint) => hint.column === column.name).flatMap(({ constants }) => variantsOf(column, constants)),
    )
    const deepest = Math.max(0, ...lists.map(({ length }) => length))
    if (deepest === 0 || column.source === 'generated') return column
    const rounds = Array.from({ length: deepest }, (_, round) => lists.map((list) => list[round]))
    return { ...column, hints: rounds.flat().slice(0, MOST_ROWS) }
  })
  return { ...shape, columns }
}

function variantsOf({ type, nullable }: ColumnShape, constants: readonly HintConstant[]): readonly (string | null)[] {
  const lists = constants.map(({ text, operator }): readonly (string | null)[] => {
    if (text === null) return nullable ? [null] : []
    return texts(text, operator, type, constants).slice(0, VARIANTS)
  })
  const deepest = Math.max(0, ...lists.map(({ length }) => length))
  const turns = Array.from({ length: deepest }, (_, at) => lists.map((list) => list[at]))
  return [...new Set(turns.flat().filter((text) => text !== undefined))]
}

function texts(text: string, operator: string, type: TypeShape, constants: readonly HintConstant[]): readonly string[] {
  const base = type.kind === 'domain' ? type.base : type
  const name = base.kind === 'base' ? base.name : 'text'
  if (/^jsonb?$/.test(name)) return documentsOf(constants)
  if (base.kind === 'array') return [text, `{${text}}`]
  const number = /^-?\d+(?:\.\d+)?$/.test(text) && NUMBERS.has(name)
  if (number && />/.test(operator) && operator !== '>=') return [String(Number(text) + 1), text]
  if (number && operator.startsWith('<') && operator !== '<=') return [String(Number(text) - 1), text]
  if (number) return [text]
  const printed = `${operator} '${text.replaceAll("'", "''")}'::${name}`
  const found = /~/.test(operator) ? [] : [text]
  return [...found, ...hintsOf(printed, type).slice(0, VARIANTS)]
}

const NUMBERS = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'money', 'oid'])

/** A statement does not show which words are keys and which are values, so each is tried as both. */
function documentsOf(constants: readonly HintConstant[]): readonly string[] {
  const words = constants.flatMap(({ text }) => (text === null ? [] : [text]))
  const own = words.filter((word) => /^[[{]/.test(word.trim()))
  const plain = words.filter((word) => !own.includes(word)).map((word) => word.replace(/^\$\.?|^\{|\}$/g, ''))
  if (plain.length === 0) return own
  const nested = (path: readonly string[], value: unknown): unknown =>
    path.reduceRight((inside, key) => ({ [key]: inside }), value)
  const keys = plain.slice(0, -1)
  return [
    ...own,
    ...(keys.length > 0 ? [JSON.stringify(nested(keys, plain.at(-1)))] : []),
    JSON.stringify(nested(plain, 'x')),
    JSON.stringify(Object.fromEntries([['kept', 1], ...plain.map((word) => [word, word])])),
    JSON.stringify(plain),
  ]
}
