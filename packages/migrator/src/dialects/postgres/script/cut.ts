import { type Token, tokenAt } from './tokens.ts'

/** Where a statement stands in a text: from its first token to its semicolon, or to the end. */
export interface Range {
  readonly from: number
  readonly to: number
}

/**
 * Cuts a text at its semicolons, as psql does: not at those in parentheses, nor in a body in standard SQL. Reads each
 * character once and needs no parser, so it also cuts what does not parse. Stretches without code are left out.
 */
export function* cutStatements(sql: string): Generator<Range> {
  let from = -1
  const depth = createDepth()
  for (let token = tokenAt(sql, 0); token; token = tokenAt(sql, token.to)) {
    if (token.kind === 'space' || token.kind === 'comment') continue
    if (token.kind === 'sign' && sql[token.from] === ';' && depth.isOutermost()) {
      if (from >= 0) yield { from, to: token.from }
      from = -1
      depth.reset()
      continue
    }
    if (from < 0) from = token.from
    depth.enter(sql, token)
  }
  if (from >= 0) yield { from, to: sql.length }
}

/** The words of a statement in lower case, outside of parentheses; anything else between two of them is an empty one. */
export function* wordsOf(sql: string, { from, to }: Range): Generator<string, undefined> {
  let depth = 0
  for (let token = tokenAt(sql, from); token && token.from < to; token = tokenAt(sql, token.to)) {
    if (token.kind === 'space' || token.kind === 'comment') continue
    if (depth === 0) yield token.kind === 'word' ? sql.slice(token.from, token.to).toLowerCase() : ''
    if (sql[token.from] === '(') depth++
    if (sql[token.from] === ')') depth--
  }
  return undefined
}

interface Depth {
  isOutermost(): boolean
  reset(): void
  enter(sql: string, token: Token): void
}

/** Parentheses, and BEGIN ATOMIC … END with the CASE … END in it; only a function has such a body. */
function createDepth(): Depth {
  let parentheses = 0
  let blocks = 0
  let first = ''
  let previous = ''
  return {
    isOutermost: () => parentheses === 0 && blocks === 0,
    reset() {
      parentheses = 0
      blocks = 0
      first = ''
      previous = ''
    },
    enter(sql, { kind, from, to }) {
      if (kind === 'sign') {
        if (sql[from] === '(') parentheses++
        if (sql[from] === ')' && parentheses > 0) parentheses--
      }
      if (first !== '' && first !== 'create') return
      const word = kind === 'word' && to - from <= LONGEST ? sql.slice(from, to).toLowerCase() : '-'
      if (first === '') first = word
      if (previous === 'begin' && word === 'atomic') blocks++
      else if (blocks > 0 && word === 'case') blocks++
      else if (blocks > 0 && word === 'end') blocks--
      previous = word
    },
  }
}

const LONGEST = 'atomic'.length
