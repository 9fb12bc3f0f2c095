import { cutStatements, type Range, wordsOf } from './cut.ts'
import { withoutMark } from './text.ts'

/** What of a file is sent to the server. */
export function scriptOf(text: string, transactional: boolean): string {
  const script = withoutMark(text)
  return transactional ? withoutWrapper(script) : script
}

const BEGIN = new Set(['begin', 'begin work', 'begin transaction', 'start transaction'])
const COMMIT = new Set(['commit', 'end'].flatMap((word) => [word, `${word} work`, `${word} transaction`]))

/**
 * The text without a `BEGIN;` before everything else and its `COMMIT;` after: files of other tools ask so for the
 * transaction that the migrator opens itself. Blanks take their place, so that every position stays.
 */
function withoutWrapper(sql: string): string {
  const statements = cutStatements(sql)
  const first = statements.next().value
  if (!first || sql[first.to] !== ';' || !BEGIN.has(phrase(sql, first))) return sql
  let last: Range | undefined
  for (const statement of statements) last = statement
  if (!last || !COMMIT.has(phrase(sql, last))) return sql
  return blanked(blanked(sql, first), last)
}

/** Its first words: one more than any of ours has. */
function phrase(sql: string, statement: Range): string {
  const words: string[] = []
  for (const word of wordsOf(sql, statement)) if (words.push(word) > 2) break
  return words.join(' ')
}

/** With its semicolon. */
function blanked(sql: string, { from, to }: Range): string {
  return sql.slice(0, from) + sql.slice(from, to + 1).replace(/\S/g, ' ') + sql.slice(to + 1)
}
