import type { TableShape } from '../../../core/data/table-shape.ts'

/**
 * Columns that a check says are computed from others, as in `total = price * quantity`: no guess would ever meet that,
 * so the expression itself gives the value. The first such condition of a column counts.
 */
export function derivedColumns(table: TableShape): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { expression, columns } of table.checks) {
    if (columns.length < 2) continue
    for (const condition of conjunctsOf(expression)) {
      const equation = equationOf(condition, columns)
      if (equation && !found.has(equation.column) && !usesAny(equation.expression, found)) {
        found.set(equation.column, equation.expression)
      }
    }
  }
  return found
}

/** Whether an expression, as PostgreSQL prints it, has the column in it. */
export function mentions(expression: string, column: string): boolean {
  const escaped = column.replaceAll('"', '""').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  return new RegExp(`(?<![\\w"'.])(?:${escaped}|"${escaped}")(?![\\w"'(])`, 'u').test(withoutTexts(expression))
}

function withoutTexts(expression: string): string {
  return expression.replace(/'(?:[^']|'')*'/g, "''")
}

function usesAny(expression: string, columns: ReadonlyMap<string, string>): boolean {
  return [...columns.keys()].some((column) => mentions(expression, column))
}

/** What AND joins at the top. */
function conjunctsOf(expression: string): readonly string[] {
  const bare = withoutParentheses(expression)
  const parts = splitAt(bare, ' AND ')
  return parts.length > 1 ? parts.flatMap(conjunctsOf) : [bare]
}

function equationOf(condition: string, columns: readonly string[]): { column: string; expression: string } | undefined {
  const sides = splitAt(condition, ' = ')
  if (sides.length !== 2 || splitAt(condition, ' OR ').length > 1) return undefined
  const [left = '', right = ''] = sides
  return sideOf(left, right, columns) ?? sideOf(right, left, columns)
}

function sideOf(
  left: string,
  right: string,
  columns: readonly string[],
): { column: string; expression: string } | undefined {
  const name = withoutParentheses(left.replace(/^\((.*)\)::[\w ]+$/, '$1'))
  const column = columns.find((each) => each === name || `"${each.replaceAll('"', '""')}"` === name)
  if (column === undefined || mentions(right, column)) return undefined
  return columns.some((each) => each !== column && mentions(right, each)) ? { column, expression: right } : undefined
}

function withoutParentheses(expression: string): string {
  const text = expression.trim()
  if (!text.startsWith('(') || !text.endsWith(')')) return text
  const closes = depths(text).indexOf(0)
  return closes === text.length - 1 ? withoutParentheses(text.slice(1, -1)) : text
}

/** Cuts where the separator stands outside of every parenthesis, quote and CASE. */
function splitAt(text: string, separator: string): readonly string[] {
  if (/\bCASE\b/.test(text)) return [text]
  const depth = depths(text)
  const parts: string[] = []
  let from = 0
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + 1)) {
    if (depth[at] !== 0) continue
    parts.push(text.slice(from, at))
    from = at + separator.length
  }
  return [...parts, text.slice(from)]
}

/** How deep in parentheses each character stands; within quotes deeper than anything. */
function depths(text: string): readonly number[] {
  let depth = 0
  let quote = ''
  return Array.from({ length: text.length }, (_, at) => {
    const char = text.charAt(at)
    if (quote !== '') {
      if (char === quote) quote = ''
      return 1_000
    }
    if (char === "'" || char === '"') {
      quote = char
      return 1_000
    }
    if (char === '(' || char === '[') depth++
    if (char === ')' || char === ']') depth--
    return depth
  })
}
