/**
 * The line of a text that a problem is in, between its neighbours, with a mark below the column (from 1, in characters).
 * Undefined where the text has no such line.
 */
export function codeFrame(text: string, line: number, column: number | undefined): string | undefined {
  const lines = text.split(/\r?\n/)
  if (lines[line - 1] === undefined) return undefined
  const first = Math.max(1, line - 1)
  const last = Math.min(lines.length, line + 1)
  const width = String(last).length
  const before = Math.max(0, (column ?? 1) - LONGEST)
  const framed: string[] = []
  for (let at = first; at <= last; at++) {
    const shown = Array.from(lines[at - 1] ?? '')
      .slice(before, before + LONGEST)
      .join('')
    framed.push(`${at === line ? '>' : ' '} ${String(at).padStart(width)} | ${shown.replaceAll('\t', ' ')}`.trimEnd())
    if (at === line && column !== undefined) framed.push(`  ${' '.repeat(width)} | ${' '.repeat(column - 1 - before)}^`)
  }
  return framed.join('\n')
}

const LONGEST = 100
