/**
 * SQL: what a migration's text says, without running it. Knows no driver and no file system.
 * This file: comments and positions, without the parser, because every file of a folder passes through here.
 */
import { afterCodePoints, isPair } from './offsets.ts'
import { tokenAt } from './tokens.ts'

/** Where the first thing begins, from `from` on, that is neither white space nor a comment; the text's length when there is none. */
export function startOfCode(sql: string, from = 0): number {
  for (let token = tokenAt(sql, from); token; token = tokenAt(sql, token.to)) {
    if (token.kind !== 'space' && token.kind !== 'comment' && sql[token.from] !== ';') return token.from
  }
  return sql.length
}

/** The line comments in front of the first statement, without their dashes; a block comment holds no options. */
export function headerOf(sql: string): string {
  const end = startOfCode(sql)
  let lines = ''
  for (let token = tokenAt(sql, 0); token && token.from < end; token = tokenAt(sql, token.to)) {
    if (token.kind === 'comment' && sql[token.from] === '-') lines += `${sql.slice(token.from + 2, token.to)}\n`
  }
  return lines
}

const MARK = '\uFEFF'

/** The text without the byte order mark that some editors put in front; the server takes it for a letter. */
export function withoutMark(sql: string): string {
  return sql.startsWith(MARK) ? sql.slice(1) : sql
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
  return createLocator(sql)(afterCodePoints(sql, codePoint - 1))
}

/**
 * Tells line and column of places in a text, by their index. Asked in ascending order it reads the text once, however
 * often it is asked.
 */
export function createLocator(sql: string): (index: number) => Position {
  let [at, line, column] = [0, 1, 1]
  return (index) => {
    if (index < at) [at, line, column] = [0, 1, 1]
    for (; at < index && at < sql.length; at += isPair(sql, at) ? 2 : 1) {
      const breaks = sql.charCodeAt(at) === LINE_FEED
      line += breaks ? 1 : 0
      column = breaks ? 1 : column + 1
    }
    return { line, column }
  }
}

const LINE_FEED = 0x0a
