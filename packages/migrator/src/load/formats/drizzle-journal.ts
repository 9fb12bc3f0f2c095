import type { FileProblem } from '../../core/file-problem.ts'
import type { Draft, Format, Listing, Recognised } from './format.ts'
import { singleFiles, stemOf } from './listing.ts'

const JOURNAL = 'meta/_journal.json'

/** One line of drizzle-kit's journal. `when` is what its history records as `created_at`. */
export interface JournalEntry {
  readonly tag: string
  readonly when: number
}

interface Journal {
  readonly dialect: string | undefined
  readonly entries: readonly JournalEntry[]
}

/** drizzle-kit 0.x: numbered files, of which meta/_journal.json says which are migrations, and in which order. */
export const drizzleJournal: Format = {
  name: 'drizzle-kit',
  matches: ({ folders, filesIn }) => folders.includes('meta') && filesIn('meta').includes('_journal.json'),
  read(listing) {
    const journal = readJournal(listing)
    if (!journal)
      return { drafts: [], problems: [problem(JOURNAL, 'is not a drizzle-kit journal; restore it from git')] }
    if (journal.dialect !== undefined && !/^(?:pg|postgres)/.test(journal.dialect)) {
      return { drafts: [], problems: [problem(JOURNAL, `is for ${journal.dialect}; this tool migrates PostgreSQL`)] }
    }
    return recognise(listing, journal.entries)
  },
}

/** The journal in its own order; undefined for a file that holds something else. */
export function readJournal({ text }: Pick<Listing, 'text'>): Journal | undefined {
  try {
    const journal = JSON.parse(text(JOURNAL) ?? '') as { dialect?: string; entries: readonly JournalEntry[] }
    const entries = journal.entries.map(({ tag, when }) => ({ tag, when }))
    if (!entries.every(({ tag, when }) => typeof tag === 'string' && typeof when === 'number')) return undefined
    return { dialect: journal.dialect, entries }
  } catch {
    // Neither JSON nor a list of entries: the caller names the file.
    return undefined
  }
}

function recognise(listing: Listing, entries: readonly JournalEntry[]): Recognised {
  const tags = new Set(entries.map(({ tag }) => tag))
  const strangers = singleFiles(listing).filter((name) => !tags.has(stemOf(name)))
  const names = new Set(listing.files)
  const isThere = ({ tag }: JournalEntry) => names.has(`${tag}.sql`)
  return {
    drafts: entries.filter(isThere).map(({ tag }) => draftOf(tag)),
    problems: entries
      .filter((entry) => !isThere(entry))
      .map(({ tag }) => problem(`${tag}.sql`, `is in ${JOURNAL}, but the file does not exist`)),
    warnings: strangers.map((path) => ({
      kind: 'not-in-journal',
      path,
      message: `${path} is not in ${JOURNAL}; drizzle-kit ignores it, and so does this tool`,
    })),
    ignored: strangers,
    journal: new Map(entries.map(({ tag, when }) => [tag, when])),
    isOrdered: true,
    duplicateNumbers: 'allowed',
  }
}

function draftOf(tag: string): Draft {
  return { id: tag, up: { path: `${tag}.sql` }, downBelongsIn: `${tag}.down.sql` }
}

function problem(path: string, why: string): FileProblem {
  return { kind: 'journal', path, message: `${path} ${why}.` }
}
