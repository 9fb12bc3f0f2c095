import { eastAsianWidth } from 'get-east-asian-width'
import pc from 'picocolors'

/** How a stream is written to: colours, or none; and how wide it is. */
export interface Style {
  readonly colours: ReturnType<typeof pc.createColors>
  /** Columns of the terminal; undefined where lines may be of any length. */
  readonly width: number | undefined
}

export function styleFor(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  wanted: 'colours' | 'plain' | 'by-stream',
): Style {
  const enabled = wanted === 'by-stream' ? stream.isTTY === true : wanted === 'colours'
  return { colours: pc.createColors(enabled), width: stream.isTTY ? stream.columns : undefined }
}

/** Milliseconds as a person reads them. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return ''
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`
  if (Math.round(ms / 100) < 600) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** ISO 8601 as a person reads it, to the second; the heading says that it is UTC. */
export function moment(iso: string): string {
  return iso.replace('T', ' ').replace(/\.\d+Z$/, '')
}

export interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

/** Aligned columns. Where the terminal is too narrow, columns are left out from the right; the first two always stay. */
export function table(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  { colours, width }: Style,
): string {
  const all = [header.map((text): Cell => ({ text, paint: colours.dim })), ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => widthOf(row[column]?.text ?? ''))))
  const shown = columnsThatFit(widths, width)
  return all.map((row) => line(row.slice(0, shown), widths)).join('\n')
}

function columnsThatFit(widths: readonly number[], width: number | undefined): number {
  if (width === undefined) return widths.length
  let used = 0
  const fits = widths.findIndex((column) => {
    used += column + 2
    return used - 2 > width
  })
  return fits < 0 ? widths.length : Math.max(2, fits)
}

function line(row: readonly Cell[], widths: readonly number[]): string {
  const cells = row.map(({ text, paint = (plain) => plain }, column) => {
    const last = column === row.length - 1
    return paint(text) + (last ? '' : ' '.repeat((widths[column] ?? 0) - widthOf(text) + 2))
  })
  return cells.join('').trimEnd()
}

/** A text in one line of at most so many columns. */
export function fitting(text: string, columns: number): string {
  const line = text.replace(/\s+/g, ' ')
  if (widthOf(line) <= columns) return line
  const chars = Array.from(line)
  while (chars.length > 0 && widthOf(chars.join('')) > columns - 1) chars.pop()
  return columns < 1 ? '' : `${chars.join('')}…`
}

/** Columns that a text takes: two for wide characters, none for combining marks. */
function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length
  return Array.from(text).reduce(
    (sum, char) => sum + (/\p{M}/u.test(char) ? 0 : eastAsianWidth(char.codePointAt(0) ?? 0)),
    0,
  )
}
