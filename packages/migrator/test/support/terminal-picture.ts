/** What a terminal shows, as an SVG: readable on a light page and on a dark one, since it brings its own background. */
export function terminalPicture(command: string, output: string, alt: string): string {
  const lines = [`$ ${command}`, ...output.trimEnd().split('\n')]
  const columns = Math.max(...lines.map((line) => line.length))
  const width = Math.ceil(columns * COLUMN) + 2 * MARGIN
  const height = lines.length * LINE + 2 * MARGIN
  const rows = lines.map((line, index) => {
    const y = MARGIN + LINE * (index + 0.75)
    return `  <text x="${MARGIN}" y="${y}" fill="${colourOf(line)}" xml:space="preserve">${escaped(line)}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(alt)}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">`,
    `  <title>${escaped(alt)}</title>`,
    `  <rect width="${width}" height="${height}" rx="8" fill="#161b22"/>`,
    ...rows,
    '</svg>\n',
  ].join('\n')
}

const COLUMN = 7.85
const LINE = 19
const MARGIN = 16

function colourOf(line: string): string {
  if (line.startsWith('$')) return '#79c0ff'
  if (/\bbroken\b|✗/.test(line)) return '#ff7b72'
  if (/\bloss(?:less|y)\b/.test(line)) return '#7ee787'
  return '#e6edf3'
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
