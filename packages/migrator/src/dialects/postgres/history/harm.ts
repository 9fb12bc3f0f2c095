import { cutStatements, wordsOf } from '../script/cut.ts'
import type { TableName } from './table-name.ts'

/** Whether a statement names the history table, or drops its schema, and changes more than its privileges for others. */
export function mayHarmHistory(sql: string, { schema, table }: TableName): boolean {
  if (!sql.toLowerCase().includes(table.toLowerCase()) && !/\bdrop\s+schema\b/i.test(sql)) return false
  for (const range of cutStatements(sql)) {
    const [first = '', second = '', ...rest] = [...wordsOf(sql, range)]
    const names = (word: string) => new RegExp(`(?<![\\w$])${escaped(word)}(?![\\w$])`, 'i')
    const text = sql.slice(range.from, range.to)
    if (first === 'drop' && second === 'schema' && names(schema).test(text)) return true
    const changes = CHANGES.has(first) || (first === 'with' && rest.some((word) => CHANGES.has(word)))
    if (changes && names(table).test(text)) return true
  }
  return false
}

const CHANGES = new Set(['truncate', 'delete', 'drop', 'alter', 'update', 'insert', 'merge', 'revoke', 'lock'])

function escaped(word: string): string {
  return word.replace(/[^\w]/g, '\\$&')
}
