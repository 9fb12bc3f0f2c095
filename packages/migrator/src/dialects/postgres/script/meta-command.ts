import { createLocator, type Position } from './text.ts'
import { tokenAt } from './tokens.ts'

/** A command of psql, such as \restrict or \copy, which no server knows. */
export interface MetaCommand {
  readonly name: string
  readonly at: Position
}

/** The first one in a text. Outside of strings, names and comments SQL has no backslash. */
export function findMetaCommand(sql: string): MetaCommand | undefined {
  if (!sql.includes('\\')) return undefined
  for (let token = tokenAt(sql, 0); token; token = tokenAt(sql, token.to)) {
    if (token.kind !== 'sign' || sql[token.from] !== '\\') continue
    const name = /^\\[a-z!?]+/i.exec(sql.slice(token.from, token.from + 40))?.[0]
    if (name !== undefined) return { name, at: createLocator(sql)(token.from) }
  }
  return undefined
}

/** What to do instead. https://www.postgresql.org/docs/current/app-psql.html */
export function adviceFor(name: string): string {
  return ADVICE[name] ?? 'remove the line'
}

const ADVICE: Readonly<Record<string, string>> = {
  '\\copy': 'write INSERT … VALUES',
  '\\i': 'put the text of that file here',
  '\\ir': 'put the text of that file here',
  '\\include': 'put the text of that file here',
  '\\connect': 'remove the line: a migration runs in the one database that the URL names',
  '\\c': 'remove the line: a migration runs in the one database that the URL names',
}
