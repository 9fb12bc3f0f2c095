import type { KeptConflict, PutBackRows } from '../ports/kept-data.ts'

/** A row's key: `user_id=42`, `tenant=1, id=2`. */
export function keyText(key: KeptConflict['key']): string {
  return Object.entries(key)
    .map(([name, value]) => `${name}=${value ?? 'null'}`)
    .join(', ')
}

/** One line for each row that stayed in the archive, as far as rows are listed. */
export function conflictLines({ conflicts = [], left }: Pick<PutBackRows, 'conflicts' | 'left'>): readonly string[] {
  const lines = conflicts.slice(0, SHOWN).map(({ key, columns, kept, now }) => {
    const what = now === null ? 'no such row' : `now ${now}`
    return `  ${keyText(key)}${now === null ? '' : ` (${columns.join(', ')})`}: kept ${kept}, ${what}`
  })
  return left > lines.length && lines.length > 0 ? [...lines, `  and ${left - lines.length} more`] : lines
}

const SHOWN = 10
