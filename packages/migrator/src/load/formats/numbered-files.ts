import { compareIds } from '../../core/migration.ts'
import type { Draft, Format, Listing } from './format.ts'
import { singleFiles, stemOf } from './listing.ts'

/** Atlas: numbered files beside `atlas.sum`. `-- atlas:txmode none` is its mark for a file outside a transaction. */
export const atlas: Format = {
  name: 'Atlas',
  matches: ({ files }) => files.includes('atlas.sum'),
  read: (listing) => ({
    drafts: singleFiles(listing).map((name) => ({
      ...draftOf(name),
      ...(/^[ \t]*--[ \t]*atlas:txmode[ \t]+none/m.test(listing.text(name) ?? '') ? { transactional: false } : {}),
    })),
  }),
}

/** Supabase: numbered files below `supabase/migrations`. */
export const supabase: Format = {
  name: 'Supabase',
  matches: (listing) => /\/supabase\/migrations\/?$/.test(listing.path) && singleFiles(listing).length > 0,
  read: (listing) => ({ drafts: singleFiles(listing).map(draftOf) }),
}

/**
 * Numbered files with nothing else to tell them by: sqlx without downs, and what people write by hand. New pairs may
 * follow them. A single file above a pair is a mistake in a folder of pairs, and is left to be refused.
 */
export const numberedFiles: Format = {
  name: 'numbered SQL files',
  matches: (listing) => beforePairs(listing).length > 0,
  read: (listing) => ({
    drafts: beforePairs(listing).map((name) => ({
      ...draftOf(name),
      ...(/^\s*--\s*no-transaction/.test(listing.text(name) ?? '') ? { transactional: false } : {}),
    })),
  }),
}

function beforePairs(listing: Listing): readonly string[] {
  const pairs = listing.files.flatMap((file) => /^(\d.*)\.up\.sql$/.exec(file)?.[1] ?? [])
  const first = pairs.toSorted(compareIds)[0]
  return singleFiles(listing).filter((name) => first === undefined || compareIds(stemOf(name), first) < 0)
}

function draftOf(name: string): Draft {
  return { id: stemOf(name), up: { path: name }, downBelongsIn: `${stemOf(name)}.down.sql` }
}
