import { cutStatements, type Range, wordsOf } from './cut.ts'
import { createLocator, type Position } from './text.ts'

/** A statement that the runner can't let through: it would end the transaction that it stands in, or needs a stream. */
export interface Forbidden {
  readonly what: 'transaction-control' | 'copy-from-stdin'
  readonly statement: string
  readonly at: Position
}

const SUSPICIOUS = /\b(?:begin|start|commit|end|rollback|abort|prepare|copy)\b/i

/** Whether a text is worth looking through for forbidden statements; it is false for most texts and costs next to nothing. */
export function mayBeForbidden(sql: string): boolean {
  return SUSPICIOUS.test(sql)
}

/** The first forbidden statement, told by its words: it need not parse, and what pg_dump writes behind a COPY does not. */
export function findForbidden(sql: string, within: 'transaction' | 'no-transaction'): Forbidden | undefined {
  if (!mayBeForbidden(sql)) return undefined
  for (const range of cutStatements(sql)) {
    const what = judge(sql, range, within)
    if (!what) continue
    return { what, statement: sql.slice(range.from, range.to).trimEnd(), at: createLocator(sql)(range.from) }
  }
  return undefined
}

function judge(sql: string, range: Range, within: 'transaction' | 'no-transaction'): Forbidden['what'] | undefined {
  const words = wordsOf(sql, range)
  const first = words.next().value
  if (first === 'copy') return readsStream(words) ? 'copy-from-stdin' : undefined
  return within === 'transaction' && endsTransaction(first, words) ? 'transaction-control' : undefined
}

/** ROLLBACK TO stays inside; PREPARE alone prepares a statement. https://www.postgresql.org/docs/current/sql-commands.html */
function endsTransaction(first: string | undefined, words: Iterator<string>): boolean {
  if (first === undefined || !CONTROL.has(first)) return false
  if (first === 'prepare') return words.next().value === 'transaction'
  if (first !== 'rollback') return true
  const second = words.next().value
  return (second === 'work' || second === 'transaction' ? words.next().value : second) !== 'to'
}

const CONTROL = new Set(['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'prepare'])

/** `FROM STDIN` or `TO STDOUT`, outside of parentheses: of a file or a program the name is a string. */
function readsStream(words: Iterable<string>): boolean {
  let previous = ''
  for (const word of words) {
    if ((previous === 'from' || previous === 'to') && (word === 'stdin' || word === 'stdout')) return true
    previous = word
  }
  return false
}
