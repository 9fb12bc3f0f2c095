/** What one condition, or one value that is set, says of a column: rows that it is for hold such a value. */
export interface RowHint {
  readonly column: string
  readonly constants: readonly HintConstant[]
}

export interface HintConstant {
  /** As the statement writes it; null for `IS NULL`. */
  readonly text: string | null
  readonly operator: string
}

/** By statement: its conditions are to be met by the same row. */
export type RowHints = readonly (readonly RowHint[])[]

/** A statement with more of them, or a migration with more such statements, says enough with the first ones. */
const MOST_STATEMENTS = 24

/** Without those that are there twice. */
export function distinctHints(hints: RowHints): RowHints {
  const kept = new Map(hints.filter((each) => each.length > 0).map((each) => [JSON.stringify(each), each]))
  return [...kept.values()].slice(0, MOST_STATEMENTS)
}
