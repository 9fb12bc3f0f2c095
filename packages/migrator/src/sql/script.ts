import { startOfCode, withoutMark } from './text.ts'

/** What of a file is sent to the server. */
export function scriptOf(text: string, transactional: boolean): string {
  const script = withoutMark(text)
  return transactional ? withoutWrapper(script) : script
}

const BLANK = String.raw`(?:\s|--[^\n]*(?:\n|$)|/\*[^]*?\*/)`
const BEGIN = /^(?:begin(?:\s+(?:work|transaction))?|start\s+transaction)\s*;/i
const COMMIT = new RegExp(
  String.raw`(?<=;${BLANK}*)\b(?:commit|end)(?:\s+(?:work|transaction))?\s*;?(?=(?:${BLANK}|;)*$)`,
  'i',
)

/**
 * The text without a `BEGIN;` before everything else and its `COMMIT;` after: files of other tools ask so for the
 * transaction that the migrator opens by itself. Blanks take their place, so that every position stays.
 */
function withoutWrapper(sql: string): string {
  const start = startOfCode(sql)
  const begin = BEGIN.exec(sql.slice(start))
  // A body in standard SQL ends with END as well.
  const commit = begin && !/\bbegin\s+atomic\b/i.test(sql) && COMMIT.exec(sql)
  if (!begin || !commit) return sql
  return blanked(blanked(sql, start, begin[0].length), commit.index, commit[0].length)
}

function blanked(sql: string, at: number, length: number): string {
  return sql.slice(0, at) + sql.slice(at, at + length).replace(/\S/g, ' ') + sql.slice(at + length)
}
