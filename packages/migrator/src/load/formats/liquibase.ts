import { sectioned } from './sectioned.ts'
import { linesOf, type Sections } from './sections.ts'

const HEADER = /^\uFEFF?\s*--\s*liquibase\s+formatted\s+sql/i
const CHANGESET = /^\s*--\s*changeset\s+(.*)/i
const ROLLBACK = /^--\s*rollback\s+(\S.*)/i
const BLOCK = /\/\*\s*liquibase\s+rollback\b/gi
/** A rollback that says that nothing has to be undone. */
const NOTHING = /^(?:empty|not required)\s*;?$/i

/** Liquibase's formatted SQL: changesets, each with its rollback in comments. One file is one migration. */
export const liquibase = sectioned({
  name: 'Liquibase formatted SQL',
  sections: liquibaseSections,
  downMark: '--rollback',
})

/** Rollbacks run from the last changeset to the first; a file with a changeset that has none has no down. */
export function liquibaseSections(text: string): Sections | undefined {
  if (!HEADER.test(text)) return undefined
  const changesets = changesetsOf(text.split('\n'))
  const outside = changesets.some(({ attributes }) => /\brunInTransaction\s*:\s*"?false/i.test(attributes))
  const reversible = changesets.length > 0 && changesets.every(({ rollbacks }) => rollbacks.length > 0)
  const down = changesets.toReversed().flatMap(({ rollbacks }) => rollbacks.filter((line) => !NOTHING.test(line)))
  return {
    up: linesOf(text, (line) => !/^\s*--\s*rollback\b/i.test(line)),
    ...(reversible ? { down: down.join('\n') } : {}),
    ...(outside ? { transactional: false } : {}),
  }
}

interface Changeset {
  readonly attributes: string
  readonly rollbacks: readonly string[]
}

function changesetsOf(lines: readonly string[]): readonly Changeset[] {
  const starts = lines.flatMap((line, index) => (CHANGESET.test(line) ? [index] : []))
  return starts.map((from, place) => {
    const own = lines.slice(from, starts[place + 1] ?? lines.length)
    const comments = own.flatMap((line) => ROLLBACK.exec(line.trim())?.[1] ?? [])
    const blocks = blocksOf(own.join('\n'))
    return { attributes: CHANGESET.exec(own[0] ?? '')?.[1] ?? '', rollbacks: [...comments, ...blocks] }
  })
}

/** The rollbacks in block comments; one that is not closed is none. */
function blocksOf(text: string): readonly string[] {
  const blocks: string[] = []
  const begins = new RegExp(BLOCK)
  while (begins.exec(text)) {
    const end = text.indexOf('*/', begins.lastIndex)
    if (end < 0) break
    blocks.push(text.slice(begins.lastIndex, end).trim())
    begins.lastIndex = end
  }
  return blocks
}
