import type { Line, Section } from './result.ts'

const HEADER = ['', 'median', 'min–max', 'ratio', 'target', ''] as const

/** A section for a terminal: aligned columns; those that are empty everywhere are left out. */
export function sectionText({ title, notes, lines }: Section): string {
  const table = [[...HEADER], ...lines.map(cells)]
  const widths = HEADER.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const rows = table.map((row) =>
    row
      .flatMap((cell, column) => (used(lines, column) ? [pad(cell, widths[column] ?? 0, column)] : []))
      .join('  ')
      .trimEnd(),
  )
  return [title, ...notes.map((note) => `  ${note}`), '', ...rows.map((row) => `  ${row}`)].join('\n')
}

/** The same as Markdown. */
export function sectionMarkdown({ title, notes, lines }: Section): string {
  const columns = HEADER.map((_, column) => column).filter((column) => used(lines, column))
  const line = (row: readonly string[]) => `| ${columns.map((column) => row[column] ?? '').join(' | ')} |`
  const rule = `| ${columns.map((column) => (isNumber(column) ? '---:' : '---')).join(' | ')} |`
  return [`## ${title}`, '', notes.join(' '), '', line(HEADER), rule, ...lines.map((each) => line(cells(each)))].join(
    '\n',
  )
}

function cells({ what, value, spread, ratio, target, verdict }: Line): readonly string[] {
  return [what, value, spread ?? '', ratio ?? '', target ?? '', verdict ?? '']
}

function used(lines: readonly Line[], column: number): boolean {
  return lines.some((line) => cells(line)[column] !== '')
}

function isNumber(column: number): boolean {
  return column >= 1 && column <= 3
}

function pad(text: string, width: number, column: number): string {
  return isNumber(column) ? text.padStart(width) : text.padEnd(width)
}
