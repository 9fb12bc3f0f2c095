/** The two directions that one file holds, each with the rest blanked: every line keeps its number. */
export interface Sections {
  readonly up: string
  readonly down?: string
  readonly transactional?: false
}

/** The lines of a text for which `keep` is true; the others are empty. */
export function linesOf(text: string, keep: (line: string, index: number) => boolean): string {
  return text
    .split('\n')
    .map((line, index) => (keep(line, index) ? line : ''))
    .join('\n')
    .trimEnd()
}

/** Cuts a text at the lines that match: what is behind `up`, and what is behind `down`, whichever comes first. */
export function cutAt(
  text: string,
  marks: { readonly up: RegExp; readonly down: RegExp },
): Omit<Sections, 'transactional'> {
  const sides: ('up' | 'down' | 'neither')[] = []
  let side: 'up' | 'down' | 'neither' = 'neither'
  for (const line of text.split('\n')) {
    if (marks.up.test(line)) side = 'up'
    else if (marks.down.test(line)) side = 'down'
    sides.push(side)
  }
  const up = linesOf(text, (_, index) => sides[index] === 'up')
  return sides.includes('down') ? { up, down: linesOf(text, (_, index) => sides[index] === 'down') } : { up }
}
