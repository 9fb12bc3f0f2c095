/**
 * SQL: what a migration's text says, without running it. Knows no driver and no file system.
 * This file: comments and positions, without the parser, because every file of a folder passes through here.
 */

/** Where the first thing begins that is neither white space nor a comment; the text's length when there is none. */
export function startOfCode(sql: string): number {
  let at = 0
  while (at < sql.length) {
    if (/\s/u.test(sql[at] ?? '') || sql[at] === ';' || sql[at] === '\uFEFF') at++
    else if (sql.startsWith('--', at)) at = endOfLine(sql, at)
    else if (sql.startsWith('/*', at)) at = endOfBlockComment(sql, at)
    else return at
  }
  return sql.length
}

/** The text without the byte order mark that some editors put in front; the server takes it for a letter. */
export function withoutMark(sql: string): string {
  return sql.replace(/^\uFEFF/, '')
}

/** True for a text of white space, comments and semicolons only. */
export function isBlank(sql: string): boolean {
  return startOfCode(sql) >= sql.length
}

export interface Position {
  readonly line: number
  readonly column: number
}

/** Line and column, from 1, of PostgreSQL's `position`, which counts code points from 1. */
export function positionAt(sql: string, codePoint: number): Position {
  const before = Array.from(sql).slice(0, Math.max(0, codePoint - 1))
  const lastBreak = before.lastIndexOf('\n')
  return { line: before.filter((char) => char === '\n').length + 1, column: before.length - lastBreak }
}

function endOfLine(sql: string, from: number): number {
  const length = sql.slice(from).search(/[\r\n]/)
  return length < 0 ? sql.length : from + length + 1
}

/** Block comments nest in PostgreSQL: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-COMMENTS */
function endOfBlockComment(sql: string, from: number): number {
  let depth = 0
  let at = from
  while (at < sql.length) {
    if (sql.startsWith('/*', at)) {
      depth++
      at += 2
    } else if (sql.startsWith('*/', at)) {
      depth--
      at += 2
      if (depth === 0) return at
    } else at++
  }
  return sql.length
}
