import type { Format, Listing, Recognised } from './format.ts'
import { singleFiles, stemOf } from './listing.ts'
import type { Sections } from './sections.ts'

export interface Sectioned {
  readonly name: string
  /** The sections of one file; undefined for a text without this tool's marks. */
  readonly sections: (text: string) => Sections | undefined
  /** What a down is put behind. */
  readonly downMark: string
  readonly problems?: (listing: Listing) => Recognised['problems']
}

/** A format whose files hold both directions. A file without marks is an up. */
export function sectioned({ name, sections, downMark, problems }: Sectioned): Format {
  return {
    name,
    matches: (listing) => listing.files.some((file) => isSql(file) && sections(listing.text(file) ?? '') !== undefined),
    read: (listing) => ({
      drafts: filesOf(listing, sections).map((file) => {
        const found = sections(listing.text(file) ?? '')
        if (found === undefined)
          return { id: stemOf(file), up: { path: file }, downBelongsIn: `${stemOf(file)}.down.sql` }
        const { up, down, transactional } = found
        return {
          id: stemOf(file),
          up: { path: file, section: up },
          ...(down === undefined ? {} : { down: { path: file, section: down } }),
          ...(transactional === undefined ? {} : { transactional }),
          downBelongsIn: `${file}, behind "${downMark}"`,
        }
      }),
      problems: problems?.(listing) ?? [],
    }),
  }
}

/** Numbered files, and others that carry the marks. */
function filesOf(listing: Listing, sections: Sectioned['sections']): readonly string[] {
  const numbered = new Set(singleFiles(listing))
  return listing.files.filter(
    (file) => numbered.has(file) || (isSql(file) && sections(listing.text(file) ?? '') !== undefined),
  )
}

function isSql(file: string): boolean {
  return /(?<!\.(?:up|down|seed))\.sql$/.test(file)
}
